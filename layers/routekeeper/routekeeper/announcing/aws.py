"""Announcements to an SNS topic and to EventBridge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from routekeeper import json_form
from routekeeper.announcing.messages import Message, of_restart, of_transition
from routekeeper.domain.errors import AnnouncementError
from routekeeper.domain.restart_event import RestartEvent
from routekeeper.domain.routing import Transition

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sns import SNSClient

SOURCE: Final = "routekeeper"


@dataclass(frozen=True, slots=True)
class AwsAnnouncer:
    sns: SNSClient
    events: EventBridgeClient
    topic_arn: str
    deployment: str

    def transition(self, transition: Transition) -> None:
        detail = {
            **asdict(transition),
            "detection_seconds": transition.detection_seconds,
            "steering_seconds": transition.steering_seconds,
        }
        self._tell(of_transition(transition, self.deployment), "Route Transition", detail)

    def restart(self, event: RestartEvent) -> None:
        self._tell(of_restart(event, self.deployment), "Instance Restart", asdict(event))

    def _tell(self, message: Message, detail_type: str, detail: Mapping[str, object]) -> None:
        """Tell the topic, then the bus. Where either refuses, the next pass tells both again."""
        body = json_form.dumps({"deployment": self.deployment, **detail})
        try:
            self.sns.publish(TopicArn=self.topic_arn, Subject=message.subject, Message=message.body)
        except (BotoCoreError, ClientError) as error:
            raise AnnouncementError(f"topic {self.topic_arn}: {error}") from error
        try:
            answer = self.events.put_events(Entries=[{"Source": SOURCE, "DetailType": detail_type, "Detail": body}])
        except (BotoCoreError, ClientError) as error:
            raise AnnouncementError(f"event bus: {error}") from error
        if answer.get("FailedEntryCount"):
            raise AnnouncementError(f"event bus: {answer['Entries'][0].get('ErrorMessage')}")
