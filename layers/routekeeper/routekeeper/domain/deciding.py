"""The decision where the traffic of a failover group should go."""

from __future__ import annotations

from dataclasses import replace

from routekeeper.domain.barring import Bar
from routekeeper.domain.decision import Decision, Move, Stay
from routekeeper.domain.group_state import TransitionKind
from routekeeper.domain.health import Health
from routekeeper.domain.ladder import asked_for, choose
from routekeeper.domain.path_health import is_dead, works
from routekeeper.domain.routes import Actual
from routekeeper.domain.view import View


def decide(view: View) -> Decision:
    """Where the group's traffic should go.

    In this order: a pause halts everything (law 6). A pin holds its path (law 6). An operator's request to return is
    granted. Traffic leaves an UNHEALTHY path at once (law 4) for the best HEALTHY one, or not at all if there is none
    (laws 2 and 3). It returns to the preferred path after the hold-down, once its flaps allow it, within a window.
    A transition that has changed nothing yet is decided again if it may no longer start. What EC2 refuses is not asked
    of it again before its time (law 13).
    """
    if (pause := view.state.paused_at(view.now)) is not None:
        return Stay(f"paused by {pause.asked.by}: {pause.asked.reason}", halted=True)
    if view.actual is not None and (why := _why_not_begin(view, view.actual)) is not None:
        return _reconsider(view, view.actual, why)
    decision = choose(view)
    bar = view.bars.get(view.state.path or "")
    if isinstance(decision, Stay) and bar is not None and not _has_yet_to_answer(view, bar):
        # EC2 refuses what is left to do. It is asked again at the bar's pace.
        reason = decision.reason if str(bar) in decision.reason else f"{decision.reason}; {bar}"
        return replace(decision, reason=reason, halted=True)
    return decision


def _has_yet_to_answer(view: View, bar: Bar) -> bool:
    """Whether a person has asked for the path since EC2 last refused it: EC2 was silent, so it is asked again."""
    pending = view.state.pending
    return pending is not None and pending.asked is not None and not bar.answers(pending.asked.at)


def _why_not_begin(view: View, actual: Actual) -> str | None:
    """Why a transition that has changed nothing yet may not start now (laws 2 and 4); None if it may.

    EC2 may have refused every change for hours, or the invocation may have died after it had decided. What held then
    may no longer hold. As long as all routes are on one other path, nothing has been changed.
    """
    state, health, windows = view.state, view.health, view.group.failback.windows
    pending, desired = state.pending, health.get(state.path or "")
    if pending is None or desired is None:
        return None
    if pending.forced and (state.pinned_at(view.now) is not None or desired.health is not Health.UNHEALTHY):
        return None  # a pin that has run out forces nothing
    if actual.path is None or actual.path == state.path or actual.path in actual.blackholes:
        return None
    if desired.announced and is_dead(health[actual.path]):
        return None  # it still works
    if desired.health is not Health.HEALTHY:
        return f"{state.path} is {desired.health.value} ({desired.reason})"
    if pending.leaves and health[actual.path].health is Health.HEALTHY:
        return f"{actual.path} is HEALTHY again"
    by_itself = pending.kind is TransitionKind.FAILBACK and pending.asked is None
    return "the window has closed" if by_itself and windows is not None and not windows.are_open(view.now) else None


def _reconsider(view: View, actual: Actual, why: str) -> Decision:
    """Decide as though the group's desired path were the one that its routes are still on."""
    state, health = view.state, view.health
    if state.pending is not None and state.pending.kind is TransitionKind.DRIFT:  # nobody here has put them there
        decision = choose(view)
        return replace(decision, halted=True) if isinstance(decision, Stay) else decision
    origin, pin = actual.path, state.pinned_at(view.now)
    if pin is not None and pin.path == origin and (pin.forced or works(health[origin])):
        return asked_for(origin, pin.asked, forced=pin.forced)
    decision = choose(view.as_if_on(origin))
    if isinstance(decision, Move) and decision.to == state.path:
        return Stay(decision.reason)
    stays = origin is not None and works(health[origin])
    if isinstance(decision, Move) and not (decision.brakable and stays):
        return replace(decision, brakable=False)  # if it were held, the transition that may not start could start
    if origin is None or not stays:
        return Stay(decision.reason, stranded=isinstance(decision, Stay) and decision.stranded, halted=True)
    # What can wait begins from here, with the next pass.
    kind = TransitionKind.FAILBACK if origin == view.group.paths[0].name else TransitionKind.FAILOVER
    how = "works as yet" if health[origin].announced else "is HEALTHY"
    return Move(origin, kind, f"{why}, and the routes are on {origin}, which {how}")
