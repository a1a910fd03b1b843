"""Laws 6 and 7: what people have asked for, and what they are told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from lab.simulator import store
from lab.simulator.mutants.mutant import Mutant, Swap, always
from routekeeper.domain import candidates, remembering
from routekeeper.domain.group_state import GroupState
from routekeeper.operator.fields import Fields
from routekeeper.router import applying, group_pass
from routekeeper.router.carrying_out import CarryingOut


def _pauses_are_ignored() -> tuple[Swap, ...]:
    return ((GroupState, "paused_at", always(None)),)


def _pins_get_lost() -> tuple[Swap, ...]:
    def mutated(state: Any, move: Any, now: float) -> Any:
        return replace(before(state, move, now), pin=None)

    before = remembering.moved
    return ((group_pass, "moved", mutated),)


def _pins_last_for_ever() -> tuple[Swap, ...]:
    def mutated(self: Any, now: float, default: float) -> float:
        del self, default
        return now + 3650 * 86_400

    return ((Fields, "expiry", mutated),)


def _restarter_ignores_pauses() -> tuple[Swap, ...]:
    return ((candidates, "_paused", always(None)),)


def _history_is_forgotten() -> tuple[Swap, ...]:
    def mutated(self: Any, state: Any, transition: Any) -> Any:
        del transition
        return self.save_group(state)

    return ((store.PassedStore, "record", mutated),)


def _every_try_is_an_event() -> tuple[Swap, ...]:
    def mutated(self: Any, state: Any, transition: Any) -> Any:
        saved = before(self, state, transition)
        again = replace(transition, decided_at=transition.decided_at + 0.001)
        return before(self, replace(saved), again)

    before = store.PassedStore.record
    return ((store.PassedStore, "record", mutated),)


def _changes_before_commit() -> tuple[Swap, ...]:
    def mutated(self: Any, state: Any, routes: Any) -> Any:
        scope = self.scope
        path = scope.group.path(state.path) if state.path is not None else None
        todo = routes.differing(routes, path) if path is not None else ()
        if path is not None and state.pending is None and todo:
            applying.put_in_place(scope.group, todo, path, scope.dependencies, scope.deadline_at, lambda: True)
            return "drift put right"
        return before(self, state, routes)

    before = CarryingOut.converge
    return ((CarryingOut, "converge", mutated),)


MUTANTS: Final = (
    Mutant("pauses-are-ignored", 6, "nobody looks at pauses", _pauses_are_ignored, bitten_by=60),
    Mutant("pins-get-lost", 6, "a move forgets the pin that asked for it", _pins_get_lost, bitten_by=9),
    Mutant("pins-last-for-ever", 6, "a pin or a pause may last ten years", _pins_last_for_ever, bitten_by=0),
    Mutant(
        "restarter-ignores-pauses",
        6,
        "instances of paused groups are restarted",
        _restarter_ignores_pauses,
        bitten_by=34,
    ),
    Mutant(
        "history-is-forgotten",
        7,
        "the end of a transition is saved without its event",
        _history_is_forgotten,
        bitten_by=0,
    ),
    Mutant("every-try-is-an-event", 7, "a transition is recorded under two times", _every_try_is_an_event, bitten_by=0),
    Mutant("changes-before-commit", 7, "drift is put right without a transition", _changes_before_commit, bitten_by=0),
)
