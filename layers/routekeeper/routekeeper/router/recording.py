"""Records what came of a change of routes: done, done in part, refused for good, or to be tried again.

Why: docs/decisions/bars.md
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import NoReturn

from routekeeper.domain import barring
from routekeeper.domain.barring import Bar
from routekeeper.domain.group_state import GroupState, RouteChange, Transition, TransitionKind
from routekeeper.domain.refusal import Refusal
from routekeeper.domain.routes import Route, actual, differing
from routekeeper.ec2.errors import OUTRANKED, UNREADABLE
from routekeeper.router import transitions
from routekeeper.router.applying import Applied, planned
from routekeeper.router.scope import Barred, Scope
from routekeeper.telemetry.measurements import Metric, count_untold

LOG = logging.getLogger("routekeeper.router")

Routes = tuple[Route, ...]


@dataclass(frozen=True, slots=True)
class Recording:
    scope: Scope

    def record(self, state: GroupState, applied: Applied, routes: Routes) -> str:
        """Write what was done into history, and what is still owed into the group. `routes` are those after it.

        Raises:
            Barred: EC2 refuses the path. That is saved, and a move that could not begin is closed.
            Ec2Error: some routes could not be changed. What could be done is recorded.
        """
        if applied.failed:
            self.scope.emit(Metric.STEERING_FAILURES, len(applied.failed))
        pending = state.pending
        assert pending is not None  # noqa: S101 - only what is pending is carried out
        none_taken = applied.owed and not applied.changed and not _has_begun(state, applied)
        refusal = _why_barred(pending, applied, none_taken=none_taken) if applied.owed else None
        if refusal is not None:
            self._bar(state, pending, applied, refusal, routes, none_taken=none_taken)
        if none_taken and not _is_newly_outranked(state, applied):
            if state.worker == self.scope.worker:
                self.scope.save(replace(state, worker=None, pending=transitions.answered(pending, applied)))
            raise applied.error()
        taken = state.without_bars((pending.to_path,)) if applied.changed else state
        done = self.close(taken, applied, routes)
        self._measure(done)
        if applied.failed:
            raise applied.error()
        return f"{done.kind.value}: {done.from_path} to {done.to_path}"

    def _bar(
        self,
        state: GroupState,
        pending: Transition,
        applied: Applied,
        refusal: Refusal,
        routes: Routes,
        *,
        none_taken: bool,
    ) -> NoReturn:
        """Remember that EC2 refuses the path. What could not begin is closed; people hear of it once (law 13).

        Raises:
            Barred: always. The group is to be decided anew.
        """
        scope, now, path = self.scope, self.scope.now(), pending.to_path
        bar = barring.after(state.memory(path).bar, refusal, now, scope.dependencies.release)
        LOG.warning("path barred", extra={"path": path, "bar": bar})
        if not none_taken:
            self._measure(self.close(transitions.barred(state, path, bar), applied, routes))
        elif pending.kind is TransitionKind.COMPLETION:  # its routes are what is left of an earlier move
            scope.save(replace(transitions.barred(state, path, bar), worker=None))
        else:
            scope.braking.give_back_slot(pending.id)
            there = actual(scope.group, routes)
            origin = pending.from_path if there is None or there.path is None else there.path
            home = scope.group.path(origin or "")
            rest = () if home is None else planned(differing(routes, home), home)
            after = transitions.withdrawn(state, pending, origin, rest, bar, now)
            self._withdraw(after, pending, applied, bar)
        raise Barred(f"group {scope.group.name}: {bar}")

    def _withdraw(self, state: GroupState, pending: Transition, applied: Applied, bar: Bar) -> None:
        """Save that nothing was moved. It goes into history unless EC2 has said the same before."""
        scope = self.scope
        if not bar.is_news:
            scope.save(state)
            return
        refused = transitions.refused(pending, applied, state.traffic)
        told = transitions.to_be_told(state, refused, scope.worker, scope.now(), has_moved=False)
        self.tell_of_dropped(state, told)
        scope.dependencies.store.record(told, refused)

    def close(self, state: GroupState, applied: Applied, routes: Routes) -> Transition:
        assert state.pending is not None  # noqa: S101 - only a state with a pending transition is closed
        shown = transitions.with_routes(state, self.scope.group, routes, self.scope.now())
        ended = transitions.closed(shown, state.pending, applied, self.scope.worker, self.scope.now())
        done = ended.unannounced[-1].transition
        self.tell_of_dropped(state, ended)
        self.scope.dependencies.store.record(ended, done)
        return done

    def tell_of_dropped(self, before: GroupState, after: GroupState) -> None:
        """Say which news the group's item has no more room for. It stands in history."""
        kept = {untold.transition.id for untold in after.unannounced}
        for untold in before.unannounced:
            if untold.transition.id not in kept:
                LOG.error("people never told", extra={"transition": untold.transition.id})
                count_untold(self.scope.dependencies.emit, self.scope.group.name)

    def _measure(self, done: Transition) -> None:
        self.scope.emit(Metric.TRANSITIONS, 1)
        if done.detection_seconds is not None:
            self.scope.emit(Metric.DETECTION_SECONDS, done.detection_seconds)
        if done.steering_seconds is not None and done.kind is TransitionKind.FAILOVER:
            self.scope.emit(Metric.STEERING_SECONDS, done.steering_seconds)


def _has_begun(state: GroupState, applied: Applied) -> bool:
    """Whether an earlier pass has changed some of what was planned, and died before it could record it (law 7)."""
    left = {change.resource for change in applied.changes}
    return state.pending is not None and any(change.resource not in left for change in state.pending.changes)


def _why_barred(pending: Transition, applied: Applied, *, none_taken: bool) -> Refusal | None:
    """The refusal that speaks against the path. What was not read was never asked of EC2; what is outranked stands."""
    refusals = [change.refusal for change in applied.failed if change.refusal is not None]
    moves = pending.from_path != pending.to_path and pending.kind is not TransitionKind.COMPLETION
    asked = [refusal for refusal in refusals if refusal.code not in (UNREADABLE, OUTRANKED)]
    return barring.why_barred(asked, moves=moves, none_taken=none_taken)


def _is_newly_outranked(state: GroupState, applied: Applied) -> bool:
    """Whether a route is written, something outranks it, and no line of history says so yet (law 7).

    What is owed has its line, with the refusal that it met.
    """
    assert state.pending is not None  # noqa: S101 - only a state with a pending transition is recorded
    before = {change.resource: change for change in state.pending.changes}
    owed = state.pending.kind is TransitionKind.COMPLETION
    return any(
        is_outranked(change) and not is_outranked(known) and not (owed and known.refusal is None)
        for change in applied.failed
        if (known := before.get(change.resource)) is not None
    )


def is_outranked(change: RouteChange) -> bool:
    return change.refusal is not None and change.refusal.code == OUTRANKED
