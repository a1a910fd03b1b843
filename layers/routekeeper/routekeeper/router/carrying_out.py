"""Carries out what is desired: commit, change the routes, record. Any step may be repeated.

The order makes a crash harmless at every line (law 10). The desired path is committed first, together with the
transition that it starts (`pending`, with what is about to be changed) and the name of the invocation that carries it
out. The routes are changed next. Then one write ends the transition and puts it into history. An invocation that dies
in between leaves `pending` behind, and the next pass goes on from there.

Why: docs/decisions/level-triggered-router.md
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import NoReturn

from routekeeper.domain import barring
from routekeeper.domain.barring import Bar
from routekeeper.domain.deciding import decide
from routekeeper.domain.decision import Move
from routekeeper.domain.errors import Ec2Error
from routekeeper.domain.group_state import GroupState, Transition, TransitionKind
from routekeeper.domain.refusal import Refusal
from routekeeper.domain.routes import Route, actual, differing, put_on, whereabouts
from routekeeper.domain.settings import Path
from routekeeper.domain.view import View
from routekeeper.ec2.errors import UNREADABLE
from routekeeper.router import transitions
from routekeeper.router.applying import Applied, put_in_place
from routekeeper.router.scope import Barred, Scope
from routekeeper.telemetry.measurements import Metric, count_untold

LOG = logging.getLogger("routekeeper.router")

Routes = tuple[Route, ...]


@dataclass(frozen=True, slots=True)
class CarryingOut:
    scope: Scope

    def begin(self, state: GroupState, transition: Transition, routes: Routes) -> GroupState:
        """Save the desired path with the transition it starts. If an earlier one was never recorded, record it now."""
        scope = self.scope
        transition = transitions.with_plan(transition, scope.group, routes)
        begun = replace(state, pending=transition, worker=scope.worker, worker_until=scope.deadline_at)
        if state.pending is None:
            return scope.save(begun)
        overtaken = transitions.overtaken(state.pending, scope.group, routes, by=transition)
        told = transitions.to_be_told(begun, overtaken, scope.worker, scope.now())
        self._tell_of_dropped(begun, told)
        return scope.dependencies.store.record(told, overtaken)

    def converge(self, state: GroupState, routes: Routes, others: Routes = ()) -> str | None:
        """Make the routes what is desired and record it; None if they already were and nothing was owed.

        `others` are the group's routes that are left as they are.

        Raises:
            Barred: EC2 refuses the path. That is saved, and a move that could not begin is closed.
            Late: the path was no longer wanted when EC2 had taken no change yet.
            Ec2Error: some routes could not be read or changed. What could be done was done and recorded.
        """
        path = self.scope.group.path(state.path) if state.path is not None else None
        if path is None:
            return None
        todo = differing(routes, path)
        if state.pending is not None:
            state = self._take_up(state, state.pending, todo)
        elif todo:
            state = self._begin_with_drift(state, path, todo, routes)
        else:
            return None
        applied = put_in_place(
            self.scope.group,
            todo,
            path,
            self.scope.dependencies,
            self.scope.act_until,
            lambda: self._is_wanted(state, routes),
        )
        if applied.outdated:
            raise self.scope.late(f"{path.name} was no longer wanted when EC2 took no change yet")
        made = {change.resource for change in applied.changes if change.refusal is None}
        after = tuple(put_on(route, path) if route.resource in made else route for route in (*routes, *others))
        return self._record(state, applied, after)

    def record_what_was_done(self, state: GroupState, routes: Routes, why_not: str) -> None:
        """Put what had been changed before into history, although nothing may be touched now (law 7)."""
        if state.pending is None or not state.pending.changes:
            return
        halted = Refusal(transitions.HALTED, why_not)
        changes = transitions.known(state.pending, self.scope.group, routes, halted)
        owed = any(change.refusal is not None for change in changes)
        if not all(change.refusal is not None for change in changes):
            self._close(state, Applied(changes, self.scope.now(), owed), routes)

    def step_back(self, state: GroupState) -> None:
        """Let others try at once what could not be done here."""
        if state.worker == self.scope.worker:
            self.scope.save(replace(state, worker=None))

    def _begin_with_drift(self, state: GroupState, path: Path, todo: Routes, routes: Routes) -> GroupState:
        """Commit to putting right what somebody else has changed. Raises Ec2Error if none of it can be read."""
        unread = [route.unread for route in todo if route.unread is not None]
        if len(unread) == len(todo):
            self.scope.emit(Metric.STEERING_FAILURES, len(todo))
            raise Ec2Error.of(unread[0], "; ".join(f"{route.resource}: {route.unread}" for route in todo))
        state = self.begin(state, transitions.of_drift(state, path, todo, self.scope.now()), routes)
        self.scope.emit(Metric.DRIFT, 1)
        return state

    def _take_up(self, state: GroupState, pending: Transition, todo: Routes) -> GroupState:
        """The state with this invocation as its worker, and with all that it will change, also routes read late."""
        scope = self.scope
        planned = transitions.with_plan(pending, scope.group, todo)
        if planned == pending and state.worker == scope.worker:
            return state
        return scope.save(replace(state, pending=planned, worker=scope.worker, worker_until=scope.deadline_at))

    def _is_wanted(self, state: GroupState, routes: Routes) -> bool:
        """Whether the same would be decided now. Nothing has been changed since the routes were read."""
        verdicts = self.scope.evidence.at_best()
        decision = decide(View.of(self.scope.group, state, verdicts, routes, self.scope.now()))
        return decision.brakable if isinstance(decision, Move) else not decision.halted

    def _record(self, state: GroupState, applied: Applied, routes: Routes) -> str:
        """Write what was done into history, and what is still owed into the group. `routes` are those after it."""
        if applied.failed:
            self.scope.emit(Metric.STEERING_FAILURES, len(applied.failed))
        pending = state.pending
        assert pending is not None  # noqa: S101 - only what is pending is carried out
        none_taken = applied.owed and not applied.changed and not _has_begun(state, applied)
        refusal = _why_barred(pending, applied, none_taken=none_taken) if applied.owed else None
        if refusal is not None:
            self._bar(state, pending, applied, refusal, routes, none_taken=none_taken)
        if none_taken:
            self.step_back(state)
            raise applied.error()
        taken = transitions.barred(state, pending.to_path, None) if applied.changed else state
        done = self._close(taken, applied, routes)
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
        known = state.memory(path).bar
        bar = barring.after(known, refusal, now, scope.dependencies.release)
        LOG.warning("path barred", extra={"path": path, "bar": bar})
        if not none_taken:
            self._measure(self._close(transitions.barred(state, path, bar), applied, routes))
        elif pending.kind is TransitionKind.COMPLETION:  # its routes are what is left of an earlier move
            scope.save(replace(transitions.barred(state, path, bar), worker=None))
        else:
            scope.braking.give_back_slot(pending.id)
            there = actual(scope.group, routes)
            origin = pending.from_path if there is None or there.path is None else there.path
            self._withdraw(transitions.withdrawn(state, pending, origin, bar, now), pending, applied, known, bar)
        raise Barred(f"group {scope.group.name}: {bar}")

    def _withdraw(self, state: GroupState, pending: Transition, applied: Applied, known: Bar | None, bar: Bar) -> None:
        """Save that nothing was moved. It goes into history unless EC2 has said the same before."""
        scope = self.scope
        if known is not None and known.code == bar.code:
            scope.save(state)
            return
        refused = transitions.refused(pending, applied, state.traffic)
        told = transitions.to_be_told(state, refused, scope.worker, scope.now(), has_moved=False)
        self._tell_of_dropped(state, told)
        scope.dependencies.store.record(told, refused)

    def _close(self, state: GroupState, applied: Applied, routes: Routes) -> Transition:
        assert state.pending is not None  # noqa: S101 - only a state with a pending transition is closed
        traffic = whereabouts(self.scope.group, routes) or state.traffic
        ended = transitions.closed(state, state.pending, applied, traffic, self.scope.worker, self.scope.now())
        done = ended.unannounced[-1].transition
        self._tell_of_dropped(state, ended)
        self.scope.dependencies.store.record(ended, done)
        return done

    def _tell_of_dropped(self, before: GroupState, after: GroupState) -> None:
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
    """The refusal that speaks against the path. A route that could not be read was never asked of EC2."""
    refusals = [change.refusal for change in applied.failed if change.refusal is not None]
    moves = pending.from_path != pending.to_path and pending.kind is not TransitionKind.COMPLETION
    asked = [refusal for refusal in refusals if refusal.code != UNREADABLE]
    return barring.why_barred(asked, moves=moves, none_taken=none_taken)
