"""AWS's events as signals, and what is said where they are not what they should be."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from routekeeper.domain.errors import NoticeError
from routekeeper.domain.signals import Signal, SignalKind
from routekeeper.router.notices import is_notice, signals_of

EVENTS = Path(__file__).parents[3] / "events"
AT = 1_795_168_985.0  # 2026-11-20T10:03:05Z
BEGINS = AT - 185
LONG_BEFORE = "Thu, 19 Nov 2026 10:00:00 GMT"
INSTANCE = "i-0aaaaaaaaaaaaaaaa"
KINDS = ("state", "spot", "autoscaling", "maintenance")


def example(kind: str, **detail: Any) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"signal-{kind}.json").read_text())
    return {**event, "detail": {**event["detail"], **detail}}


def only(event: dict[str, Any]) -> Signal:
    [signal] = signals_of(event)
    return signal


@pytest.mark.parametrize("kind", KINDS)
def test_every_example_is_a_notice_about_its_instance(kind: str) -> None:
    assert is_notice(example(kind))
    signal = only(example(kind))
    assert (signal.resource, signal.kind, signal.withdrawn) == (INSTANCE, SignalKind(kind), False)


@pytest.mark.parametrize("name", ["tick", "stream-health", "operator-status"])
def test_what_else_wakes_a_function_is_no_notice(name: str) -> None:
    assert not is_notice(json.loads((EVENTS / f"{name}.json").read_text()))


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("state", f"EC2 says that {INSTANCE} is stopping (instance state-change notification, 10:03:05Z)"),
        ("spot", f"EC2 is about to terminate the spot instance {INSTANCE} (interruption warning, 10:03:05Z)"),
        ("autoscaling", f"Auto Scaling takes {INSTANCE} out of service (lifecycle action of nat, 10:03:05Z)"),
    ],
)
def test_who_said_what_and_when_is_kept_in_words(kind: str, words: str) -> None:
    event = example(kind)
    signal = only(event)
    assert (signal.words, signal.at, signal.source) == (words, AT, event["id"])


def test_maintenance_has_its_window_its_name_and_the_time_of_its_last_change() -> None:
    signal = only(example("maintenance"))
    assert signal.words == (
        f"AWS has planned maintenance of {INSTANCE} from 2026-11-20 10:00Z to 2026-11-20 12:00Z"
        " (AWS_EC2_SYSTEM_MAINTENANCE_EVENT)"
    )
    assert (signal.starts_at, signal.ends_at) == (BEGINS - 300, BEGINS + 7200)
    assert signal.name == "AWS_EC2_SYSTEM_MAINTENANCE_EVENT_4b2c1"
    assert signal.at == BEGINS - 3 * 86_400 - 7200


@pytest.mark.parametrize(
    "change",
    [{"statusCode": "closed"}, {"affectedEntities": [{"entityValue": INSTANCE, "status": "RESOLVED"}]}],
    ids=["closed", "entity resolved"],
)
def test_maintenance_that_is_closed_is_withdrawn(change: dict[str, Any]) -> None:
    assert only(example("maintenance", **change)).withdrawn


def test_what_becomes_of_one_entity_later_replaces_what_was_said_of_it() -> None:
    before = only(example("maintenance"))
    entity = {"entityValue": INSTANCE, "status": "RESOLVED", "lastUpdatedTime": "Thu, 19 Nov 2026 08:00:00 GMT"}
    after = only(example("maintenance", affectedEntities=[entity]))
    assert after.withdrawn
    assert after.order > before.order


def test_a_planned_lifecycle_event_takes_nothing_down() -> None:
    assert signals_of(example("maintenance", eventTypeCode="AWS_EC2_PLANNED_LIFECYCLE_EVENT")) == ()


def test_health_in_china_calls_itself_amazon() -> None:
    event = {**example("maintenance"), "detail-type": "Amazon Health Event"}
    assert is_notice(event)
    assert only(event).resource == INSTANCE


def test_one_health_event_speaks_of_all_its_entities() -> None:
    arn = "arn:aws:ec2:eu-central-1:123456789012:instance/i-0b"
    event = example("maintenance", affectedEntities=[{"entityValue": one} for one in (INSTANCE, arn, "vol-1")])
    assert [signal.resource for signal in signals_of(event)] == [INSTANCE, "i-0b", "vol-1"]


@pytest.mark.parametrize("changed", [None, "", "today"])
def test_an_entity_that_does_not_say_when_it_was_changed_is_as_old_as_its_event(changed: object) -> None:
    signal = only(example("maintenance", affectedEntities=[{"entityValue": INSTANCE, "lastUpdatedTime": changed}]))
    assert signal.at == only(example("maintenance")).at


@pytest.mark.parametrize("other", [{}, {"entityValue": ""}, {"entityValue": 7}, 7])
def test_an_entity_that_cannot_be_read_takes_none_of_the_others_with_it(other: object) -> None:
    event = example("maintenance", affectedEntities=[other, {"entityValue": INSTANCE}])
    assert [signal.resource for signal in signals_of(event)] == [INSTANCE]


def test_what_is_closed_is_withdrawn_whether_or_not_it_says_when_it_would_have_begun() -> None:
    event = example("maintenance", statusCode="closed")
    del event["detail"]["startTime"]
    assert only(event).withdrawn


def test_the_id_is_for_people_and_nothing_depends_on_it() -> None:
    event = example("state", state="stopping")
    del event["id"]
    assert only(event).source == ""


@pytest.mark.parametrize("event", [{"source": ["aws.ec2"]}, {"source": "aws.ec2", "detail-type": {}}, {}])
def test_what_is_no_notice_is_none_whatever_it_holds(event: dict[str, Any]) -> None:
    assert not is_notice(event)


def test_a_health_event_about_nothing_says_nothing() -> None:
    event = {**example("maintenance"), "resources": []}
    del event["detail"]["affectedEntities"]
    assert signals_of(event) == ()


@pytest.mark.parametrize("entities", [None, [], "i-1", [{"entityValue": "123456789012"}], [7]])
def test_an_instance_that_is_named_among_the_resources_only_counts(entities: object) -> None:
    event = example("maintenance", affectedEntities=entities)
    signal = next(signal for signal in signals_of(event) if signal.resource == INSTANCE)
    assert (signal.starts_at, signal.ends_at, signal.withdrawn) == (BEGINS - 300, BEGINS + 7200, False)


def test_the_example_without_an_end_and_without_entities_speaks_of_its_resource_for_four_hours() -> None:
    signal = only(example("maintenance-open-end"))
    assert (signal.resource, signal.starts_at, signal.ends_at) == (INSTANCE, BEGINS - 300, BEGINS + 4 * 3600)


def test_resources_are_named_by_their_ids_or_their_arns_and_what_is_neither_is_passed_over() -> None:
    arn = "arn:aws:ec2:eu-central-1:123456789012:instance/i-0b"
    event = {**example("maintenance", affectedEntities=[]), "resources": [INSTANCE, 7, arn, "", None, INSTANCE]}
    assert [signal.resource for signal in signals_of(event)] == [INSTANCE, "i-0b"]


@pytest.mark.parametrize("resources", [None, {}, "i-0b"])
def test_resources_that_are_no_list_take_nothing_from_the_entities(resources: object) -> None:
    assert only({**example("maintenance"), "resources": resources}).resource == INSTANCE


def test_what_is_said_of_an_entity_counts_even_where_it_is_a_resource_too() -> None:
    arn = f"arn:aws:ec2:eu-central-1:123456789012:instance/{INSTANCE}"
    event = example("maintenance", affectedEntities=[{"entityValue": INSTANCE, "status": "RESOLVED"}])
    assert only({**event, "resources": [arn]}).withdrawn


def test_a_closed_event_withdraws_what_it_names_among_its_resources_only() -> None:
    assert only(example("maintenance", affectedEntities=[], statusCode="closed")).withdrawn


@pytest.mark.parametrize(
    "end", [None, "", " ", "soon", 7, "Fri, 31 Dec 9999 23:59:59 GMT", "Fri, 20 Nov 2026 10:00:00 GMT", LONG_BEFORE]
)
def test_a_start_counts_whatever_the_end_is_and_four_hours_are_assumed(end: object) -> None:
    signal = only(example("maintenance", endTime=end))
    assert (signal.starts_at, signal.ends_at) == (BEGINS - 300, BEGINS + 4 * 3600)


def test_an_end_that_is_empty_is_nothing_to_log_and_one_that_cannot_be_read_is(
    caplog: pytest.LogCaptureFixture,
) -> None:
    signals_of(example("maintenance", endTime=""))
    assert caplog.records == []
    signals_of(example("maintenance", endTime="soon"))
    [record] = caplog.records
    assert "endTime is 'soon', expected a time such as" in record.__dict__["error"]


@pytest.mark.parametrize("changed", [None, "", "today"])
def test_an_event_that_does_not_say_when_it_was_changed_is_as_old_as_its_sending(changed: object) -> None:
    event = example("maintenance", lastUpdatedTime=changed, affectedEntities=[])
    assert only(event).at == 1_794_902_402.0  # 2026-11-17T08:00:02Z


@pytest.mark.parametrize("start", [None, "", "2026-11-20"])
def test_a_closed_event_needs_no_start(start: object) -> None:
    assert only(example("maintenance", statusCode="closed", startTime=start)).withdrawn


def test_running_withdraws_what_was_said_of_the_state() -> None:
    assert only(example("state", state="running")).withdrawn


@pytest.mark.parametrize(
    ("kind", "field", "value", "problem"),
    [
        ("state", "detail.state", "sleeping", "state is 'sleeping', expected one of running, stopping"),
        ("state", "detail.instance-id", None, "instance-id is None, expected a text"),
        ("state", "detail", "x", "detail is 'x', expected an object"),
        ("state", "time", "yesterday", "time is 'yesterday', expected a time with its zone"),
        ("state", "time", "2026-11-20T10:03:05", "time is '2026-11-20T10:03:05', expected a time with its zone"),
        ("spot", "detail.instance-action", "paint", "instance-action is 'paint', expected one of hibernate, stop"),
        ("autoscaling", "detail.EC2InstanceId", 7, "EC2InstanceId is 7, expected a text"),
        ("maintenance", "detail.startTime", "2026-11-20", "startTime is '2026-11-20', expected a time such as"),
        ("maintenance", "detail.startTime", "", "startTime is '', expected a text"),
        ("state", "time", "0001-01-01T00:00:00+23:00", "time is '0001-01-01T00:00:00+23:00', expected a time with"),
    ],
)
def test_an_event_that_is_not_as_it_should_be_is_told_with_its_place(
    kind: str, field: str, value: object, problem: str
) -> None:
    event = copy.deepcopy(example(kind))
    *way, last = field.split(".")
    held = event
    for step in way:
        held = held[step]
    held[last] = value
    with pytest.raises(NoticeError) as caught:
        signals_of(event)
    assert str(caught.value).startswith(f"event {event['id']} ({event['detail-type']}): ")
    assert problem in str(caught.value)
