"""The decision where a failover group's traffic should go. What it decides on and about is exported with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from routekeeper.domain import damping
from routekeeper.domain.group_state import (
    Asker,
    GroupState,
    Intent,
    Pause,
    Pin,
    ReturnRequest,
    RouteChange,
    Transition,
    TransitionKind,
)
from routekeeper.domain.health import Health
from routekeeper.domain.path_health import BLACKHOLE, Actual, health_of_paths, is_blackhole, is_dead, probed, works
from routekeeper.domain.path_memory import NOTHING
from routekeeper.domain.quorum import Verdict
from routekeeper.domain.returning import due_at, reusable_at
from routekeeper.domain.settings import FailbackMode, Group

__all__ = [
    "Asker",
    "Decision",
    "GroupState",
    "Intent",
    "Move",
    "Pause",
    "Pin",
    "ReturnRequest",
    "RouteChange",
    "Stay",
    "Transition",
    "TransitionKind",
    "counted",
    "decide",
    "moved",
    "stayed",
]


@dataclass(frozen=True, slots=True)
class Stay:
    """Leave the desired path as it is."""

    reason: str
    stranded: bool = False
    """Nothing to move to, though the present path is UNHEALTHY: an alarm is due (law 3)."""
    halted: bool = False
    """Touch nothing at all, drift included: the group is paused, or what was decided may not be carried out now."""
    due_at: float | None = None
    """When a better path will be returned to if it stays HEALTHY."""
    adopt: str | None = None
    """At the very start: take the path that the routes are already on as the desired one, changing nothing."""


@dataclass(frozen=True, slots=True)
class Move:
    """Make `to` the desired path."""

    to: str
    kind: TransitionKind
    reason: str
    first_loss_at: float | None = None
    verdict_at: float | None = None
    asked: Asker | None = None
    forced: bool = False
    """Whether who asked for it wants it whatever the path's health."""
    blackhole: bool = False
    """The path is left because AWS calls its route a blackhole, whatever its probes say."""
    brakable: bool = False
    """Whether the brake may hold it (law 12): the path that is left is not UNHEALTHY, so the move can wait (law 4)."""


Decision = Stay | Move

UNKNOWN_GRACE_SECONDS: Final = 60.0
"""How long after it took its path a group of which nothing is known raises no alarm: probing has just begun."""


def moved(state: GroupState, move: Move, now: float) -> GroupState:
    """The state with the move as its desired path: the request that asked for it is spent, a blackhole remembered."""
    memories = {name: replace(memory, seen_healthy_at=None) for name, memory in state.paths.items()}
    if move.blackhole:
        memories = {name: replace(memory, blackholed_at=None) for name, memory in memories.items()}
        left = state.path or ""
        memories[left] = replace(memories.get(left, NOTHING), blackholed_at=now)
    elif move.to in memories:
        memories[move.to] = replace(memories[move.to], blackholed_at=None)
    state = state.remembering(memories)
    return replace(state, path=move.to, since=now, reason=move.reason, returning=None, looked=False)


def decide(
    group: Group, state: GroupState, verdicts: Mapping[str, Verdict], actual: Actual | None, now: float
) -> Decision:
    """Where the group's traffic should go. `actual` is None where the routes could not be read.

    In order: a pause halts everything (law 6); a pin holds its path (law 6); an operator's request to return is
    granted; an UNHEALTHY path is left at once (law 4) for the best HEALTHY one, or not at all where there is none
    (laws 2 and 3); the preferred path is returned to after its hold-down, once its flaps allow it, within a window.
    What was decided before, and has not begun, is decided anew where it may not begin now.
    """
    if (pause := state.paused_at(now)) is not None:
        return Stay(f"paused by {pause.asked.by}: {pause.asked.reason}", halted=True)
    health = health_of_paths(group, state, verdicts, actual, now)
    if actual is not None and (why := _why_not_begin(group, state, actual, health, now)) is not None:
        return _reconsider(group, state, actual, health, why, now)
    return _decide(group, state, actual, health, now)


def _why_not_begin(
    group: Group, state: GroupState, actual: Actual, health: Mapping[str, Verdict], now: float
) -> str | None:
    """Why a transition of which nothing has been done yet may not begin now (laws 2 and 4); None where it may.

    EC2 may have refused every change for hours, or the invocation has died after it had decided: what held then may
    hold no more. While all routes are on one other path, nothing has been done.
    """
    pending, desired, windows = state.pending, health.get(state.path or ""), group.failback.windows
    if pending is None or desired is None:
        return None
    if pending.forced and (state.pinned_at(now) is not None or desired.health is not Health.UNHEALTHY):
        return None  # but a pin that has run out forces nobody
    if actual.blackholed or actual.path is None or actual.path == state.path:
        return None
    if desired.announced and is_dead(health[actual.path]):
        return None  # it works as yet
    if desired.health is not Health.HEALTHY:
        return f"{state.path} is {desired.health.value} ({desired.reason})"
    by_itself = pending.kind is TransitionKind.FAILBACK and pending.asked is None
    return "the window has closed" if by_itself and windows is not None and not windows.are_open(now) else None


