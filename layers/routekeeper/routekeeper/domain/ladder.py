"""The ladder of a group's paths: which of them its traffic should be on, as things are now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from routekeeper.domain.decision import Decision, Move, Stay
from routekeeper.domain.group_state import Asker, GroupState, Pin, TransitionKind
from routekeeper.domain.health import Health
from routekeeper.domain.path_health import BLACKHOLE, is_blackhole
from routekeeper.domain.quorum import Verdict
from routekeeper.domain.returning import due_at, reusable_at
from routekeeper.domain.routes import Actual
from routekeeper.domain.settings import FailbackMode, Group

UNKNOWN_GRACE_SECONDS: Final = 60.0
"""How long after it took its path a group of which nothing is known raises no alarm: probing has just begun."""


def choose(
    group: Group, state: GroupState, actual: Actual | None, health: Mapping[str, Verdict], now: float
) -> Decision:
    current = state.path if state.path is not None and group.path(state.path) is not None else None
    best = _best(group, state, health, now)
    if (pin := state.pinned_at(now)) is not None and group.path(pin.path) is not None:
        return _hold(group, pin, current, health, best, blackhole=is_blackhole(state, actual))
    if current is None:
        return _begin(health, actual, best)
    preferred = group.paths[0].name
    request = state.returning_at(now) if current != preferred else None
    if request is not None and (request.forced or health[preferred].health is Health.HEALTHY):
        return asked_for(preferred, request.asked, forced=request.forced)
    if health[current].health is Health.UNHEALTHY:
        return _leave(group, current, health, best, blackhole=is_blackhole(state, actual))
    if best is not None:
        return _return(group, current, state, health, now)
    # Not knowing is no reason to leave (law 1), but who relies on the group has to know (law 3).
    return Stay(_nobody(health), stranded=now - state.since >= UNKNOWN_GRACE_SECONDS)


def _hold(
    group: Group,
    pin: Pin,
    current: str | None,
    health: Mapping[str, Verdict],
    best: str | None,
    *,
    blackhole: bool,
) -> Decision:
    verdict = health[pin.path]
    if current == pin.path:
        stranded = best is None and verdict.health is Health.UNHEALTHY
        return Stay(f"pinned to {pin.path} by {pin.asked.by}: {pin.asked.reason}", stranded=stranded)
    if verdict.health is Health.HEALTHY or pin.forced:
        return asked_for(pin.path, pin.asked, forced=pin.forced)
    if current is not None and health[current].health is Health.UNHEALTHY:
        # The pin cannot be honoured yet (law 2); that is no reason to stay on a dead path (law 4).
        return _leave(group, current, health, best, blackhole=blackhole)
    return Stay(f"pinned to {pin.path}, which is {verdict.health.value}, and not forced: {verdict.reason}")


def asked_for(to: str, asker: Asker, *, forced: bool) -> Move:
    return Move(to, TransitionKind.MANUAL, f"asked by {asker.by}: {asker.reason}", asked=asker, forced=forced)


def _begin(health: Mapping[str, Verdict], actual: Actual | None, best: str | None) -> Decision:
    """The first decision: adopt what is there, else the best HEALTHY path. Adopting moves nothing."""
    if actual is not None and actual.path is not None:
        return Stay(f"the routes are on {actual.path}", adopt=actual.path)
    if actual is None:
        return Stay("nothing is known of the routes yet")
    if best is not None:
        reason = f"the routes are on no single path of the group; {best} is HEALTHY"
        return Move(best, TransitionKind.INITIAL, reason)
    unhealthy = all(verdict.health is Health.UNHEALTHY for verdict in health.values())
    return Stay("the routes are on no single path of the group, and no path is HEALTHY", stranded=unhealthy)


def _leave(group: Group, current: str, health: Mapping[str, Verdict], best: str | None, *, blackhole: bool) -> Decision:
    """Leave for the best HEALTHY path; failing that, for one that works as yet, unless the present one does, too."""
    why = health[current]
    if best is None and not why.announced:
        best = next((p.name for p in group.paths if p.name != current and health[p.name].announced), None)
    if best is None:
        return Stay(_nobody(health), stranded=True)
    kind = TransitionKind.FAILBACK if best == group.paths[0].name else TransitionKind.FAILOVER
    reason = f"{current} is UNHEALTHY ({why.reason})"
    # What AWS has said ends when AWS says otherwise; where nothing is probed, a mark would outlive that.
    unprobed = any(path.name == current and path.target is None for path in group.paths)
    marked = blackhole and (not unprobed or why.reason == BLACKHOLE)
    return Move(best, kind, reason, why.first_loss_at, why.since, blackhole=marked)


def _best(group: Group, state: GroupState, health: Mapping[str, Verdict], now: float) -> str | None:
    """The first HEALTHY path that is not suppressed, else the first HEALTHY one: damping never delays (law 4)."""
    healthy = [path.name for path in group.paths if health[path.name].health is Health.HEALTHY]
    calm = (name for name in healthy if (reusable_at(group, state, name) or now) <= now)
    return next(calm, next(iter(healthy), None))


def _nobody(health: Mapping[str, Verdict]) -> str:
    told = ", ".join(f"{name} is {verdict.health.value}" for name, verdict in health.items())
    return f"no path is HEALTHY: {told}"


def _return(group: Group, current: str, state: GroupState, health: Mapping[str, Verdict], now: float) -> Decision:
    """Go back up the list: to the most preferred path that is HEALTHY and may be returned to."""
    better = group.paths[: [path.name for path in group.paths].index(current)]
    if not better:
        return Stay(f"{current} is preferred and {health[current].health.value}")
    preferred = better[0].name
    if group.failback.mode is FailbackMode.MANUAL:
        return Stay(f"{preferred} is {health[preferred].health.value}, and failback is manual")
    waits, dues = [], []
    for path in better:
        verdict = health[path.name]
        if verdict.health is not Health.HEALTHY or verdict.since is None:
            waits.append(f"{path.name} is {verdict.health.value}: {verdict.reason}")
            continue
        due, why = due_at(group, path.name, verdict.since, state, now)
        if now >= due:
            reason = f"{path.name} has been HEALTHY for {now - verdict.since:.0f} s ({verdict.reason})"
            return Move(path.name, TransitionKind.FAILBACK, reason, brakable=True)
        dues.append(due)
        waits.append(f"{path.name} is HEALTHY; {why}")
    return Stay("; ".join(waits), due_at=min(dues, default=None))
