"""One pass over one group: decide, commit, put in place, record. It is level-triggered: any step may be repeated.

`carrying_out` says what is committed in which order, and why a crash is harmless at every line. People are told
afterwards (`telling`), because nothing may wait for that.

Why: docs/decisions/level-triggered-router.md
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, replace
from typing import Final

from routekeeper.domain import barring
from routekeeper.domain.deciding import decide
from routekeeper.domain.decision import Decision, Move, Stay
from routekeeper.domain.drift import can_wait, left_alone
from routekeeper.domain.errors import Ec2Error, RoutekeeperError, VersionConflict
from routekeeper.domain.group_state import GroupState
from routekeeper.domain.remembering import counted, moved, stayed
from routekeeper.domain.routes import Route, differing, paths_of
from routekeeper.domain.verdicts import Verdicts
from routekeeper.domain.view import View
from routekeeper.router import transitions
from routekeeper.router.carrying_out import CarryingOut
from routekeeper.router.reading import Reading
from routekeeper.router.scope import VERDICT_SECONDS, Barred, Late, Scope
from routekeeper.telemetry.measurements import Measurement, Metric

LOG = logging.getLogger("routekeeper.router")

DECISION_ATTEMPTS: Final = 8
TRIES_OF_A_PATH: Final = 2
"""Of one that EC2 refuses, in one pass: a second one if it may only have been slow to know it."""
STALE_SECONDS: Final = 10.0
"""How long after a change of our own a read may show what was before. EC2 gives no figure ("Eventual consistency")."""
STALE_PAUSE_SECONDS: Final = 2.0
BUSY_POLL_SECONDS: Final = 0.2


class Busy(RoutekeeperError):
    """Another invocation has been changing this group's routes until our deadline."""


