"""What a status says of the way back: the rules of a group, and how its paths stand with them."""

from __future__ import annotations

from routekeeper.domain.flaps import NEVER
from routekeeper.domain.group_state import GroupState
from routekeeper.domain.settings import FailbackPolicy, Group, Path
from routekeeper.domain.windows import Day, Window
from routekeeper.operator.moments import iso, iso_or_none
from routekeeper.operator.outlook import Json


def failback(rules: FailbackPolicy, now: float) -> Json:
    rule, windows = rules.damping, rules.windows
    told: Json = {
        "mode": rules.mode.value,
        "after_seconds": rules.after_seconds,
        "damping": None
        if rule is None
        else {
            "half_life_seconds": rule.half_life_seconds,
            "suppress": rule.suppress,
            "reuse": rule.reuse,
            "longest_seconds": rule.longest_seconds,
        },
    }
    if windows is None:
        return told
    return told | {
        "time_zone": str(windows.zone),
        "windows": [_window(window) for window in windows.windows],
        "open": windows.are_open(now),
        "opens_at": None if windows.are_open(now) else iso(windows.open_at(now)),
    }


def damping(group: Group, state: GroupState, path: Path, now: float) -> Json | None:
    """The path's present penalty, and until when it is suppressed; None if flaps are not counted."""
    rule, flaps = group.failback.damping, state.memory(path.name).flaps or NEVER
    if rule is None:
        return None
    suppressed = flaps.suppressed_at(now, rule)
    return {
        "penalty": round(flaps.penalty_at(now, rule)),
        "suppressed": suppressed,
        "failback_allowed_at": iso_or_none(flaps.reusable_at(rule)) if suppressed else None,
    }


def _window(window: Window) -> Json:
    return {
        "days": [day.value for day in Day if day in window.days],
        "from": f"{window.opens:%H:%M}",
        "to": f"{window.closes:%H:%M}",
    }
