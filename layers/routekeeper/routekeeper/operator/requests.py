"""The payload of an invocation as a value, with one class for each action. docs/operator.md describes it for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from routekeeper.config.problems import describe
from routekeeper.domain.group_state import Asker
from routekeeper.domain.settings import Configuration
from routekeeper.operator.caller import Caller
from routekeeper.operator.fields import Fields, plain_line, refuse

HOLD_SECONDS: Final = 3_600.0
"""How long a pin or a pause lasts if the request does not say."""
RETURN_SECONDS: Final = 600.0
"""How long a request to return is remembered. A forced one holds the preferred path that long."""
HISTORY_DEFAULT: Final = 20
HISTORY_MOST: Final = 100
EVERY_GROUP: Final = "*"


@dataclass(frozen=True, slots=True)
class Status:
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class History:
    groups: tuple[str, ...]
    restart_groups: tuple[str, ...]
    limit: int
    before: str | None = None
    """A place in history (`store.items.place`). Only what stands before it is asked for."""


@dataclass(frozen=True, slots=True)
class Failover:
    asked: Asker
    expires_at: float
    to: str | None
    force: bool


@dataclass(frozen=True, slots=True)
class HoldPath:
    """The action `pin`."""

    asked: Asker
    expires_at: float
    path: str | None
    force: bool


@dataclass(frozen=True, slots=True)
class Failback:
    asked: Asker
    expires_at: float
    force: bool


@dataclass(frozen=True, slots=True)
class Unpin:
    asked: Asker


@dataclass(frozen=True, slots=True)
class Suspend:
    """The action `pause`."""

    asked: Asker
    expires_at: float


@dataclass(frozen=True, slots=True)
class Resume:
    asked: Asker


Wish = Failover | Failback | HoldPath | Unpin | Suspend | Resume


@dataclass(frozen=True, slots=True)
class GroupRequest:
    """A wish for each of some groups."""

    action: str
    groups: tuple[str, ...]
    wish: Wish


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Release the brake, and forget the moves so far."""

    asked: Asker


Request = Status | History | GroupRequest | Acknowledge


@dataclass(frozen=True, slots=True)
class _Desk:
    """What the readers of the actions read from."""

    fields: Fields
    configuration: Configuration
    caller: Caller
    now: float

    def group(self) -> str:
        known = self.configuration.groups
        found = self.fields.one_of("group", known, "one of the configured groups")
        if found is None:
            raise refuse("group", f"missing, expected one of the configured groups: {', '.join(known)}")
        return found

    def groups(self, *, required: bool) -> tuple[str, ...]:
        known = tuple(self.configuration.groups)
        found = self.fields.one_of("group", (*known, EVERY_GROUP), "a configured group, or * for all of them")
        if found is None and required:
            raise refuse("group", f"missing, expected a configured group, or * for all of them: {', '.join(known)}")
        return known if found in (None, EVERY_GROUP) else (str(found),)

    def path(self, field: str, group: str) -> str | None:
        known = [path.name for path in self.configuration.groups[group].paths]
        return self.fields.one_of(field, known, f"one of the paths of {group}")

    def asked(self) -> Asker:
        by = self.fields.text("by") or self.caller.name
        if by is None:
            raise refuse("by", "missing; say who asks")
        by = plain_line("by", by)  # the caller's own name is as little proven as the payload's
        reason = self.fields.required("reason", "say why, for those who read the history")
        return Asker(by, self.now, reason, self.caller.identity)

    def expiry(self, default_seconds: float = HOLD_SECONDS) -> float:
        return self.fields.expiry(self.now, default_seconds)


def parse(payload: object, configuration: Configuration, caller: Caller, now: float) -> Request:
    """The request that a payload is.

    Raises:
        RequestError: it is no request. The message names the field, what was found and what is expected.
    """
    if not isinstance(payload, Mapping):
        raise refuse("the payload", f"found {describe(payload)}, expected an object with the key action")
    action = payload.get("action")
    if not isinstance(action, str) or action not in _ACTIONS:
        raise refuse("action", f"found {describe(action)}, expected one of {', '.join(_ACTIONS)}")
    keys, read = _ACTIONS[action]
    return read(_Desk(Fields(payload, ("action", *keys)), configuration, caller, now))


def _status(desk: _Desk) -> Request:
    return Status(desk.groups(required=False))


def _history(desk: _Desk) -> Request:
    restart_groups = tuple(desk.configuration.restart_groups())
    limit = desk.fields.count("limit", HISTORY_DEFAULT, HISTORY_MOST)
    before = desk.fields.place("before")
    restart = desk.fields.one_of("restart_group", restart_groups, "one of the restart groups")
    if restart is not None:
        if desk.fields.text("group") is not None:
            raise refuse("restart_group", "found beside `group`, expected one of the two")
        return History((), (restart,), limit, before)
    named = desk.fields.text("group") not in (None, EVERY_GROUP)
    return History(desk.groups(required=False), () if named else restart_groups, limit, before)


def _failover(desk: _Desk) -> Request:
    group = desk.group()
    wish = Failover(desk.asked(), desk.expiry(), desk.path("to", group), desk.fields.flag("force"))
    return GroupRequest("failover", (group,), wish)


def _failback(desk: _Desk) -> Request:
    group = desk.group()
    return GroupRequest(
        "failback", (group,), Failback(desk.asked(), desk.expiry(RETURN_SECONDS), desk.fields.flag("force"))
    )


def _pin(desk: _Desk) -> Request:
    group = desk.group()
    wish = HoldPath(desk.asked(), desk.expiry(), desk.path("path", group), desk.fields.flag("force"))
    return GroupRequest("pin", (group,), wish)


def _unpin(desk: _Desk) -> Request:
    return GroupRequest("unpin", (desk.group(),), Unpin(desk.asked()))


def _pause(desk: _Desk) -> Request:
    return GroupRequest("pause", desk.groups(required=True), Suspend(desk.asked(), desk.expiry()))


def _resume(desk: _Desk) -> Request:
    return GroupRequest("resume", desk.groups(required=True), Resume(desk.asked()))


def _acknowledge(desk: _Desk) -> Request:
    return Acknowledge(desk.asked())


_WHO = ("by", "reason")
_END = ("for", "until")
_ACTIONS: Final[Mapping[str, tuple[tuple[str, ...], Callable[[_Desk], Request]]]] = {
    "status": (("group",), _status),
    "failover": (("group", "to", *_END, *_WHO, "force"), _failover),
    "failback": (("group", *_END, *_WHO, "force"), _failback),
    "pin": (("group", "path", *_END, *_WHO, "force"), _pin),
    "unpin": (("group", *_WHO), _unpin),
    "pause": (("group", *_END, *_WHO), _pause),
    "resume": (("group", *_WHO), _resume),
    "acknowledge": (_WHO, _acknowledge),
    "history": (("group", "restart_group", "limit", "before"), _history),
}
ACTIONS: Final = tuple(_ACTIONS)
