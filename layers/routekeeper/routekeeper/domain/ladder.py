"""The ladder of a group's paths: which one its traffic should be on now.

Why: docs/decisions/adopt-routes-at-start.md
"""

from __future__ import annotations

from typing import Final

from routekeeper.domain.decision import Decision, Move, Stay
from routekeeper.domain.group_state import Asker, Pin, TransitionKind
from routekeeper.domain.health import Health
from routekeeper.domain.path_health import BLACKHOLE
from routekeeper.domain.returning import due_at, reusable_at
from routekeeper.domain.settings import FailbackMode
from routekeeper.domain.view import View

UNKNOWN_GRACE_SECONDS: Final = 60.0
"""How long after it took its path a group raises no alarm if nothing is known of it: probing has just begun."""


def choose(view: View) -> Decision:
    """The path for the group, if no earlier decision stands in the way (`deciding`)."""
    state, health, now = view.state, view.health, view.now
    best = _best(view)
    if (pin := state.pinned_at(now)) is not None and view.group.path(pin.path) is not None:
        return _pinned(view, pin, best)
    if view.desired is None:
        return _begin(view, best)
    current, preferred = view.desired.name, view.group.paths[0].name
    request = state.returning_at(now) if current != preferred else None
    if request is not None and _may_be_granted(view, preferred, request.asked, forced=request.forced):
        return asked_for(preferred, request.asked, forced=request.forced)
    if health[current].health is Health.UNHEALTHY:
        return _leave(view, current, best)
    if best is not None:
        return _return(view, current)
    # Not knowing is no reason to leave (law 1), but people who rely on the group have to be told (law 3).
    return Stay(_nobody(view), stranded=now - state.since >= UNKNOWN_GRACE_SECONDS)


def asked_for(to: str, asker: Asker, *, forced: bool) -> Move:
    """What an operator asked for."""
    return Move(to, TransitionKind.MANUAL, f"asked by {asker.by}: {asker.reason}", asked=asker, forced=forced)


def _may_be_granted(view: View, path: str, asked: Asker, *, forced: bool) -> bool:
    healthy = view.health[path].health is Health.HEALTHY
    return healthy or (forced and view.may_be_forced(path, asked))


def _pinned(view: View, pin: Pin, best: str | None) -> Decision:
    verdict = view.health[pin.path]
    current = None if view.desired is None else view.desired.name
    if current == pin.path:
        stranded = best is None and verdict.health is Health.UNHEALTHY
        return Stay(f"pinned to {pin.path} by {pin.asked.by}: {pin.asked.reason}", stranded=stranded)
    if _may_be_granted(view, pin.path, pin.asked, forced=pin.forced):
        return asked_for(pin.path, pin.asked, forced=pin.forced)
    if current is not None and view.health[current].health is Health.UNHEALTHY:
        # The pin cannot be honoured yet (law 2). That is no reason to stay on a dead path (law 4).
        return _leave(view, current, best)
    if pin.forced:
        return Stay(f"pinned to {pin.path}, forced, and {view.bars[pin.path]}")
    return Stay(f"pinned to {pin.path}, which is {verdict.health.value}, and not forced: {verdict.reason}")


def _begin(view: View, best: str | None) -> Decision:
    """The first decision: adopt what is there, else the best HEALTHY path. Adopting moves nothing."""
    actual = view.actual
    if actual is not None and actual.path is not None:
        return Stay(f"the routes are on {actual.path}", adopt=actual.path)
    if actual is None:
        return Stay(view.state.reason or "nothing is known of the routes yet")
    if best is not None:
        reason = f"the routes are on no single path of the group; {best} is HEALTHY"
        return Move(best, TransitionKind.INITIAL, reason)
    unhealthy = all(verdict.health is Health.UNHEALTHY for verdict in view.health.values())
    return Stay("the routes are on no single path of the group, and no path is HEALTHY", stranded=unhealthy)


def _leave(view: View, current: str, best: str | None) -> Decision:
    """Leave for the best HEALTHY path. If there is none, leave a dead path for one that still works."""
    group, health = view.group, view.health
    why = health[current]
    if best is None and not why.announced:
        best = next((p.name for p in group.paths if p.name != current and health[p.name].announced), None)
    if best is None:
        return Stay(_nobody(view), stranded=True)
    kind = TransitionKind.FAILBACK if best == group.paths[0].name else TransitionKind.FAILOVER
    reason = f"{current} is UNHEALTHY ({why.reason})"
    # What AWS has said ends when AWS says otherwise. On a path without probes a mark would outlive that.
    unprobed = any(path.name == current and path.target is None for path in group.paths)
    marked = view.is_blackhole and (not unprobed or why.reason == BLACKHOLE)
    return Move(best, kind, reason, why.first_loss_at, why.since, blackhole=marked)


def _best(view: View) -> str | None:
    """The first HEALTHY path that is not suppressed, or else the first HEALTHY one: leaving never waits (law 4)."""
    healthy = [path.name for path in view.group.paths if view.health[path.name].health is Health.HEALTHY]
    calm = (name for name in healthy if (reusable_at(view.group, view.state, name) or view.now) <= view.now)
    return next(calm, next(iter(healthy), None))


def _nobody(view: View) -> str:
    told = (
        f"{name} is {verdict.health.value}{f' ({view.bars[name]})' if name in view.bars else ''}"
        for name, verdict in view.health.items()
    )
    return f"no path is HEALTHY: {', '.join(told)}"


def _return(view: View, current: str) -> Decision:
    """Go back up the list: to the most preferred path that is HEALTHY and may be returned to."""
    better, health, now = view.better(current), view.health, view.now
    if not better:
        return Stay(f"{current} is preferred and {health[current].health.value}")
    preferred = better[0].name
    if view.group.failback.mode is FailbackMode.MANUAL:
        return Stay(f"{preferred} is {health[preferred].health.value}, and failback is manual")
    waits, dues = [], []
    for path in better:
        verdict = health[path.name]
        if verdict.health is not Health.HEALTHY or verdict.since is None:
            waits.append(f"{path.name} is {verdict.health.value}: {verdict.reason}")
            continue
        due, why = due_at(view.group, path.name, verdict.since, view.state, now)
        if now >= due:
            reason = f"{path.name} has been HEALTHY for {now - verdict.since:.0f} s ({verdict.reason})"
            return Move(path.name, TransitionKind.FAILBACK, reason, brakable=True)
        dues.append(due)
        waits.append(f"{path.name} is HEALTHY; {why}")
    return Stay("; ".join(waits), due_at=min(dues, default=None))
