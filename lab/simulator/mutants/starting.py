"""Law 15: what routekeeper has stopped, what EC2 never stops, and what is terminated."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from lab.simulator.mutants.mutant import Mutant, Swap, always
from routekeeper.domain import restart, restart_course, restart_owed
from routekeeper.domain.restart import RestartBar, RestartOutcome, Step, Wait
from routekeeper.restarter import restarter, visit

DAY_SECONDS: Final = 86_400.0


def _what_does_not_start_is_left() -> tuple[Swap, ...]:
    def mutated(state: Any, active: Any, outcome: Any, reason: str, now: float) -> Step:
        del outcome, now
        failed = replace(state, active=None)
        return Step(failed, active.target, active.instance, RestartOutcome.FAILED, reason)

    return ((restart_course, "owe", mutated),)


def _one_more_try_will_do() -> tuple[Swap, ...]:
    return ((restart_owed, "pace", always(DAY_SECONDS)), (restart_owed, "LONGEST_SECONDS", DAY_SECONDS))


def _no_never_is_heard() -> tuple[Swap, ...]:
    return ((visit, "refused", always(None)),)


def _never_is_forgotten() -> tuple[Swap, ...]:
    return ((RestartBar, "holds", always(False)),)


def _the_dead_are_restarted() -> tuple[Swap, ...]:
    def mutated(state: Any, begun: Step, instance: Any, now: float) -> Step:
        del state, instance, now
        return begun

    return ((visit, "unless_gone", mutated),)


def _owed_starts_keep_the_slot() -> tuple[Swap, ...]:
    return ((restart_course, "owe", always(Wait("it may start yet"))),)


def _owed_starts_keep_others_waiting() -> tuple[Swap, ...]:
    def mutated(state: Any, candidates: Any, now: float) -> Any:
        return Wait("one thing at a time") if state.owed else before(state, candidates, now)

    before = restart.begin
    return ((visit, "begin", mutated),)


def _owed_starts_go_untold() -> tuple[Swap, ...]:
    def mutated(state: Any, targets: Any) -> tuple[str, ...]:
        return before(replace(state, owed={}), targets)

    before = restarter._given_up
    return ((restarter, "_given_up", mutated),)


MUTANTS: Final = (
    Mutant(
        "what-does-not-start-is-left",
        15,
        "an instance that does not start in time is left stopped",
        _what_does_not_start_is_left,
        bitten_by=2,
    ),
    Mutant("one-more-try-will-do", 15, "an owed start is asked for once a day", _one_more_try_will_do, bitten_by=2),
    Mutant(
        "no-never-is-heard",
        15,
        "what EC2 never stops is to be stopped again and again",
        _no_never_is_heard,
        bitten_by=29,
    ),
    Mutant(
        "never-is-forgotten", 15, "a restart of what EC2 never stops is begun again", _never_is_forgotten, bitten_by=29
    ),
    Mutant(
        "the-dead-are-restarted",
        15,
        "nobody looks whether the instance is terminated",
        _the_dead_are_restarted,
        bitten_by=8,
    ),
    Mutant(
        "owed-starts-keep-the-slot",
        15,
        "a restart waits for its start without an end",
        _owed_starts_keep_the_slot,
        bitten_by=2,
    ),
    Mutant(
        "owed-starts-keep-others-waiting",
        15,
        "no restart is begun while a start is owed",
        _owed_starts_keep_others_waiting,
        bitten_by=35,
    ),
    Mutant("owed-starts-go-untold", 15, "an owed start has no alarm", _owed_starts_go_untold, bitten_by=2),
)
