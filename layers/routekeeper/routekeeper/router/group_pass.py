"""One pass over one group: decide, commit, put in place, record, tell. Level-triggered; any step may be repeated.

The order is what makes a crash harmless at every line (law 10). The desired path is committed first, together with
the transition that it starts (`pending`) and the name of the invocation that carries it out. The routes are changed
next. Then the transition goes into history in the same write that ends it. Whoever dies in between leaves `pending`
behind, and the next pass goes on from there.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from routekeeper.domain.errors import AnnouncementError, Ec2Error, RoutekeeperError, VersionConflict
from routekeeper.domain.quorum import Verdict
from routekeeper.domain.routing import Decision, GroupState, Move, Stay, Transition, TransitionKind, decide, moved
from routekeeper.domain.settings import Group, Path
from routekeeper.domain.steering import Route, actual, differing
from routekeeper.measurements import Measurement, Metric
from routekeeper.router.applying import Applied, put_in_place
from routekeeper.router.means import Means

LOG = logging.getLogger("routekeeper.router")

DECISION_ATTEMPTS: Final = 5
BUSY_POLL_SECONDS: Final = 0.2
DEADLINE_MARGIN_SECONDS: Final = 3.0
UNTOLD_LIMIT: Final = 10
"""Transitions that are kept until people could be told; older ones stay in history only."""


class Busy(RoutekeeperError):
    """Another invocation has been changing this group's routes until our deadline."""


