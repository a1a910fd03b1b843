"""Laws 10 and 11: deaths, races, and one group beside another."""

from __future__ import annotations

from typing import Any, Final

from lab.simulator import pool
from lab.simulator.mutants.mutant import Mutant, Swap
from routekeeper.monitor.tenure import Tenure
from routekeeper.router import group_pass
from routekeeper.router.carrying_out import CarryingOut
from routekeeper.router.group_pass import GroupPass
from routekeeper.store import writes


def _the_dead_hold_their_claim() -> tuple[Swap, ...]:
    def mutated(self: Any) -> Any:
        scope = self.scope
        state = scope.dependencies.store.load_group(scope.group.name)
        if state.worker not in (None, scope.worker):
            raise group_pass.Busy(f"group {scope.group.name} is {state.worker}'s")
        return state, False

    return ((GroupPass, "_wait_for_turn", mutated),)


def _half_done_is_done() -> tuple[Swap, ...]:
    def mutated(self: Any, state: Any, routes: Any) -> Any:
        if state.pending is not None and state.worker != self.scope.worker:
            return None
        return before(self, state, routes)

    before = CarryingOut.converge
    return ((CarryingOut, "converge", mutated),)


def _leases_are_not_granted() -> tuple[Swap, ...]:
    async def mutated(self: Any) -> None:
        del self

    return ((Tenure, "grant", mutated),)


def _last_writer_wins() -> tuple[Swap, ...]:
    def mutated(condition: Any, stored: Any) -> bool:
        return isinstance(condition, writes.IfVersion) or before(condition, stored)

    before = writes.is_met
    return ((writes, "is_met", mutated),)


def _one_group_after_another() -> tuple[Swap, ...]:
    def mutated(self: Any, function: Any, /, *arguments: Any) -> Any:
        promise = before(self, function, *arguments)
        self.kernel.join([promise.task])
        return promise

    before = pool.CooperativePool.submit
    return ((pool.CooperativePool, "submit", mutated),)


MUTANTS: Final = (
    Mutant(
        "the-dead-hold-their-claim",
        10,
        "the claim of an invocation that died never runs out",
        _the_dead_hold_their_claim,
        bitten_by=72,
    ),
    Mutant(
        "half-done-is-done", 10, "nobody goes on with what a dead invocation left", _half_done_is_done, bitten_by=72
    ),
    Mutant(
        "leases-are-not-granted",
        10,
        "a monitor leaves without handing its lease on",
        _leases_are_not_granted,
        bitten_by=7,
    ),
    Mutant("last-writer-wins", 10, "versions are not compared", _last_writer_wins, bitten_by=9),
    Mutant("one-group-after-another", 11, "groups wait for each other", _one_group_after_another, bitten_by=77),
)
