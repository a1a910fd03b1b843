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

from routekeeper.domain.deciding import decide
from routekeeper.domain.decision import Move
from routekeeper.domain.errors import Ec2Error
from routekeeper.domain.group_state import GroupState, Transition, TransitionKind
from routekeeper.domain.refusal import Refusal
from routekeeper.domain.routes import Route, differing, put_on
from routekeeper.domain.settings import Path
from routekeeper.domain.view import View
from routekeeper.router import transitions
from routekeeper.router.applying import Applied, put_in_place
from routekeeper.router.recording import Recording, is_outranked
from routekeeper.router.scope import Scope
from routekeeper.telemetry.measurements import Metric

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
        if self._is_told(state, overtaken):
            return scope.save(begun)
        told = transitions.to_be_told(begun, overtaken, scope.worker, scope.now())
        Recording(self.scope).tell_of_dropped(begun, told)
        return scope.dependencies.store.record(told, overtaken)

    def converge(self, state: GroupState, routes: Routes, others: Routes = ()) -> str | None:
        """Make the routes what is desired and record it; None if they already were and nothing was owed.

        `others` are the group's routes that are left as they are.

        Raises:
            Barred: EC2 refuses the path. It is to be decided anew.
            Late: the path was no longer wanted when EC2 had taken no change yet.
            Ec2Error: some routes could not be read or changed. What could be done was done and recorded.
        """
        path = self.scope.group.path(state.path) if state.path is not None else None
        if path is None:
            return None
        todo = differing(routes, path)
        if state.pending is not None:
            self._refuse_unproven(state.pending, routes)
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
        return Recording(self.scope).record(state, applied, after)

    def record_what_was_done(self, state: GroupState, routes: Routes, why_not: str) -> None:
        """Put what had been changed before into history, although nothing may be touched now (law 7)."""
        if state.pending is None or not state.pending.changes:
            return
        halted = Refusal(transitions.HALTED, why_not)
        changes = transitions.known(state.pending, self.scope.group, routes, halted)
        owed = any(change.refusal is not None for change in changes)
        if not all(change.refusal is not None for change in changes):
            Recording(self.scope).close(state, Applied(changes, self.scope.now(), owed), routes)

    def _is_told(self, state: GroupState, overtaken: Transition) -> bool:
        """Whether nothing of it was done, and an earlier line of history has what EC2 refuses of it."""
        nothing = all(change.refusal is not None for change in overtaken.changes)
        barred = state.memory(overtaken.to_path).bar is not None
        return overtaken.kind is TransitionKind.COMPLETION and nothing and barred

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

    def _refuse_unproven(self, pending: Transition, routes: Routes) -> None:
        """Close nothing that was outranked while nobody can look for the moment whether it still is."""
        outranked = {change.resource for change in pending.changes if is_outranked(change)}
        for route in routes:
            if route.resource in outranked and route.unchecked is not None and not route.unchecked.final:
                self.scope.emit(Metric.STEERING_FAILURES, 1)
                raise Ec2Error.of(route.unchecked, f"{route.resource} may still be outranked: {route.unchecked}")

    def _is_wanted(self, state: GroupState, routes: Routes) -> bool:
        """Whether the same would be decided now. Nothing has been changed since the routes were read."""
        verdicts = self.scope.evidence.at_best()
        decision = decide(View.of(self.scope.group, state, verdicts, routes, self.scope.now()))
        return decision.brakable if isinstance(decision, Move) else not decision.halted
