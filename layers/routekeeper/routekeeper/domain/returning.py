"""When traffic may return to a HEALTHY path: after its hold-down, once its flaps allow it, in a window."""

from __future__ import annotations

import math

from routekeeper.domain.flaps import NEVER
from routekeeper.domain.group_state import GroupState
from routekeeper.domain.settings import Group


def due_at(group: Group, path: str, healthy_since: float, state: GroupState, now: float) -> tuple[float, str]:
    """When traffic may return to a HEALTHY path, and which of hold-down, damping and windows it waits for."""
    rule, windows = group.failback.damping, group.failback.windows
    due = max(healthy_since, state.since, state.seen_healthy_since(path, now)) + group.failback.after_seconds
    why = f"failback in {due - now:.0f} s"
    reusable = reusable_at(group, state, path)
    if rule is not None and reusable is not None and reusable > due:
        penalty = (state.memory(path).flaps or NEVER).penalty_at(now, rule)
        due = reusable
        why = (
            f"failback suppressed for {_told(due - now)}: it has flapped, and its penalty of {penalty:.0f} has to"
            f" fall below {rule.reuse:.0f}"
        )
    if windows is not None:
        opens = windows.open_at(max(due, now))
        if opens > max(due, now):
            due, why = opens, f"failback once a window opens, in {_told(opens - now)}"
    return due, why


def reusable_at(group: Group, state: GroupState, path: str) -> float | None:
    """When damping lets traffic return to the path; None if its flaps have not suppressed it."""
    rule, flaps = group.failback.damping, state.memory(path).flaps
    return None if rule is None or flaps is None else flaps.reusable_at(rule)


def _told(seconds: float) -> str:
    minutes = math.ceil(seconds / 60)
    return f"{minutes} min" if minutes <= 2 * 60 else f"{seconds / 3600:.1f} h"