def _reconsider(
    group: Group, state: GroupState, actual: Actual, health: Mapping[str, Verdict], why: str, now: float
) -> Decision:
    """Decide as a group that is still where its routes are."""
    if state.pending is not None and state.pending.kind is TransitionKind.DRIFT:  # nobody here has put them there
        decision = _decide(group, state, actual, health, now)
        return replace(decision, halted=True) if isinstance(decision, Stay) else decision
    origin, pin = actual.path, state.pinned_at(now)
    if pin is not None and pin.path == origin and (pin.forced or works(health[origin])):
        return _asked(origin, pin.asked, forced=pin.forced)
    decision = _decide(group, replace(state, path=origin), actual, health, now)
    if isinstance(decision, Move) and decision.to == state.path:
        return Stay(decision.reason)
    stays = origin is not None and works(health[origin])
    if isinstance(decision, Move) and not (decision.brakable and stays):
        return replace(decision, brakable=False)  # held, it would leave the way open to what may not begin
    if origin is None or not stays:
        return Stay(decision.reason, stranded=isinstance(decision, Stay) and decision.stranded, halted=True)
    # Whatever can wait begins from here, with the next pass.
    kind = TransitionKind.FAILBACK if origin == group.paths[0].name else TransitionKind.FAILOVER
    how = "works as yet" if health[origin].announced else "is HEALTHY"
    return Move(origin, kind, f"{why}, and the routes are on {origin}, which {how}")


def _decide(
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
        return _asked(preferred, request.asked, forced=request.forced)
    if health[current].health is Health.UNHEALTHY:
        return _leave(group, current, health, best, blackhole=is_blackhole(state, actual))
    if best is not None:
        return _return(group, current, state, health, now)
    # Not knowing is no reason to leave (law 1), but who relies on the group has to know (law 3).
    return Stay(_nobody(health), stranded=now - state.since >= UNKNOWN_GRACE_SECONDS)


def counted(group: Group, state: GroupState, verdicts: Mapping[str, Verdict], now: float) -> GroupState:
    """The state after a look at the paths, whatever is then decided: it has counted who has flapped.

    Verdicts on targets are what counts, also while a pin or a pause is in force. Neither a blackhole nor what AWS says
    is one: what goes down by somebody's will is no flap before its probes fail.
    """
    rule = group.failback.damping
    known = {name: memory.flaps for name, memory in state.paths.items() if memory.flaps is not None}
    health = {path.name: probed(path, verdicts).health for path in group.paths}
    flaps = {} if rule is None else damping.look(known, health, now, rule)
    return state.remembering({name: replace(state.memory(name), flaps=flaps.get(name)) for name in {**known, **flaps}})


def stayed(
    group: Group, state: GroupState, verdicts: Mapping[str, Verdict], actual: Actual | None, now: float
) -> GroupState:
    """The state after a look that moved nothing: it remembers which better paths are HEALTHY.

    A verdict can turn HEALTHY "since long ago": when the vantage that spoke against a path falls silent, the votes
    that are left were cast before. Hold-down counts from when it was seen to turn (law 4).
    """
    current = state.path if state.path is not None and group.path(state.path) is not None else group.paths[0].name
    better = group.paths[: [path.name for path in group.paths].index(current)]
    health = health_of_paths(group, state, verdicts, actual, now) if better else {}
    seen = {name: memory.seen_healthy_at if state.looked else None for name, memory in state.paths.items()}
    good = {path.name for path in better if health[path.name].health is Health.HEALTHY}
    memories = {name: replace(memory, seen_healthy_at=None) for name, memory in state.paths.items()}
    for name in good:
        since = seen.get(name)
        memories[name] = replace(state.memory(name), seen_healthy_at=now if since is None else since)
    return replace(state.remembering(memories), looked=bool(better))


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
        return _asked(pin.path, pin.asked, forced=pin.forced)
    if current is not None and health[current].health is Health.UNHEALTHY:
        # The pin cannot be honoured yet (law 2); that is no reason to stay on a dead path (law 4).
        return _leave(group, current, health, best, blackhole=blackhole)
    return Stay(f"pinned to {pin.path}, which is {verdict.health.value}, and not forced: {verdict.reason}")


def _asked(to: str, asker: Asker, *, forced: bool) -> Move:
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
