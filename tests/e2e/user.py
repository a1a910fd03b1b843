"""What a user of the deployment sees and does, in the words of the stories."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from lab.cloud import user_view
from lab.cloud.user_view import Message, wait_for
from lab.laboratory import Laboratory
from lab.network.record import Blackout, Packet, blackouts

BLACKOUT_LIMIT_SECONDS = 4.0
Event = dict[str, Any]


def history(lab: Laboratory, group: str, *kinds: str) -> list[Event]:
    """A group's transitions, oldest first; only those of the kinds, where kinds are given."""
    events = reversed(lab.ask(action="history", group=group, limit=50)["events"])
    return [event for event in events if not kinds or event["kind"] in kinds]


def status(lab: Laboratory, group: str) -> dict[str, Any]:
    answer: dict[str, Any] = lab.ask(action="status", group=group)["groups"][group]
    return answer


def ask(lab: Laboratory, action: str, group: str, **payload: Any) -> dict[str, Any]:
    """A changing request of the operator function, as somebody with a reason."""
    answer: dict[str, Any] = lab.ask(action=action, group=group, by="mia", reason="a story is told", **payload)
    return answer


def run_router(lab: Laboratory) -> None:
    """Run the router's pass now, instead of waiting for the minute."""
    user_view.start(lab.aws, lab.function("router"))


def reference(lab: Laboratory, prefix_list: str) -> str | None:
    """The attachment that the prefix list's reference points at; None where there is no reference."""
    answer = lab.aws.client("ec2").get_transit_gateway_prefix_list_references(
        TransitGatewayRouteTableId=lab.world.transit_gateway_route_table
    )
    for found in answer["TransitGatewayPrefixListReferences"]:
        if found["PrefixListId"] == lab.world.prefix_lists[prefix_list]:
            return str(found["TransitGatewayAttachment"]["TransitGatewayAttachmentId"])
    return None


def default_route(lab: Laboratory, table: str) -> str:
    """The name of the instance that a route table sends 0.0.0.0/0 to."""
    (described,) = lab.aws.client("ec2").describe_route_tables(RouteTableIds=[table])["RouteTables"]
    (route,) = (r for r in described["Routes"] if r.get("DestinationCidrBlock") == "0.0.0.0/0")
    return next(name for name, instance in lab.world.instances.items() if instance == route["InstanceId"])


def alarm(lab: Laboratory, name: str) -> str:
    """OK, ALARM or INSUFFICIENT_DATA."""
    return user_view.alarm_states(lab.aws, lab.deployment.stack)[f"{lab.deployment.stack}-{name}"]


def await_alarm(lab: Laboratory, name: str, timeout_seconds: float = 30) -> None:
    """Wait until the alarm is in state ALARM and the message about it has arrived."""
    wait_for(lambda: alarm(lab, name) == "ALARM", timeout_seconds, f"alarm {name}")
    wait_for(lambda: alarm_messages(lab, name), timeout_seconds, f"message of alarm {name}")


def alarm_messages(lab: Laboratory, name: str) -> list[Event]:
    told = (message.alarm for message in lab.inbox.messages())
    wanted = f"{lab.deployment.stack}-{name}"
    return [a for a in told if a is not None and a["AlarmName"] == wanted and a["NewStateValue"] == "ALARM"]


def told_of(lab: Laboratory, event: Event) -> list[Message]:
    """The readable messages about one event of the history."""
    return [message for message in lab.inbox.messages() if f"Event {event['id']} of" in message.text]


def published(lab: Laboratory, event: Event) -> list[Event]:
    """The EventBridge events about one event of the history."""
    return [e for e in lab.inbox.events() if e["detail"]["id"] == event["id"]]


def metric(lab: Laboratory, name: str, *, since: float = 0.0, **dimensions: str) -> list[float]:
    """A metric of the deployment: the maximum of each of its minutes so far, or since a time in epoch seconds."""
    now = datetime.now(UTC)
    start = datetime.fromtimestamp(max(since, now.timestamp() - 3600), UTC)
    named = {"deployment": lab.deployment.stack, **dimensions}
    answer = lab.aws.client("cloudwatch").get_metric_statistics(
        Namespace="routekeeper",
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in named.items()],
        StartTime=start,
        EndTime=now + timedelta(minutes=1),
        Period=60,
        Statistics=["Maximum"],
    )
    return [point["Maximum"] for point in answer["Datapoints"]]


def await_event(lab: Laboratory, group: str, kind: str, *, count: int = 1, timeout_seconds: float = 60) -> Event:
    """Wait until the group's history holds that many transitions of the kind; the newest."""

    def look() -> list[Event]:
        found = history(lab, group, kind)
        return found if len(found) >= count else []

    return wait_for(look, timeout_seconds, f"{kind} number {count} of {group}")[-1]


def await_failback(lab: Laboratory, group: str, *, count: int = 1, timeout_seconds: float) -> Event:
    """Wait for a failback as `await_event` does, and run the pass as soon as it is due, not with the next minute."""

    def is_due() -> bool:
        due = status(lab, group)["next"].get("failback_at")
        return due is not None and moment(due) <= time.time()

    wait_for(lambda: len(history(lab, group, "failback")) >= count or is_due(), timeout_seconds, f"{group} may go back")
    run_router(lab)
    return await_event(lab, group, "failback", count=count, timeout_seconds=10)


def holds_for(look: Callable[[], bool], what: str, seconds: float) -> None:
    """Fail as soon as something ceases to hold within so many seconds."""
    try:
        wait_for(lambda: not look(), seconds, what)
    except TimeoutError:
        return
    raise AssertionError(f"{what}: no longer so")


def blackout_of(packets: tuple[Packet, ...], fault_at: float) -> Blackout:
    """The time without answers that a fault made; short returns within it count as part of it."""
    found = [one for one in blackouts(packets, bridge_seconds=0.5) if one.end >= fault_at]
    assert found, "no packet was lost"
    return found[0]


def moment(text: str) -> float:
    """Epoch seconds of a time in an answer."""
    return datetime.fromisoformat(text).timestamp()