@dataclass(frozen=True, slots=True)
class GroupPass:
    group: Group
    verdicts: Mapping[str, Verdict]
    judge: Callable[[], Mapping[str, Verdict]]
    """Judges anew on what the table holds now; for when `verdicts` have grown old."""
    means: Means
    worker: str
    deadline_at: float

    def run(self) -> str:
        """Bring the group where it should be; what was done, in words.

        Raises:
            Ec2Error: some routes could not be read or changed. What could be done was done and recorded.
            StoreError: the group could not be read or saved.
            Busy: another invocation was at it all the time.
        """
        verdicts = self.verdicts
        for _ in range(DECISION_ATTEMPTS):
            state, waited = self._wait_for_turn()
            try:
                return self._attempt(state, self.judge() if waited else verdicts)
            except VersionConflict:  # somebody saved in between: decide again on what they saved
                LOG.info("decided on an old version, deciding again", extra={"group": self.group.name})
                verdicts = self.judge()
        raise VersionConflict(f"group {self.group.name}: lost {DECISION_ATTEMPTS} races in a row")

    def _wait_for_turn(self) -> tuple[GroupState, bool]:
        """The group's state once no other invocation is changing its routes, and whether one was."""
        waited = False
        while True:
            state = self.means.store.load_group(self.group.name)
            now = self.means.clock()
            if state.worker in (None, self.worker) or now >= state.worker_until:
                return state, waited
            waited = True
            if now >= self.deadline_at - DEADLINE_MARGIN_SECONDS:
                raise Busy(f"group {self.group.name}: {state.worker} is changing its routes")
            self.means.sleep(BUSY_POLL_SECONDS)

    def _attempt(self, state: GroupState, verdicts: Mapping[str, Verdict]) -> str:
        routes, unread = self._read()
        found = actual(self.group, routes)
        decision = decide(self.group, state, verdicts, found, self.means.clock())
        if isinstance(decision, Stay) and decision.adopt is not None:
            state = self._adopt(state, decision.adopt, decision.reason)
            decision = decide(self.group, state, verdicts, found, self.means.clock())
        LOG.log(
            logging.INFO if isinstance(decision, Move) else logging.DEBUG,
            "decided",
            extra={"group": self.group.name, "decision": decision, "actual": found},
        )
        state = self._tell(self._commit_decision(state, decision))
        if isinstance(decision, Stay) and decision.halted:
            return decision.reason
        if unread is not None:
            self._emit(Metric.STEERING_FAILURES, 1)
            self._step_back(state)
            raise unread
        return self._converge(state, routes) or decision.reason

    def _commit_decision(self, state: GroupState, decision: Decision) -> GroupState:
        if isinstance(decision, Move):
            return self._commit_move(state, decision)
        if decision.stranded:
            self._emit(Metric.NO_HEALTHY_PATH, 1)
        return state

    def _adopt(self, state: GroupState, path: str, reason: str) -> GroupState:
        """Take the path that the routes are on as the desired one; whether to stay there is decided next."""
        return self.means.store.save_group(replace(state, path=path, since=self.means.clock(), reason=reason))

    def _read(self) -> tuple[tuple[Route, ...], Ec2Error | None]:
        """The routes now; where nothing can be read, the decision is taken on health alone."""
        try:
            return self.means.steering(self.group).read(self.group), None
        except Ec2Error as error:
            return (), error

    # --- deciding ---------------------------------------------------------------------------------------------

    def _commit_move(self, state: GroupState, move: Move) -> GroupState:
        transition = Transition(
            id=self._next_id(state),
            group=self.group.name,
            kind=move.kind,
            from_path=state.path,
            to_path=move.to,
            reason=move.reason,
            decided_at=self.means.clock(),
            first_loss_at=move.first_loss_at,
            verdict_at=move.verdict_at,
            asked=move.asked,
        )
        return self._commit(moved(state, move, transition.decided_at), transition)

    def _commit(self, state: GroupState, transition: Transition) -> GroupState:
        """Save the desired path with the transition it starts. One that never got recorded goes into history now."""
        begun = replace(state, pending=transition, worker=self.worker, worker_until=self.deadline_at)
        if state.pending is None:
            return self.means.store.save_group(begun)
        overtaken = replace(state.pending, reason=f"{state.pending.reason}; overtaken by {transition.id}")
        return self.means.store.record(self._untold(begun, overtaken), overtaken)

    def _next_id(self, state: GroupState) -> str:
        return f"{self.group.name}-{state.version + 1}"

    # --- applying ---------------------------------------------------------------------------------------------

    def _converge(self, state: GroupState, routes: tuple[Route, ...]) -> str | None:
        """Make the routes what is desired and record it; None where they already were and nothing was owed."""
        path = self.group.path(state.path) if state.path is not None else None
        if path is None:
            return None
        todo = differing(routes, path)
        if state.pending is None:
            if not todo:
                return None
            if all(route.error is not None for route in todo):
                self._emit(Metric.STEERING_FAILURES, len(todo))
                raise Ec2Error("; ".join(f"{route.resource}: {route.error}" for route in todo), "Unreadable")
            state = self._commit(state, self._drift(state, path, todo))
        elif state.worker != self.worker:
            state = self.means.store.save_group(replace(state, worker=self.worker, worker_until=self.deadline_at))
        applied = put_in_place(self.group, todo, path, self.means, self.deadline_at - DEADLINE_MARGIN_SECONDS)
        return self._record(state, applied)

    def _drift(self, state: GroupState, path: Path, todo: tuple[Route, ...]) -> Transition:
        self._emit(Metric.DRIFT, 1)
        found = "; ".join(f"{route.resource} is on {route}" for route in todo)
        return Transition(
            id=self._next_id(state),
            group=self.group.name,
            kind=TransitionKind.DRIFT,
            from_path=path.name,
            to_path=path.name,
            reason=f"somebody else changed the routes: {found}",
            decided_at=self.means.clock(),
        )

    def _record(self, state: GroupState, applied: Applied) -> str:
        """Write what was done into history, and what is still owed into the group."""
        pending = state.pending
        assert pending is not None  # noqa: S101 - only a state with a pending transition is applied
        if applied.failed:
            self._emit(Metric.STEERING_FAILURES, len(applied.failed))
        if applied.owed and not applied.changed:
            self._step_back(state)
            raise applied.error()
        done = replace(pending, changes=applied.changes, applied_at=applied.at)
        rest = self._completion(state, pending) if applied.owed else None
        ended = self._untold(replace(state, pending=rest, worker=None), done)
        state = self.means.store.record(ended, done)
        self._measure(done)
        self._tell(state)
        if applied.failed:
            raise applied.error()
        return f"{done.kind.value}: {done.from_path} to {done.to_path}"

    def _step_back(self, state: GroupState) -> None:
        """Let others try at once what could not be done here."""
        if state.worker == self.worker:
            self.means.store.save_group(replace(state, worker=None))

    def _completion(self, state: GroupState, pending: Transition) -> Transition:
        """The transition for the routes that could not be changed yet."""
        return replace(
            pending,
            id=self._next_id(state),
            kind=TransitionKind.COMPLETION,
            reason=f"the rest of {pending.id}: {pending.reason}",
            first_loss_at=None,
            verdict_at=None,
            decided_at=self.means.clock(),
        )

    # --- telling ----------------------------------------------------------------------------------------------

    def _untold(self, state: GroupState, transition: Transition) -> GroupState:
        return replace(state, unannounced=(*state.unannounced, transition)[-UNTOLD_LIMIT:])

    def _tell(self, state: GroupState) -> GroupState:
        """Announce what is recorded and not yet told. At least once: only a crash between both repeats it."""
        if not state.unannounced:
            return state
        told = 0
        try:
            for transition in state.unannounced:
                self.means.announcer.transition(transition)
                told += 1
        except AnnouncementError as error:
            LOG.warning("people not told", extra={"group": self.group.name, "error": str(error)})
        if not told:
            return state
        return self.means.store.save_group(replace(state, unannounced=state.unannounced[told:]))

    def _measure(self, done: Transition) -> None:
        self._emit(Metric.TRANSITIONS, 1)
        if done.detection_seconds is not None:
            self._emit(Metric.DETECTION_SECONDS, done.detection_seconds)
        if done.steering_seconds is not None and done.kind is TransitionKind.FAILOVER:
            self._emit(Metric.STEERING_SECONDS, done.steering_seconds)

    def _emit(self, metric: Metric, value: float) -> None:
        self.means.emit(Measurement(metric, value))
        self.means.emit(Measurement(metric, value, {"group": self.group.name}))
