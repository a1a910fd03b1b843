"""Whole runs: they replay, their two kinds of monitors agree, and in them every law holds."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from lab.simulator.__main__ import EXAMPLE, main
from lab.simulator.draw import draw
from lab.simulator.plan import Event, Kind, Plan
from lab.simulator.scenarios import SCENARIOS
from lab.simulator.shrink import Cut
from lab.simulator.simulation import Simulation

FAST, FULL = 2, 7


@pytest.mark.parametrize("seed", [FAST, FULL])
def test_a_seed_replays_exactly(seed: int) -> None:
    assert draw(seed).full is (seed == FULL)
    assert Simulation(draw(seed)).run().digest == Simulation(draw(seed)).run().digest


def test_a_seed_replays_exactly_in_another_process_with_other_hashes() -> None:
    code = (
        "from lab.simulator.draw import draw; from lab.simulator.simulation import Simulation;"
        f"print(Simulation(draw({FAST})).run().digest)"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": str(hashes)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hashes in (1, 2)
    }
    assert digests == {Simulation(draw(FAST)).run().digest + "\n"}


def test_another_seed_is_another_world() -> None:
    assert Simulation(draw(FAST)).run().digest != Simulation(draw(FAST + 1)).run().digest


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_law_holds_in_every_scenario(name: str) -> None:
    outcome = Simulation(SCENARIOS[name].plan()).run()
    assert outcome.error is None
    assert outcome.violation is None


def test_every_law_holds_in_the_first_worlds_of_the_hunt() -> None:
    moves = checks = 0
    for seed in range(16):
        outcome = Simulation(draw(seed)).run()
        assert outcome.error is None, seed
        assert outcome.violation is None, f"make simulate SCENARIO={seed}"
        moves += outcome.moves
        checks += sum(outcome.checks.values())
    assert moves > 20
    assert checks > 10_000


def _moves(plan: Plan) -> list[tuple[float, str]]:
    told: list[tuple[float, str]] = []

    def tell(at: float, who: str, what: str) -> None:
        if who.startswith("monitor") and " is " in what:
            told.append((at, f"{who}: {what}"))

    assert Simulation(plan, tell).run().violation is None
    return told


@pytest.mark.parametrize("cut_at", [100.0, 100.37, 119.8])
def test_monitors_left_out_between_events_say_the_same_at_the_same_time_as_the_real_ones(cut_at: float) -> None:
    events = (
        Event(cut_at, Kind.CUT, "dx", seconds=40),
        Event(cut_at + 3.3, Kind.CUT, "nat-a", vantage="a", seconds=1.2),
        Event(cut_at + 90, Kind.VANTAGE_DEAF, vantage="b", seconds=20),
    )
    plan = replace(SCENARIOS["cut"].plan(), events=events, seconds=400.0)
    fast, full = _moves(plan), _moves(replace(plan, full=True))
    started = cut_at - 1
    fast, full = ([line for line in lines if line[0] > started] for lines in (fast, full))
    by_what = [sorted((what, at) for at, what in lines) for lines in (fast, full)]
    assert [what for what, _ in by_what[0]] == [what for what, _ in by_what[1]]
    for (what, at), (_, real) in zip(*by_what, strict=True):
        # A hand-over may cost the real one the round that is under way.
        assert at == pytest.approx(real, abs=0.3), what


def test_calm_is_left_out_and_counted() -> None:
    plan = replace(SCENARIOS["cut"].plan(), events=(Event(86_400.0, Kind.CUT, "dx", seconds=60),), seconds=90_000.0)
    outcome = Simulation(plan).run()
    assert outcome.violation is None
    assert outcome.moves == 2
    assert 0.9 < outcome.leapt / outcome.seconds < 1


@pytest.mark.parametrize("text", ["7", "7:keep=1,5", "7:keep=none", "7:keep=2:clocks=true"])
def test_a_cut_is_written_as_it_is_read(text: str) -> None:
    assert str(Cut.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "'' is no seed"),
        ("cut", "'cut' is no seed"),
        ("7:kept=1", "'kept=1' is no part of a seed"),
        ("7:keep=x", "'keep=x' is no part of a seed"),
        ("7:clocks=false", "'clocks=false' is no part of a seed"),
    ],
)
def test_what_is_no_seed_is_refused(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Cut.parse(text)


def test_events_that_a_seed_does_not_have_are_refused() -> None:
    plan = draw(4711)
    with pytest.raises(ValueError, match=f"seed 4711 has {len(plan.events)} events, counted from 0; found 9999"):
        Cut.parse("4711:keep=0,9999").of(plan)


@pytest.mark.parametrize("name", ["nosuch", "7:kept=1", "7:keep=9999"])
def test_what_is_neither_a_scenario_nor_a_seed_is_said_to_be(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", name]) == 2
    told = capsys.readouterr().out
    assert told.startswith(f"{name} is neither a scenario nor a seed")
    assert EXAMPLE in told


def test_the_seed_that_people_are_shown_can_be_played() -> None:
    cut = Cut.parse(EXAMPLE)
    assert len(cut.of(draw(cut.seed)).events) == 2


def test_a_bug_that_nobody_has_planted_is_not_called_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prove", "nosuch"]) == 2
    assert "there is no bug nosuch" in capsys.readouterr().out
