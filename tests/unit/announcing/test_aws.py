"""Topic and bus: what they are handed, and what is said if they refuse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError

from routekeeper.announcing import Announcer
from routekeeper.announcing.aws import AwsAnnouncer
from routekeeper.announcing.late import LateAnnouncer
from routekeeper.domain.errors import AnnouncementError
from routekeeper.domain.group_state import Channel
from tests.unit.announcing.news import BEGUN, DEPLOYMENT, ENGAGEMENT, FAILOVER

TOPIC = "arn:aws:sns:eu-central-1:123456789012:news"
DENIED = ClientError({"Error": {"Code": "AuthorizationError", "Message": "no permission"}}, "Publish")
SILENT = ConnectTimeoutError(endpoint_url="https://sns.eu-central-1.amazonaws.com/")


@dataclass(slots=True)
class Topic:
    messages: list[dict[str, str]] = field(default_factory=list)
    failing: BotoCoreError | ClientError | None = None

    def publish(self, **message: str) -> None:
        if self.failing is not None:
            raise self.failing
        self.messages.append(message)


@dataclass(slots=True)
class Bus:
    entries: list[dict[str, str]] = field(default_factory=list)
    failing: BotoCoreError | ClientError | None = None
    refusing: bool = False
    """Whether the call succeeds and the entry does not."""

    def put_events(self, *, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803  # boto3's name
        if self.failing is not None:
            raise self.failing
        if self.refusing:
            refused = {"ErrorCode": "InternalFailure", "ErrorMessage": "try again"}
            return {"FailedEntryCount": 1, "Entries": [refused]}
        self.entries += Entries
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}


@dataclass(slots=True)
class People:
    topic: Topic = field(default_factory=Topic)
    bus: Bus = field(default_factory=Bus)

    def announcer(self) -> Announcer:
        """As functions have it: late, over topic and bus."""
        topic: Any = self.topic
        bus: Any = self.bus
        return LateAnnouncer(lambda: AwsAnnouncer(topic, bus, TOPIC, DEPLOYMENT))


Tell = Callable[[Announcer, Channel], None]
NEWS: dict[str, Tell] = {
    "transition": lambda announcer, channel: announcer.transition(FAILOVER, channel),
    "brake": lambda announcer, channel: announcer.brake(ENGAGEMENT, channel),
}
TELL = pytest.mark.parametrize("tell", NEWS.values(), ids=NEWS)
FAILING = pytest.mark.parametrize(
    ("failing", "words"), [(DENIED, "no permission"), (SILENT, "Connect timeout")], ids=["refused", "silent"]
)


@TELL
def test_each_channel_is_told_alone(tell: Tell) -> None:
    people = People()
    tell(people.announcer(), Channel.TOPIC)
    assert (len(people.topic.messages), len(people.bus.entries)) == (1, 0)
    tell(people.announcer(), Channel.EVENTS)
    assert (len(people.topic.messages), len(people.bus.entries)) == (1, 1)


def test_a_restart_is_told_on_both_channels() -> None:
    people = People()
    people.announcer().restart(BEGUN)
    [message], [entry] = people.topic.messages, people.bus.entries
    assert (message["TopicArn"], message["Subject"]) == (
        TOPIC,
        "[routekeeper-prod] restart begun: nat-a (i-0aaaaaaaa)",
    )
    assert (entry["Source"], entry["DetailType"]) == ("routekeeper", "Instance Restart")


@TELL
@FAILING
def test_a_topic_that_fails_is_named(tell: Tell, failing: ClientError, words: str) -> None:
    people = People(topic=Topic(failing=failing))
    with pytest.raises(AnnouncementError, match=f"^topic {TOPIC}: .*{words}"):
        tell(people.announcer(), Channel.TOPIC)


@TELL
@FAILING
def test_a_bus_that_fails_is_named(tell: Tell, failing: ClientError, words: str) -> None:
    people = People(bus=Bus(failing=failing))
    with pytest.raises(AnnouncementError, match=f"^event bus: .*{words}"):
        tell(people.announcer(), Channel.EVENTS)


@TELL
def test_an_entry_that_the_bus_refuses_is_an_error_although_the_call_succeeds(
    tell: Tell,
) -> None:
    people = People(bus=Bus(refusing=True))
    with pytest.raises(AnnouncementError, match=r"^event bus: InternalFailure: try again$"):
        tell(people.announcer(), Channel.EVENTS)


def test_a_restart_is_told_to_the_bus_also_where_the_topic_refuses() -> None:
    people = People(topic=Topic(failing=DENIED))
    with pytest.raises(AnnouncementError, match=f"^topic {TOPIC}: .*no permission$"):
        people.announcer().restart(BEGUN)
    assert len(people.bus.entries) == 1


def test_a_restart_is_told_to_the_topic_also_where_the_bus_refuses() -> None:
    people = People(bus=Bus(refusing=True))
    with pytest.raises(AnnouncementError, match=r"^event bus: InternalFailure: try again$"):
        people.announcer().restart(BEGUN)
    assert len(people.topic.messages) == 1


def test_a_restart_that_neither_channel_takes_names_both() -> None:
    people = People(topic=Topic(failing=DENIED), bus=Bus(refusing=True))
    with pytest.raises(AnnouncementError, match=f"^topic {TOPIC}: .*no permission; event bus: InternalFailure") as told:
        people.announcer().restart(BEGUN)
    assert isinstance(told.value.__cause__, AnnouncementError)
