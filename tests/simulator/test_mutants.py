"""Does the hunter bite? Each bug put in on purpose must be found within a bounded time."""

from __future__ import annotations

import pytest

from lab.simulator.draw import draw
from lab.simulator.hunt import outcomes, play
from lab.simulator.laws.index import index
from lab.simulator.mutants import MUTANTS, Mutant, alive
from lab.simulator.prove import catch
from lab.simulator.shrink import shrink
from lab.simulator.simulation import Simulation

BUDGET_SECONDS = 60.0


def test_each_law_is_broken_by_some_mutant() -> None:
    assert {mutant.law for mutant in MUTANTS} == {check.law for check in index()}
    assert len(MUTANTS) >= 10


@pytest.mark.long
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_every_mutant_is_caught(mutant: Mutant) -> None:
    # From a seed that has caught it before. `make prove-hunter` begins with the first seed, and takes its time.
    caught = catch(mutant, BUDGET_SECONDS, first=mutant.bitten_by)
    assert caught.error is None
    assert caught.violation is not None, f"{mutant.story}: not found in {caught.runs} runs"


def test_the_court_is_as_it_was_once_the_mutant_is_gone() -> None:
    mutant = next(mutant for mutant in MUTANTS if mutant.name == "four-are-ten")
    with alive(mutant):
        assert Simulation(draw(mutant.bitten_by)).run().violation is not None
    assert Simulation(draw(mutant.bitten_by)).run().violation is None


def test_a_violation_is_cut_down_to_little_and_still_breaks_the_same_rule() -> None:
    mutant = next(mutant for mutant in MUTANTS if mutant.name == "returning-does-not-wait")
    with alive(mutant):
        cut, outcome = next(
            (cut, outcome) for cut, outcome in outcomes(iter(range(100))) if outcome.violation is not None
        )
        assert outcome.violation is not None
        smaller, least = shrink(cut, draw(cut.seed), outcome, play)
        assert least.fault == outcome.violation.rule
        assert smaller.kept is not None
        assert len(smaller.kept) <= min(2, len(draw(cut.seed).events))
        again = play(smaller)
    assert again.violation == least.violation
