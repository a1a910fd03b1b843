"""One pass over one group: decide, commit, put in place, record. Level-triggered; any step may be repeated.

The order is what makes a crash harmless at every line (law 10). The desired path is committed first, together with
the transition that it starts (`pending`: what is about to be changed included) and the name of the invocation that
carries it out. The routes are changed next. Then the transition goes into history in the same write that ends it.
Whoever dies in between leaves `pending` behind, and the next pass goes on from there. People are told afterwards
(see `telling`), for nothing may wait for that.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from routekeeper.domain.errors import Ec2Error, RoutekeeperError, VersionConflict
from routekeeper.domain.group_state import GroupState, Transition, TransitionKind
from routekeeper.domain.path_health import Actual, health_of_paths
from routekeeper.domain.quorum import Verdict
from routekeeper.domain.refusal import About, Refusal
from routekeeper.domain.routing import Decision, Move, Stay, counted, decide, moved, stayed
from routekeeper.domain.settings import Group
from routekeeper.domain.steering import Route, actual, can_wait, differing, left_alone, paths_of
from routekeeper.ec2_errors import UNREADABLE
from routekeeper.measurements import Measurement, Metric
from routekeeper.router import transitions
from routekeeper.router.applying import Applied, put_in_place
from routekeeper.router.braking import Braking
from routekeeper.router.judging import Judging
from routekeeper.router.means import Means

LOG = logging.getLogger("routekeeper.router")

DECISION_ATTEMPTS: Final = 5
READ_PAUSES_SECONDS: Final = (0.25, 0.5, None)
"""After each attempt to read the routes; the last has none."""
BUSY_POLL_SECONDS: Final = 0.2
DEADLINE_MARGIN_SECONDS: Final = 3.0
READ_AGAIN_SECONDS: Final = 0.5
VERDICT_SECONDS: Final = 2.0
"""Where EC2 takes longer over a read, health is judged anew: nothing moves onto what was HEALTHY before (law 2)."""


class Busy(RoutekeeperError):
    """Another invocation has been changing this group's routes until our deadline."""


class _Late(RoutekeeperError):
    """What was decided on has grown old, or was not all that there was to know: decide again."""


