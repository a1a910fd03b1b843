"""AWS's own events on the default event bus, read as signals.

Shapes: "State change events for Amazon EC2 instances" and "Spot Instance interruption notices" (Amazon EC2 user
guide), "Amazon EC2 Auto Scaling event reference" (scale-in lifecycle action), "AWS Health events Amazon EventBridge
schema" (AWS Health user guide). Only AWS can put events of a source that begins with `aws.` (PutEvents refuses others).

Why: docs/decisions/signals.md
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from routekeeper.domain import signals
from routekeeper.domain.errors import NoticeError
from routekeeper.domain.signals import Signal

LOG = logging.getLogger("routekeeper.router")

SPOT_ACTIONS: Final = ("hibernate", "stop", "terminate")
_HEALTH_TIME: Final = "%a, %d %b %Y %H:%M:%S GMT"  # `Wed, 16 Aug 2023 23:18:52 GMT`
_YEARS: Final = range(2000, 2099)
"""Beyond them, times are not stored (`domain.bounds`)."""
_LIFECYCLE: Final = "_PLANNED_LIFECYCLE_EVENT"
"""How the type of a Health event ends if it only says until when people have to do something."""
_CALLED_OFF: Final = "closed"
"""A Health event's status, beside `open` and `upcoming`."""
_DONE: Final = "RESOLVED"
"""An affected entity's status if nothing more will happen to it."""


def is_notice(event: Mapping[str, Any]) -> bool:
    """Whether the event is one of those that are read here; a tick and the table's stream are not."""
    return _reader(event) is not None


def signals_of(event: Mapping[str, Any]) -> tuple[Signal, ...]:
    """What the event says of one instance or, if it is one of Health's, of any number.

    Raises:
        NoticeError: something is missing or not what it should be; the message names the event, the field, what
            was found and what is expected.
    """
    fields, read = _Fields(event, f"event {event.get('id')} ({event.get('detail-type')})"), _reader(event)
    if read is None:
        raise fields.unfit("detail-type", "one that is read here")
    return tuple(read(fields, fields.map("detail")))


def _reader(event: Mapping[str, Any]) -> _Reader | None:
    """The reader of such an event, by source and detail-type, as in the template's rules."""
    kind = event.get("source"), event.get("detail-type")
    return next((read for known, read in _READERS if known == kind), None)


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

    def listed(self, name: str) -> list[Any]:
        """What a list holds; nothing if the field is missing, or if it is no list, which is logged."""
        found = self.held.get(name)
        if isinstance(found, list):
            return found
        if found is not None:
            _let_go(self.unfit(name, "a list"))
        return []

    def time(self, name: str) -> float:
        """`2021-11-11T21:29:54Z`, in epoch seconds."""
        return self._time(name, datetime.fromisoformat, "a time with its zone such as 2026-01-31T18:00:00Z")

    def health_time(self, name: str) -> float:
        """`Wed, 16 Aug 2023 23:18:52 GMT`, in epoch seconds."""
        return self._time(name, _health_time, "a time such as Sat, 31 Jan 2026 18:00:00 GMT")

    def told_health_time(self, name: str) -> float | None:
        """The same; None if the field is missing or empty, or if it cannot be read, which is logged."""
        if self.held.get(name) is None or not str(self.held[name]).strip():
            return None
        try:
            return self.health_time(name)
        except NoticeError as error:
            _let_go(error)
            return None

    def _time(self, name: str, read: Callable[[str], datetime], expected: str) -> float:
        try:
            moment = read(self.text(name))
        except ValueError as error:
            raise self.unfit(name, expected) from error
        if moment.tzinfo is None or moment.year not in _YEARS:
            raise self.unfit(name, expected)
        return moment.timestamp()

    @property
    def source(self) -> str:
        """The event's ID, by which people can find it. Nothing depends on it."""
        return str(self.held.get("id") or "")

    def unfit(self, name: str, expected: str) -> NoticeError:
        return NoticeError(f"{self.where}: {name} is {self.held.get(name)!r}, expected {expected}")


def _health_time(text: str) -> datetime:
    return datetime.strptime(text.replace(" UTC", " GMT"), _HEALTH_TIME).replace(tzinfo=UTC)


def _state(event: _Fields, detail: _Fields) -> Iterator[Signal]:
    state = detail.text("state", signals.STATES)
    yield signals.state_change(detail.text("instance-id"), state, event.time("time"), event.source)


def _spot(event: _Fields, detail: _Fields) -> Iterator[Signal]:
    action = detail.text("instance-action", SPOT_ACTIONS)
    yield signals.spot_warning(detail.text("instance-id"), action, event.time("time"), event.source)


def _autoscaling(event: _Fields, detail: _Fields) -> Iterator[Signal]:
    instance, group = detail.text("EC2InstanceId"), detail.text("AutoScalingGroupName")
    yield signals.lifecycle_action(instance, group, event.time("time"), event.source)


def _health(event: _Fields, detail: _Fields) -> Iterator[Signal]:
    """One signal for each affected instance. An event that names none says nothing here.

    Only the event's name, its type and its start are needed. What else is missing or cannot be read spoils nothing.
    """
    name = detail.text("eventArn").rpartition("/")[2]
    what = detail.text("eventTypeCode")
    if what.endswith(_LIFECYCLE):
        return  # nothing is taken down at a certain time: for weeks the instance works as before
    # The time when Health changed an event tells two messages about it apart, not the time when each was sent.
    changed = detail.told_health_time("lastUpdatedTime")
    at = event.time("time") if changed is None else changed
    called_off = detail.held.get("statusCode") == _CALLED_OFF
    begins = detail.told_health_time("startTime") if called_off else detail.health_time("startTime")
    window = at if begins is None else begins, detail.told_health_time("endTime")  # a cancelled event needs no start
    for instance, entity in _affected(event, detail).items():
        changed = entity.told_health_time("lastUpdatedTime")  # each entity has a date of its own
        signal = signals.maintenance(instance, name, what, at if changed is None else max(at, changed), window)
        over = called_off or entity.held.get("status") == _DONE
        yield signals.withdrawn(signal) if over else signal


def _affected(event: _Fields, detail: _Fields) -> dict[str, _Fields]:
    """What Health says of each entity, by its ID. Of what it names among the event's `resources` only, it says nothing.

    Either names them by their IDs or by their ARNs.
    """
    found: dict[str, _Fields] = {}
    for place, one in enumerate(detail.listed("affectedEntities")):
        entity = _Fields(one if isinstance(one, Mapping) else {}, f"{detail.where}: affectedEntities.{place}")
        try:
            found[_id(entity.text("entityValue"))] = entity
        except NoticeError as error:
            _let_go(error)
    named = [_id(one) for one in event.listed("resources") if isinstance(one, str) and one]
    unsaid = _Fields({}, event.where)
    return {**dict.fromkeys(named, unsaid), **found}


def _id(name: str) -> str:
    return name.rpartition("/")[2]


def _let_go(error: NoticeError) -> None:
    LOG.warning("a part of the event is let go", extra={"error": str(error)})


_Reader = Callable[[_Fields, _Fields], Iterable[Signal]]
_READERS: Final[tuple[tuple[tuple[str, str], _Reader], ...]] = (
    (("aws.ec2", "EC2 Instance State-change Notification"), _state),
    (("aws.ec2", "EC2 Spot Instance Interruption Warning"), _spot),
    (("aws.autoscaling", "EC2 Instance-terminate Lifecycle Action"), _autoscaling),
    (("aws.health", "AWS Health Event"), _health),
    (("aws.health", "Amazon Health Event"), _health),  # as AWS in China documents it
)
