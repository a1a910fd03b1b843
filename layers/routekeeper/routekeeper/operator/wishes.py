"""What a wish makes of a group's state. This is pure: the use case loads and saves, and the router moves the routes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, assert_never

from routekeeper.domain.group_state import Asker, GroupState, Intent, Pause, Pin, ReturnRequest
from routekeeper.domain.health import Health
from routekeeper.domain.quorum import Verdict
from routekeeper.domain.settings import Group
from routekeeper.operator.fields import refuse
from routekeeper.operator.moments import iso
from routekeeper.operator.requests import Failback, Failover, GroupRequest, HoldPath, Resume, Suspend, Unpin

INTENTS_KEPT: Final = 20
"""Intents kept with a group. Every pass reads the item, so it should stay small."""

Paths = Mapping[str, Verdict]
"""The verdict on every path of the group, by path."""


def grant(change: GroupRequest, group: Group, state: GroupState, paths: Paths, now: float) -> GroupState:
    """The group's state with the wish in it and its intent on record; the same state if nothing is to change.

    Raises:
        RequestError: it would hold traffic on a path that is not HEALTHY, or there is no such path.
    """
    wished, what = _granted(change, group, state, paths, now)
    if wished == state:
        return state
    intent = Intent(change.action, what, change.wish.asked)
    return replace(wished, intents=(intent, *state.intents)[:INTENTS_KEPT])


def without_bars(state: GroupState, asked: Asker) -> GroupState:
    """The group's state with every path that EC2 refuses to be tried as any other; the same if there is none."""
    barred = state.refused_paths
    if not barred:
        return state
    intent = Intent("acknowledge", f"ask EC2 again for {', '.join(sorted(barred))}", asked)
    return replace(state.without_bars(barred), intents=(intent, *state.intents)[:INTENTS_KEPT])


def _granted(change: GroupRequest, group: Group, state: GroupState, paths: Paths, now: float) -> tuple[GroupState, str]:
    wish = change.wish
    match wish:
        case Failover():
            to = wish.to if wish.to is not None else _other(group, state, paths, now)
            return _pinned(state, paths, Pin(to, wish.expires_at, wish.asked, wish.force), "to")
        case HoldPath():
            path = wish.path if wish.path is not None else _present(group, state)
            return _pinned(state, paths, Pin(path, wish.expires_at, wish.asked, wish.force), "path")
        case Failback():
            return _returned(wish, group, state, paths, now)
        case Unpin():
            pin = state.pinned_at(now)
            return (state, "") if pin is None else (replace(state, pin=None), f"no longer hold {pin.path}")
        case Suspend():
            pause = Pause(wish.expires_at, wish.asked)
            return replace(state, pause=pause), f"take no action until {iso(wish.expires_at)}"
        case Resume():
            paused = state.paused_at(now) is not None
            return (replace(state, pause=None), "act again") if paused else (state, "")
        case _:
            assert_never(wish)


def _pinned(state: GroupState, paths: Paths, pin: Pin, field: str) -> tuple[GroupState, str]:
    if not pin.forced:
        _demand_healthy(pin.path, paths, field)
    what = f"hold {pin.path} until {iso(pin.expires_at)}{', forced' if pin.forced else ''}"
    return replace(state, pin=pin, returning=None), what


def _returned(wish: Failback, group: Group, state: GroupState, paths: Paths, now: float) -> tuple[GroupState, str]:
    preferred = group.paths[0].name
    if paths[preferred].health is not Health.HEALTHY and wish.force:
        # Without a pin an UNHEALTHY path would be left again at once (law 4).
        return _pinned(state, paths, Pin(preferred, wish.expires_at, wish.asked, forced=True), "force")
    pinned = state.pinned_at(now) is not None
    if state.path == preferred and not pinned:
        return state, ""
    _demand_healthy(preferred, paths, "force")
    returning = ReturnRequest(wish.expires_at, wish.asked, wish.force) if state.path != preferred else None
    return replace(state, pin=None, returning=returning), f"return to {preferred} now"


def _other(group: Group, state: GroupState, paths: Paths, now: float) -> str:
    """The path of a failover that names none: the first HEALTHY one beside the present one.

    While a pin is in force the request must name its path. Otherwise a request that is sent twice would go back.
    """
    present = _present(group, state, "to")
    if (pin := state.pinned_at(now)) is not None:
        held = f"{group.name} is already pinned to {pin.path} until {iso(pin.expires_at)}"
        raise refuse("to", f"missing, and {held}; name the path")
    for path in group.paths:
        if path.name != present and paths[path.name].health is Health.HEALTHY:
            return path.name
    told = "; ".join(_told(name, verdict) for name, verdict in paths.items() if name != present)
    raise refuse("to", f"no path beside {present} is HEALTHY: {told or 'there is none'}")


def _present(group: Group, state: GroupState, field: str = "path") -> str:
    if state.path is None or group.path(state.path) is None:
        known = ", ".join(path.name for path in group.paths)
        raise refuse(field, f"missing, and {group.name} has no present path yet; name one of {known}")
    return state.path


def _demand_healthy(path: str, paths: Paths, field: str) -> None:
    if paths[path].health is not Health.HEALTHY:
        raise refuse(field, f"{_told(path, paths[path])}; expected a HEALTHY path, or force: true")


def _told(path: str, verdict: Verdict) -> str:
    return f"{path} is {verdict.health.value} ({verdict.reason})"
