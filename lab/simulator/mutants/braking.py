"""Law 12: the brake."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from lab.simulator.mutants.mutant import Mutant, Swap
from routekeeper.domain import (
    brake,
    ladder,
)
from routekeeper.domain.decision import Move
from routekeeper.router.braking import Braking


def _the_brake_is_ignored() -> tuple[Swap, ...]:
    def mutated(ledger: Any, rule: Any, transition: str, now: float) -> Any:
        granted = before(replace(ledger, engaged_at=None), replace(rule, moves=1000), transition, now)
        return replace(granted, moves=granted.moves[-rule.moves :], engaged_at=ledger.engaged_at)

    before = brake.admit
    return ((brake, "admit", mutated),)


def _leaving_is_braked() -> tuple[Swap, ...]:
    def mutated(view: Any, current: Any, best: Any) -> Any:
        found = before(view, current, best)
        return replace(found, brakable=True) if isinstance(found, Move) else found

    before = ladder._leave
    return ((ladder, "_leave", mutated),)


def _leaving_does_not_count() -> tuple[Swap, ...]:
    def mutated(self: Any, done: Any) -> frozenset[str]:
        del self
        return frozenset(one.id for one in done)

    return ((Braking, "count", mutated),)


def _the_brake_lets_go() -> tuple[Swap, ...]:
    def mutated(ledger: Any, rule: Any, transition: str, now: float) -> Any:
        if ledger.engaged_at is not None and len(ledger.recent(rule, now)) < rule.moves:
            ledger = replace(ledger, engaged_at=None)
        return before(ledger, rule, transition, now)

    before = brake.admit
    return ((brake, "admit", mutated),)


MUTANTS: Final = (
    Mutant("the-brake-is-ignored", 12, "moves that can wait go beyond the limit", _the_brake_is_ignored, bitten_by=7),
    Mutant(
        "leaving-is-braked", 12, "the brake also holds moves out of an UNHEALTHY path", _leaving_is_braked, bitten_by=7
    ),
    Mutant(
        "leaving-does-not-count",
        12,
        "only moves that the brake may hold are counted",
        _leaving_does_not_count,
        bitten_by=7,
    ),
    Mutant(
        "the-brake-lets-go", 12, "the brake releases itself once the moves are old", _the_brake_lets_go, bitten_by=8
    ),
)
