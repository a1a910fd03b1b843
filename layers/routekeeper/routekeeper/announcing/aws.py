"""Announcements to an SNS topic and to EventBridge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, assert_never

from botocore.exceptions import BotoCoreError, ClientError

from routekeeper.announcing.messages import Message, of_engagement, of_restart, of_transition
from routekeeper.domain.brake import Engagement
from routekeeper.domain.errors import AnnouncementError
from routekeeper.domain.group_state import Channel, Transition
from routekeeper.domain.restart_event import RestartEvent
from routekeeper.telemetry import json_form

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sns import SNSClient

SOURCE: Final = "routekeeper"
SCHEMA_VERSION: Final = 1
"""Of the details of events: it grows when a field is taken away or comes to mean something else, not for new ones."""


@dataclass(frozen=True, slots=True)
class AwsAnnouncer:
    sns: SNSClient
    events: EventBridgeClient
    topic_arn: str
    deployment: str

    def transition(self, transition: Transition, channel: Channel) -> None:
        match channel:
            case Channel.TOPIC:
                self._to_topic(of_transition(transition, self.deployment))
            case Channel.EVENTS:
                speed = {
                    "detection_seconds": transition.detection_seconds,
                    "steering_seconds": transition.steering_seconds,
                }
                self._to_events("Route Transition", {**json_form.record(transition), **speed})
            case _:
                assert_never(channel)

    def brake(self, engagement: Engagement, channel: Channel) -> None:
        match channel:
            case Channel.TOPIC:
                self._to_topic(of_engagement(engagement, self.deployment))
            case Channel.EVENTS:
                self._to_events("Brake Engaged", json_form.record(engagement))
            case _:
                assert_never(channel)

    def restart(self, event: RestartEvent) -> None:
        """Tell both channels, the second also where the first refuses."""
        try:
            self._to_topic(of_restart(event, self.deployment))
        finally:
            self._to_events("Instance Restart", json_form.record(event))

    def _to_topic(self, message: Message) -> None:
        try:
            self.sns.publish(TopicArn=self.topic_arn, Subject=message.subject, Message=message.body)
        except (BotoCoreError, ClientError) as error:
            raise AnnouncementError(f"topic {self.topic_arn}: {error}") from error

    def _to_events(self, detail_type: str, detail: Mapping[str, object]) -> None:
        body = json_form.dumps({"schema_version": SCHEMA_VERSION, "deployment": self.deployment, **detail})
        try:
            answer = self.events.put_events(Entries=[{"Source": SOURCE, "DetailType": detail_type, "Detail": body}])
        except (BotoCoreError, ClientError) as error:
            raise AnnouncementError(f"event bus: {error}") from error
        if answer.get("FailedEntryCount"):
            raise AnnouncementError(f"event bus: {answer['Entries'][0].get('ErrorMessage')}")
