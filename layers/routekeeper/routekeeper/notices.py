"""AWS's own events on the default event bus, read as signals.

Shapes: "State change events for Amazon EC2 instances" and "Spot Instance interruption notices" (Amazon EC2 user
guide), "Amazon EC2 Auto Scaling event reference" (scale-in lifecycle action), "AWS Health events Amazon EventBridge
schema" (AWS Health user guide). Only AWS can put events of a source that begins with `aws.` (PutEvents refuses others).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from routekeeper.domain import signals
from routekeeper.domain.errors import NoticeError
from routekeeper.domain.signals import Signal

SPOT_ACTIONS: Final = ("hibernate", "stop", "terminate")
_HEALTH_TIME: Final = "%a, %d %b %Y %H:%M:%S GMT"  # `Wed, 16 Aug 2023 23:18:52 GMT`
_LIFECYCLE: Final = "_PLANNED_LIFECYCLE_EVENT"
"""How the type of a Health event ends that only says until when something has to be done, by people."""
_CALLED_OFF: Final = "closed"
"""A Health event's status, beside `open` and `upcoming`."""
_DONE: Final = "RESOLVED"
"""An affected entity's status that says that nothing more will befall it."""


def is_notice(event: Mapping[str, Any]) -> bool:
    """Whether the event is one of those that are read here; a tick and the table's stream are not."""
    return (event.get("source"), event.get("detail-type")) in _READERS


def signals_of(event: Mapping[str, Any]) -> tuple[Signal, ...]:
    """What the event says: of one instance or, in the case of Health, of any number.

    Raises:
        NoticeError: something is missing or not what it should be; the message names the event, the field, what
            was found and what is expected.
    """
    fields = _Fields(event, f"event {event.get('id')} ({event.get('detail-type')})")
    return tuple(_READERS[event.get("source"), event.get("detail-type")](fields, fields.map("detail")))


class _Fields:
    """A JSON object whose fields are read one by one."""

    def __init__(self, held: Mapping[str, Any], where: str) -> None:
        self.held = held
        self.where = where

    def text(self, name: str, allowed: Iterable[str] = ()) -> str:
        found = self.held.get(name)
        known = tuple(allowed)
        if not isinstance(found, str) or not found or (known and found not in known):
            raise self.unfit(name, f"one of {', '.join(known)}" if known else "a text")
        return found

    def map(self, name: str) -> _Fields:
        found = self.held.get(name)
        if not isinstance(found, Mapping):
            raise self.unfit(name, "an object")
        return _Fields(found, f"{self.where}: {name}")

    def maps(self, name: str) -> list[_Fields]:
        """The objects of a list; none where the field is missing."""
        found = self.held.get(name, [])
        if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
            raise self.unfit(name, "a list of objects")
        return [_Fields(one, f"{self.where}: {name}.{place}") for place, one in enumerate(found)]

    def time(self, name: str) -> float:
        """`2021-11-11T21:29:54Z`, in epoch seconds."""
        return self._time(name, datetime.fromisoformat, "a time with its zone such as 2026-01-31T18:00:00Z")

    def health_time(self, name: str) -> float:
        """`Wed, 16 Aug 2023 23:18:52 GMT`, in epoch seconds."""
        return self._time(name, _health_time, "a time such as Sat, 31 Jan 2026 18:00:00 GMT")

    def _time(self, name: str, read: Callable[[str], datetime], expected: str) -> float:
        try:
            moment = read(self.text(name))
        except ValueError as error:
            raise self.unfit(name, expected) from error
        if moment.tzinfo is None:
            raise self.unfit(name, expected)
        return moment.timestamp()

    def unfit(self, name: str, expected: str) -> NoticeError:
        return NoticeError(f"{self.where}: {name} is {self.held.get(name)!r}, expected {expected}")


def _health_time(text: str) -> datetime:
    return datetime.strptime(text.replace(" UTC", " GMT"), _HEALTH_TIME).replace(tzinfo=UTC)


def _state(event: _Fields, detail: _Fields) -> Iterator[Signal]:
    state = detail.text("state", signals.STATES)
    yield signals.state_change(detail.text("instance-id"), state, event.time("time"), event.text("id"))


def _spot(event: _Fields, detail: _Fields) -> Iterator[Signal]:
    action = detail.text("instance-action", SPOT_ACTIONS)
    yield signals.spot_warning(detail.text("instance-id"), action, event.time("time"), event.text("id"))


def _autoscaling(event: _Fields, detail: _Fields) -> Iterator[Signal]:
    instance, group = detail.text("EC2InstanceId"), detail.text("AutoScalingGroupName")
    yield signals.lifecycle_action(instance, group, event.time("time"), event.text("id"))


def _health(event: _Fields, detail: _Fields) -> Iterator[Signal]:
    """One signal an affected instance. Other entities, and an event that names none, are about nothing here."""
    name = detail.text("eventArn").rpartition("/")[2]
    what = detail.text("eventTypeCode")
    if what.endswith(_LIFECYCLE):
        return  # nothing is taken down at a time: weeks in which the instance works as ever
    # Two messages about one event are told apart by when Health has changed it, not by when each was sent.
    at = detail.health_time("lastUpdatedTime") if "lastUpdatedTime" in detail.held else event.time("time")
    begins = detail.health_time("startTime")
    ends = detail.health_time("endTime") if detail.held.get("endTime") is not None else None
    called_off = detail.held.get("statusCode") == _CALLED_OFF
    for entity in detail.maps("affectedEntities"):
        instance = entity.text("entityValue").rpartition("/")[2]
        # What becomes of one entity is dated by itself.
        changed = entity.health_time("lastUpdatedTime") if "lastUpdatedTime" in entity.held else at
        signal = signals.maintenance(instance, name, what, max(at, changed), (begins, ends))
        over = called_off or entity.held.get("status") == _DONE
        yield signals.withdrawn(signal) if over else signal


_READERS: Final[Mapping[tuple[Any, Any], Callable[[_Fields, _Fields], Iterable[Signal]]]] = {
    ("aws.ec2", "EC2 Instance State-change Notification"): _state,
    ("aws.ec2", "EC2 Spot Instance Interruption Warning"): _spot,
    ("aws.autoscaling", "EC2 Instance-terminate Lifecycle Action"): _autoscaling,
    ("aws.health", "AWS Health Event"): _health,
    ("aws.health", "Amazon Health Event"): _health,  # as AWS in China documents it
}
"""By source and detail-type, as the template's rules have them."""
