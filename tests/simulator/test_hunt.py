"""A hunt that hunts nothing is no success: what raises, hangs or dies is a find that names its seed."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from io import StringIO

import pytest
from rich.console import Console

from lab.simulator import __main__ as command
from lab.simulator import hunt as hunting
from lab.simulator.crew import Crew
from lab.simulator.draw import draw
from lab.simulator.hunt import Find, Tally, hunt, play
from lab.simulator.shrink import Cut, shrink
from lab.simulator.simulation import Outcome

QUIET = Console(file=StringIO())
WELL = Outcome(None, 60.0, 0.0, 0, 0, 0, 0, {}, "")


def well(cut: Cut) -> Outcome:
    del cut
    time.sleep(0.05)
    return WELL


def raises_at_seven(cut: Cut) -> Outcome:
    return Outcome.failed(ValueError("no such world")) if cut.seed == 7 else WELL


def hangs_at_seven(cut: Cut) -> Outcome:
    while cut.seed == 7:
        time.sleep(1)
    return WELL


def dies_at_seven(cut: Cut) -> Outcome:
    if cut.seed == 7:
        time.sleep(0.5)  # what is in the queue is on its way
        os._exit(3)
    return WELL


def hunted(played: Callable[[Cut], Outcome], seconds: float, run_seconds: float = 60.0) -> tuple[Tally, list[Find]]:
    return hunt(Crew(played, 6, 1, time.monotonic() + seconds, run_seconds), QUIET)


@pytest.mark.long
def test_a_hunt_in_which_all_is_well_finds_nothing() -> None:
    tally, finds = hunted(well, 8.0)
    assert tally.runs > 0
    assert finds == []


@pytest.mark.parametrize(
    ("played", "told"),
    [
        (raises_at_seven, "seed 7:keep=none:clocks=true: ValueError: no such world"),
        (hangs_at_seven, "seed 7: lost: it has not ended within 3 s"),
        (dies_at_seven, "seed 7: lost: its process ended with exit code 3"),
    ],
)
def test_a_run_that_raises_hangs_or_dies_is_a_find(played: Callable[[Cut], Outcome], told: str) -> None:
    _, finds = hunted(played, 60.0, 3.0)
    assert [str(found) for found in finds] == [told]


def test_a_seed_that_cannot_be_drawn_is_an_error_of_its_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(seed: int) -> None:
        raise KeyError(seed)

    monkeypatch.setattr(hunting, "draw", broken)
    assert play(Cut(4711)).error == "KeyError: 4711"


def test_a_world_that_cannot_be_built_is_an_error_of_its_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hunting, "Simulation", lambda plan, strict: 1 / 0)
    assert play(Cut(4711)).error == "ZeroDivisionError: division by zero"


def test_an_error_is_made_smaller_as_a_violation_is() -> None:
    def played(cut: Cut) -> Outcome:
        culprit = cut.kept is None or 1 in cut.kept
        return Outcome.failed(ValueError(str(cut))) if culprit else Outcome.failed(KeyError("another one"))

    plan = draw(4)
    assert len(plan.events) > 2
    late = Outcome.failed(ValueError("as found"))
    late.seconds = plan.seconds
    smaller, outcome = shrink(Cut(4), plan, late, played)
    assert smaller.kept == (1,)
    assert outcome.fault == "ValueError"


def test_ctrl_c_ends_the_hunt_and_not_its_processes_which_would_each_print_a_traceback() -> None:
    with Crew(well, 6, 1, time.monotonic() + 100.0) as crew:
        [worker] = multiprocessing.active_children()
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGINT)  # while it is still being loaded
        _, outcome = next(told for told in crew.outcomes() if told is not None)
    assert outcome.error is None


@pytest.mark.parametrize("verb", ["laws", "simulate"])
def test_a_reader_that_goes_away_ends_it_quietly(verb: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "lab.simulator", verb], stdout=writer, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")


def test_to_have_run_nothing_is_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["hunt", "--seconds", "0", "--workers", "1"]) == 1
    assert "nothing was run" in capsys.readouterr().out
