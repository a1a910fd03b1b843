"""Announcements to an SNS topic and to EventBridge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, assert_never

from botocore.exceptions import BotoCoreError, ClientError

from routekeeper.announcing import details, messages
from routekeeper.domain.brake import Engagement
from routekeeper.domain.errors import AnnouncementError
from routekeeper.domain.group_state import Channel, Transition
from routekeeper.domain.restart_event import RestartEvent

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef
    from mypy_boto3_sns import SNSClient

SOURCE: Final = "routekeeper"


@dataclass(frozen=True, slots=True)
class AwsAnnouncer:
    sns: SNSClient
    events: EventBridgeClient
    topic_arn: str
    deployment: str

    def transition(self, transition: Transition, channel: Channel) -> None:
        match channel:
            case Channel.TOPIC:
                self._to_topic(messages.of_transition(transition, self.deployment))
            case Channel.EVENTS:
                self._to_events(details.of_transition(transition, self.deployment))
            case _:
                assert_never(channel)

    def brake(self, engagement: Engagement, channel: Channel) -> None:
        match channel:
            case Channel.TOPIC:
                self._to_topic(messages.of_engagement(engagement, self.deployment))
            case Channel.EVENTS:
                self._to_events(details.of_engagement(engagement, self.deployment))
            case _:
                assert_never(channel)

    def restart(self, event: RestartEvent) -> None:
        """Tell both channels, the second even if the first refuses. The error names each that did."""
        refusals = []
        try:
            self._to_topic(messages.of_restart(event, self.deployment))
        except AnnouncementError as error:
            refusals.append(error)
        try:
            self._to_events(details.of_restart(event, self.deployment))
        except AnnouncementError as error:
            refusals.append(error)
        if refusals:
            raise AnnouncementError("; ".join(map(str, refusals))) from refusals[0]

    def _to_topic(self, message: messages.Message) -> None:
        try:
            self.sns.publish(TopicArn=self.topic_arn, Subject=message.subject, Message=message.body)
        except (BotoCoreError, ClientError) as error:
            raise AnnouncementError(f"topic {self.topic_arn}: {error}") from error

    def _to_events(self, event: details.Event) -> None:
        entry: PutEventsRequestEntryTypeDef = {
            "Source": SOURCE,
            "DetailType": event.detail_type,
            "Detail": event.detail,
        }
        try:
            answer = self.events.put_events(Entries=[entry])
        except (BotoCoreError, ClientError) as error:
            raise AnnouncementError(f"event bus: {error}") from error
        if answer.get("FailedEntryCount"):
            refused = answer["Entries"][0]
            raise AnnouncementError(f"event bus: {refused.get('ErrorCode')}: {refused.get('ErrorMessage')}")
