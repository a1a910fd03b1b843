"""From a law to the checks that hold it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.simulator.__main__ import main
from lab.simulator.laws.index import HERE, Check, checks, index, table
from lab.simulator.mutants import MUTANTS
from lab.simulator.scenarios import SCENARIOS
from lab.simulator.simulation import Simulation

HUNTING = Path(__file__).parents[2] / "docs" / "hunting.md"


def test_every_law_of_the_design_is_held_by_some_check() -> None:
    assert {check.law for check in index()} == set(range(1, 16))


def test_a_rule_is_found_under_each_law_that_it_is_held_for() -> None:
    assert {check for check in index() if check.rule == "leaving is prompt"} == {
        Check(4, "leaving is prompt", "delays"),
        Check(11, "leaving is prompt", "delays"),
    }


def test_what_a_run_checks_is_in_the_index() -> None:
    made = Simulation(SCENARIOS["hang"].plan()).run().checks
    assert made
    assert set(made) <= {check.rule for check in index()}


def test_checks_are_made_nowhere_else() -> None:
    outside = [path for path in HERE.parent.rglob("*.py") if path.parent != HERE and "court.hold(" in path.read_text()]
    assert outside == []


@pytest.mark.parametrize("call", ['self.court.hold(law, "a rule", True, "")', "self.court.hold(1, rule, True, told)"])
def test_a_check_that_cannot_be_read_is_an_error(call: str) -> None:
    with pytest.raises(ValueError, match="somewhere, line 1"):
        list(checks("somewhere", call))


def test_the_page_shows_the_index_as_it_is() -> None:
    assert table() in HUNTING.read_text(), "print it anew: python -m lab.simulator laws"


def test_the_index_can_be_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["laws"]) == 0
    assert capsys.readouterr().out.strip() == table()


def test_the_page_lists_every_planted_bug_with_what_it_does() -> None:
    page = HUNTING.read_text()
    listed = [mutant for mutant in MUTANTS if f"| {mutant.law} | {mutant.name} | {mutant.story} |" in page]
    assert listed == list(MUTANTS)