@dataclass(frozen=True, slots=True)
class GroupPass:
    group: Group
    verdicts: Mapping[str, Verdict]
    judging: Judging
    """For when `verdicts` have grown old."""
    means: Means
    braking: Braking
    deadline_at: float

    @property
    def worker(self) -> str:
        return self.braking.worker

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
                return self._attempt(state, self.judging.anew() if waited else verdicts)
            except (VersionConflict, _Late):  # somebody saved in between: decide again on what they saved
                LOG.info("decided on what is old by now, deciding again", extra={"group": self.group.name})
                verdicts = self.judging.anew()
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
        asked_at = self.means.clock()
        routes, unread = self._read()
        if self.means.clock() - asked_at > VERDICT_SECONDS:
            verdicts = self.judging.anew()
        found = actual(self.group, routes)
        looked = counted(self.group, state, verdicts, self.means.clock())
        decision = decide(self.group, looked, verdicts, found, self.means.clock())
        if isinstance(decision, Stay) and decision.adopt is not None:
            state = looked = self._adopt(looked, decision.adopt, decision.reason)
            decision = decide(self.group, looked, verdicts, found, self.means.clock())
        decision = self._braked(looked, decision)
        if isinstance(decision, Stay):
            state = self._stay(state, looked, verdicts, found)
        LOG.log(
            logging.INFO if isinstance(decision, Move) else logging.DEBUG,
            "decided",
            extra={"group": self.group.name, "decision": decision, "actual": found},
        )
        if isinstance(decision, Move):
            state = self._commit_move(looked, decision, routes)
        elif decision.stranded:
            self._emit(Metric.NO_HEALTHY_PATH, 1)
        if unread is not None:
            routes = self._read_at_last(state, unread, decision)
        if isinstance(decision, Stay) and decision.halted:
            self._record_what_was_done(state, routes, decision.reason)
            return decision.reason
        if state.pending is not None:
            return self._converge(state, routes) or decision.reason
        left, held = self._left(state, verdicts if unread is None else self.judging.anew(), routes)
        state = self._remember_drift(state, left, routes)
        rest = tuple(route for route in routes if route not in left)
        return held or self._converge(state, rest) or decision.reason

    def _stay(
        self, state: GroupState, looked: GroupState, verdicts: Mapping[str, Verdict], found: Actual | None
    ) -> GroupState:
        """Save what a look that moves nothing is remembered for, where that differs from what is stored (`state`)."""
        after = stayed(self.group, looked, verdicts, found, self.means.clock())
        return state if after == state else self.means.store.save_group(after)

    def _adopt(self, state: GroupState, path: str, reason: str) -> GroupState:
        """Take the path that the routes are on as the desired one; whether to stay there is decided next."""
        return self.means.store.save_group(replace(state, path=path, since=self.means.clock(), reason=reason))

    def _read(self) -> tuple[tuple[Route, ...], Ec2Error | None]:
        """The routes now; where nothing can be read, the decision is taken on health alone."""
        for pause in READ_PAUSES_SECONDS:
            try:
                return self.means.steering(self.group).read(self.group), None
            except Ec2Error as error:
                if pause is None or error.final:
                    return (), error
                self.means.sleep(pause)
        raise AssertionError("the last attempt has no pause")

    def _read_at_last(self, state: GroupState, unread: Ec2Error, decision: Decision) -> tuple[Route, ...]:
        """Read again for as long as that may help and time is left: the decision is taken, the routes wait for it.

        Raises:
            _Late: it took so long that what was decided on may hold no more, or the routes had a say in it.
            Ec2Error: they cannot be read.
        """
        asked_at = self.means.clock()
        while not unread.final and self.means.clock() < self.deadline_at - DEADLINE_MARGIN_SECONDS:
            self.means.sleep(READ_AGAIN_SECONDS)
            routes, error = self._read()
            if error is None:
                if self.means.clock() - asked_at > VERDICT_SECONDS:
                    raise _Late(f"group {self.group.name}: its routes could not be read for a while")
                if isinstance(decision, Stay) and state.pending is not None:
                    raise _Late(f"group {self.group.name}: a transition from before was looked at without its routes")
                return routes
            unread = error
        self._emit(Metric.STEERING_FAILURES, 1)
        self._step_back(state)
        raise unread

    # --- deciding ---------------------------------------------------------------------------------------------

    def _commit_move(self, state: GroupState, move: Move, routes: tuple[Route, ...]) -> GroupState:
        transition = transitions.of_move(state, move, self.means.clock())
        return self._commit(moved(state, move, transition.decided_at), transition, routes)

    def _commit(self, state: GroupState, transition: Transition, routes: tuple[Route, ...]) -> GroupState:
        """Save the desired path with the transition it starts. One that never got recorded goes into history now."""
        transition = transitions.with_plan(transition, self.group, routes)
        begun = replace(state, pending=transition, worker=self.worker, worker_until=self.deadline_at)
        if state.pending is None:
            return self.means.store.save_group(begun)
        overtaken = transitions.overtaken(state.pending, self.group, routes, by=transition)
        told = transitions.to_be_told(begun, overtaken, self.worker, self.means.clock())
        return self.means.store.record(told, overtaken)

    def _braked(self, state: GroupState, decision: Decision) -> Decision:
        """The decision, or to stay where it can wait and the brake holds it."""
        if isinstance(decision, Stay) or not decision.brakable or (held := self._hold(state)) is None:
            return decision
        return Stay(f"{decision.reason}, but {held}")

    def _left(
        self, state: GroupState, verdicts: Mapping[str, Verdict], routes: tuple[Route, ...]
    ) -> tuple[tuple[Route, ...], str | None]:
        """The routes that somebody else has changed and that stay so; why, where it is the brake that holds them."""
        path, now = self.group.path(state.path) if state.path is not None else None, self.means.clock()
        if path is None:
            return (), None
        left = left_alone(self.group, state, verdicts, routes, now)
        if left:
            where = {route.resource: str(route) for route in left}
            LOG.warning("drift left as it is", extra={"group": self.group.name, "path": path.name, "routes": where})
        drifted = tuple(one for one in differing(routes, path) if one.unread is None and one not in left)
        health = health_of_paths(self.group, state, verdicts, actual(self.group, routes), now)
        if not drifted or not can_wait(self.group, drifted, health) or (held := self._hold(state)) is None:
            return left, None
        return (*left, *drifted), f"somebody else changed the routes; putting them right is {held}"

    def _remember_drift(self, state: GroupState, left: tuple[Route, ...], routes: tuple[Route, ...]) -> GroupState:
        """Save where the routes are that are left; what is about to be put right is forgotten once it is."""
        path = self.group.path(state.path) if state.path is not None else None
        coming = path is not None and any(route not in left for route in differing(routes, path))
        now = set(paths_of(self.group, left)) | (set(state.drifted) if coming else set())
        names = [one.name for one in self.group.paths]
        after = state.remembering({name: replace(state.memory(name), drifted=name in now) for name in names})
        return state if after == state else self.means.store.save_group(after)

    def _hold(self, state: GroupState) -> str | None:
        """Why a transition that can wait has to; None once it has its slot under the brake (law 12)."""
        asked_at = self.means.clock()
        held = self.braking.hold(transitions.next_id(state))
        if self.means.clock() - asked_at > VERDICT_SECONDS:
            raise _Late(f"group {self.group.name}: the brake's ledger was slow")
        return held

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
            if all(route.unread is not None for route in todo):
                self._emit(Metric.STEERING_FAILURES, len(todo))
                raise Ec2Error(
                    "; ".join(f"{route.resource}: {route.unread}" for route in todo), UNREADABLE, About.ROUTE
                )
            state = self._commit(state, transitions.of_drift(state, path, todo, self.means.clock()), routes)
            self._emit(Metric.DRIFT, 1)
        else:
            state = self._take_up(state, state.pending, todo)
        until = self.deadline_at - DEADLINE_MARGIN_SECONDS
        applied = put_in_place(self.group, todo, path, self.means, until, lambda: self._is_wanted(state, routes))
        if applied.outdated:
            raise _Late(f"group {self.group.name}: {path.name} was no longer wanted when EC2 took no change yet")
        return self._record(state, applied)

    def _take_up(self, state: GroupState, pending: Transition, todo: tuple[Route, ...]) -> GroupState:
        """The state with this invocation at it, and with all that is about to be changed: routes read late, too."""
        planned = transitions.with_plan(pending, self.group, todo)
        if planned == pending and state.worker == self.worker:
            return state
        taken = replace(state, pending=planned, worker=self.worker, worker_until=self.deadline_at)
        return self.means.store.save_group(taken)

    def _is_wanted(self, state: GroupState, routes: tuple[Route, ...]) -> bool:
        """Whether what was decided would still be: nothing has been changed since the routes were read."""
        verdicts = self.judging.at_best()
        decision = decide(self.group, state, verdicts, actual(self.group, routes), self.means.clock())
        return decision.brakable if isinstance(decision, Move) else not decision.halted

    def _record(self, state: GroupState, applied: Applied) -> str:
        """Write what was done into history, and what is still owed into the group."""
        if applied.failed:
            self._emit(Metric.STEERING_FAILURES, len(applied.failed))
        if applied.owed and not applied.changed and not _has_begun(state, applied):
            self._step_back(state)
            raise applied.error()
        done = self._close(state, applied)
        self._measure(done)
        if applied.failed:
            raise applied.error()
        return f"{done.kind.value}: {done.from_path} to {done.to_path}"

    def _record_what_was_done(self, state: GroupState, routes: tuple[Route, ...], why_not: str) -> None:
        """While nothing may be touched: what had been changed before goes into history all the same (law 7)."""
        if state.pending is None or not state.pending.changes:
            return
        changes = transitions.known(state.pending, self.group, routes, Refusal(transitions.HALTED, why_not))
        owed = any(change.refusal is not None for change in changes)
        if not all(change.refusal is not None for change in changes):
            self._close(state, Applied(changes, self.means.clock(), owed))

    def _close(self, state: GroupState, applied: Applied) -> Transition:
        assert state.pending is not None  # noqa: S101 - only a state with a pending transition is closed
        ended = transitions.closed(state, state.pending, applied, self.worker, self.means.clock())
        done = ended.unannounced[-1].transition
        self.means.store.record(ended, done)
        return done

    def _step_back(self, state: GroupState) -> None:
        """Let others try at once what could not be done here."""
        if state.worker == self.worker:
            self.means.store.save_group(replace(state, worker=None))

    def _measure(self, done: Transition) -> None:
        self._emit(Metric.TRANSITIONS, 1)
        if done.detection_seconds is not None:
            self._emit(Metric.DETECTION_SECONDS, done.detection_seconds)
        if done.steering_seconds is not None and done.kind is TransitionKind.FAILOVER:
            self._emit(Metric.STEERING_SECONDS, done.steering_seconds)

    def _emit(self, metric: Metric, value: float) -> None:
        self.means.emit(Measurement(metric, value))
        self.means.emit(Measurement(metric, value, {"group": self.group.name}))


def _has_begun(state: GroupState, applied: Applied) -> bool:
    """Whether an earlier pass, which died before it could record it, has changed some of what was planned (law 7)."""
    left = {change.resource for change in applied.changes}
    return state.pending is not None and any(change.resource not in left for change in state.pending.changes)