@dataclass(frozen=True, slots=True)
class GroupPass:
    scope: Scope
    verdicts: Verdicts

    def run(self) -> str:
        """Bring the group where it should be. Returns what was done, in words.

        Raises:
            Ec2Error: some routes could not be read or changed. What could be done was done and recorded.
            StoreError: the group could not be read or saved.
            Busy: another invocation was changing its routes all the time.
        """
        verdicts = self.verdicts
        attempts = DECISION_ATTEMPTS + TRIES_OF_A_PATH * len(self.scope.group.paths)
        for _ in range(attempts):
            state, waited = self._wait_for_turn()
            try:
                return self._attempt(state, self.scope.evidence.anew() if waited else verdicts)
            except Barred as barred:  # the next path, at once (law 4)
                LOG.info("deciding again", extra={"why": str(barred)})
                verdicts = self.scope.evidence.at_best()
            except (VersionConflict, Late):  # somebody saved in between: decide again on what they saved
                LOG.info("decided on what is old by now, deciding again")
                verdicts = self.scope.evidence.anew()
        raise VersionConflict(f"group {self.scope.group.name}: decided {attempts} times, and no decision could be kept")

    def _wait_for_turn(self) -> tuple[GroupState, bool]:
        """The group's state once no other invocation is changing its routes, and whether one was."""
        waited, scope = False, self.scope
        while True:
            state = scope.dependencies.store.load_group(scope.group.name)
            now = scope.now()
            if (other := state.worked_on_at(now, by_another_than=scope.worker)) is None:
                if unbelieved := state.unbelieved_at(now):
                    LOG.warning("the end of a turn is too far away to be waited for", extra={"ends": unbelieved})
                return state, waited
            waited = True
            if now >= scope.act_until:
                raise Busy(f"group {scope.group.name}: {other} is changing its routes")
            scope.dependencies.sleep(BUSY_POLL_SECONDS)

    def _attempt(self, state: GroupState, verdicts: Verdicts) -> str:
        scope, carrying_out = self.scope, CarryingOut(self.scope)
        asked_at = scope.now()
        routes, unread = Reading(scope).now()
        if scope.now() - asked_at > VERDICT_SECONDS:
            verdicts = scope.evidence.anew()
        known = transitions.with_routes(self._known(state), scope.group, routes, scope.now())
        view, decision = self._decide(View.of(scope.group, known, verdicts, routes, scope.now()), state)
        state = view.state
        if unread is not None:
            routes = self._read_at_last(state, unread, decision)
        self._tell_of_bars(state)
        if isinstance(decision, Stay) and decision.stranded:
            self._wait_out_lag(view)
        if isinstance(decision, Stay) and decision.halted:
            carrying_out.record_what_was_done(state, routes, decision.reason)
            return decision.reason
        if state.pending is not None:
            return carrying_out.converge(state, routes) or decision.reason
        if unread is not None:  # that took its time
            view = View.of(scope.group, state, scope.evidence.anew(), routes, scope.now())
        self._wait_out_stale_reads(view)
        left, held = self._left(view)
        state = self._remember_drift(state, left, routes)
        rest = tuple(route for route in routes if route not in left)
        return held or carrying_out.converge(state, rest, left) or decision.reason

    def _decide(self, view: View, stored: GroupState) -> tuple[View, Decision]:
        """What to do, and the view with that committed."""
        view = view.knowing(counted(view))
        decision = decide(view)
        if isinstance(decision, Stay) and decision.adopt is not None:
            stored = self._adopt(view.state, decision.adopt, decision.reason)
            view = replace(view, state=stored, now=self.scope.now())
            decision = decide(view)
        decision = self._braked(view.state, decision)
        if isinstance(decision, Stay):
            view = view.knowing(self._stay(stored, view))
        level = logging.INFO if isinstance(decision, Move) else logging.DEBUG
        extra = {"decision": decision, "actual": view.actual}
        LOG.log(level, "decided", extra=extra)
        if isinstance(decision, Move):
            view = view.knowing(self._begin(view, decision))
        elif decision.stranded:
            self.scope.emit(Metric.NO_HEALTHY_PATH, 1)
        return view, decision

    def _begin(self, view: View, move: Move) -> GroupState:
        now = self.scope.now()
        transition = transitions.of_move(view.state, move, now)
        return CarryingOut(self.scope).begin(moved(view.state, move, now), transition, view.routes)

    def _read_at_last(self, state: GroupState, unread: Ec2Error, decision: Decision) -> tuple[Route, ...]:
        try:
            matters = isinstance(decision, Stay) and state.pending is not None
            return Reading(self.scope).at_last(unread, matters=matters)
        except Ec2Error:
            self.scope.emit(Metric.STEERING_FAILURES, 1)
            CarryingOut(self.scope).step_back(state)
            raise

    def _stay(self, stored: GroupState, view: View) -> GroupState:
        """Save what is remembered after a look that moves nothing, if it differs from what is stored."""
        after = stayed(view, self.scope.now())
        return after if after == stored else self.scope.save(after)

    def _adopt(self, state: GroupState, path: str, reason: str) -> GroupState:
        """Take the path that the routes are on as the desired one; whether to stay there is decided next."""
        return self.scope.save(replace(state, path=path, since=self.scope.now(), reason=reason))

    # --- what EC2 refuses, and what it shows late

    def _known(self, state: GroupState) -> GroupState:
        """The state without the bars that a deployment has ended."""
        release = barring.name(self.scope.dependencies.release)
        bars = ((name, memory.bar) for name, memory in state.paths.items())
        return state.without_bars(name for name, bar in bars if bar is not None and bar.release != release)

    def _tell_of_bars(self, state: GroupState) -> None:
        """While EC2 refuses a path, keep the alarm on routes up."""
        barred = sum(state.memory(path.name).bar is not None for path in self.scope.group.paths)
        if barred:
            self.scope.emit(Metric.BARRED_PATHS, barred)
            self.scope.dependencies.emit(Measurement(Metric.STEERING_FAILURES, 1))

    def _wait_out_lag(self, view: View) -> None:
        """With nowhere to go, wait for a path that EC2 may only be slow to know.

        Raises:
            Late: its time has come.
        """
        now = self.scope.now()
        soonest = min((bar.next_try_at for bar in view.bars.values()), default=math.inf)
        if soonest <= min(now + barring.LAG_SECONDS, self.scope.act_until):
            self.scope.dependencies.sleep(max(0.0, soonest - now))
            raise self.scope.late("EC2 may know by now what it did not find")

    def _wait_out_stale_reads(self, view: View) -> None:
        """Read again what looks like somebody else's change, soon after one of our own.

        Raises:
            Late: it is to be read again.
        """
        path, applied_at, now = view.desired, view.state.applied_at, self.scope.now()
        if path is None or applied_at is None or not 0 <= now - applied_at < STALE_SECONDS:
            return
        if all(route.unread is not None for route in differing(view.routes, path)):
            return
        if now + STALE_PAUSE_SECONDS < self.scope.act_until:
            self.scope.dependencies.sleep(STALE_PAUSE_SECONDS)
            raise self.scope.late("what was read may be older than our own change")

    # --- what the brake holds, and what drift is left

    def _braked(self, state: GroupState, decision: Decision) -> Decision:
        """The decision, or to stay if it can wait and the brake holds it."""
        if isinstance(decision, Stay) or not decision.brakable or (held := self._take_slot(state)) is None:
            return decision
        return Stay(f"{decision.reason}, but {held}")

    def _take_slot(self, state: GroupState) -> str | None:
        """Why a transition that can wait has to wait; None once it has its slot under the brake (law 12)."""
        asked_at = self.scope.now()
        held = self.scope.braking.take_slot(transitions.next_id(state))
        if self.scope.now() - asked_at > VERDICT_SECONDS:
            raise self.scope.late("the brake's ledger was slow")
        return held

    def _left(self, view: View) -> tuple[tuple[Route, ...], str | None]:
        """The routes that somebody else has changed and that stay so, and why if it is the brake that holds them."""
        path = view.desired
        if path is None:
            return (), None
        left = left_alone(view)
        if left:
            where = {route.resource: str(route) for route in left}
            LOG.warning("drift left as it is", extra={"path": path.name, "routes": where})
        drifted = tuple(one for one in differing(view.routes, path) if one.unread is None and one not in left)
        if not drifted or not can_wait(view, drifted) or (held := self._take_slot(view.state)) is None:
            return left, None
        return (*left, *drifted), f"somebody else changed the routes; putting them right is {held}"

    def _remember_drift(self, state: GroupState, left: tuple[Route, ...], routes: tuple[Route, ...]) -> GroupState:
        """Save the paths that routes are left on. A path whose routes are being put right is forgotten after that."""
        group = self.scope.group
        path = group.path(state.path) if state.path is not None else None
        coming = path is not None and any(route not in left for route in differing(routes, path))
        now = set(paths_of(group, left)) | (set(state.drifted) if coming else set())
        names = [one.name for one in group.paths]
        after = state.remembering({name: replace(state.memory(name), drifted=name in now) for name in names})
        return state if after == state else self.scope.save(after)
