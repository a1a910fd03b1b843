"""What `routekeeper tune` tells is what the rules do, and what a trace holds."""

from __future__ import annotations

import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bench.decisions import contestants
from bench.decisions.chains import Line, at_pace, seconds
from bench.decisions.lines import GilbertElliott
from bench.decisions.watching import changes
from routekeeper.cli import main
from routekeeper.domain.cusum import Loss, Pace
from routekeeper.domain.grey import LossRule
from routekeeper.domain.health import Detection
from routekeeper.domain.settings import IcmpProbe, Target
from routekeeper.replay import Outcome, Row
from routekeeper.tune.expected import expected, seconds_to_row
from routekeeper.tune.measured import accusations, measured
from routekeeper.tune.neighbours import neighbours
from routekeeper.tune.table import seconds_told
from tests.unit.config.documents import HERE

PLAIN = Detection()
LOSSY = Detection(loss=LossRule(0.01, 0.3))
USUAL = Loss(0.01, 0.1)
TARGET = Target("dx", (IcmpProbe("10.109.2.1", PLAIN.probe_timeout_seconds),))


def recorded(share: float, burst_seconds: float, until: float, dark: tuple[float, float] = (0.0, 0.0)) -> list[Row]:
    """A trace of a line as the monitor would have probed it."""
    rows: list[Row] = []
    line = GilbertElliott(share, burst_seconds, random.Random(5))  # noqa: S311 - a simulation

    def loses(at: float) -> bool:
        lost = line.loses(at) or dark[0] <= at < dark[1]
        rows.append(Row(len(rows) + 2, at, "a", "dx", Outcome.LOST if lost else Outcome.OK, None))
        return lost

    assert list(changes(loses, PLAIN, until=until)) or dark[1] == 0.0
    return rows


# --- what is expected


@pytest.mark.parametrize("loss", [Loss(0.3), Loss(0.05, 0.2), Loss(1.0)])
@pytest.mark.parametrize("count", [1, 3, 10])
def test_losses_in_a_row_take_as_long_as_their_chain_says(count: int, loss: Loss) -> None:
    rule, pace = contestants.in_a_row(count), Pace(1.0, 0.1)
    assert seconds_to_row(count, loss, pace) == pytest.approx(seconds(rule, Line(loss), at_pace(rule, pace)))


def test_a_loss_rule_finds_grey_loss_in_seconds_and_leaves_a_cut_as_it_was() -> None:
    without, with_it = (expected(rule, PLAIN.probe_timeout_seconds, USUAL, 0.3) for rule in (PLAIN, LOSSY))
    assert without.grey_seconds > 86_400
    assert with_it.grey_seconds < 15
    assert with_it.cut_seconds == without.cut_seconds == pytest.approx(2.0)
    assert with_it.false_moves_a_year - without.false_moves_a_year == pytest.approx(1.0, rel=0.05)


# --- neighbours


@pytest.mark.parametrize("rule", [PLAIN, LOSSY], ids=["without loss", "with loss"])
def test_neighbours_differ_in_one_thing_and_the_present_setting_is_the_first(rule: Detection) -> None:
    first, *others = neighbours(rule, USUAL)
    assert first == ("as configured", rule)
    for setting, neighbour in others:
        differing = {name for name in Detection.__slots__ if getattr(neighbour, name) != getattr(rule, name)}
        assert len(differing) == 1, setting
    assert len({setting for setting, _ in others}) == len(others) >= 5


def test_a_setting_at_its_limit_has_no_neighbour_beyond_it() -> None:
    tight = replace(PLAIN, unhealthy_threshold=1, suspect_interval_seconds=0.01, probe_interval_seconds=0.01)
    for _, neighbour in neighbours(tight, USUAL):
        assert neighbour.unhealthy_threshold >= 1
        assert 0.01 <= neighbour.suspect_interval_seconds <= neighbour.probe_interval_seconds


# --- traces


def test_usual_loss_and_bursts_are_measured_though_losses_are_probed_faster() -> None:
    found = measured(recorded(0.02, 0.2, 20_000.0), TARGET)
    assert found is not None
    assert found.lost / found.rounds > 0.035, "counted by number there seems to be more"
    assert found.usual.share == pytest.approx(0.02, rel=0.25)
    assert found.usual.burst_seconds == pytest.approx(0.2, rel=0.25)


def test_an_outage_is_not_usual_loss() -> None:
    found = measured(recorded(0.0, 0.0, 1_000.0, dark=(500.0, 600.0)), TARGET)
    assert found is not None
    assert found.lost > 100
    assert found.usual.share < 0.01


def test_without_rounds_nothing_is_measured() -> None:
    assert measured([], TARGET) is None
    assert measured([Row(2, 1.0, "a", "dx", Outcome.UNKNOWN, None)], TARGET) is None


def test_each_setting_is_tried_on_the_trace() -> None:
    rows = recorded(0.0, 0.0, 1_000.0, dark=(500.0, 503.0))
    assert accusations(rows, TARGET, PLAIN) == 1
    assert accusations(rows, TARGET, replace(PLAIN, unhealthy_threshold=100)) == 0


# --- the command


@pytest.mark.parametrize(
    ("seconds", "told"), [(1.5, "1.50 s"), (150.0, "2.5 min"), (1e4, "2.78 h"), (1e6, "11.6 days"), (1e20, "never")]
)
def test_times_are_told_in_the_unit_that_suits_them(seconds: float, told: str) -> None:
    assert seconds_told(seconds) == told


def test_a_table_and_a_picture_are_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "choices.png"
    assert main(["tune", "--config", str(HERE / "good" / "smallest.yaml"), "--plot", str(picture)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Target 'dx', usual loss 1% in bursts of 100ms (assumed; ")
    assert lines[1].split() == ["setting", "a", "cut", "30%", "loss", "false", "moves", "a", "year"]
    assert lines[-1] == f"The picture is in {picture}."
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_trace_adds_what_each_setting_would_have_made_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trace = tmp_path / "trace.csv"
    rows = [f"{row.sent_at},a,dx,{row.outcome.value}," for row in recorded(0.0, 0.0, 900.0, dark=(500.0, 600.0))]
    trace.write_text("\n".join(["time_seconds,vantage,target,outcome,rtt_ms", *rows]))
    config = str(HERE / "good" / "smallest.yaml")
    assert main(["tune", "--config", config, "--trace", str(trace), "--no-plot"]) == 0
    told = capsys.readouterr().out
    assert "verdicts on the trace" in told
    assert "Target 'vpn', usual loss 1% in bursts of 100ms (assumed;" in told


def test_in_bursts_the_minute_between_two_looks_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tune", "--config", str(HERE / "good" / "bursts.yaml"), "--no-plot"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("With `watch: burst` a minute passes")


def test_without_matplotlib_the_table_is_there_and_the_way_to_a_picture_is_told() -> None:
    program = f"""
import sys
sys.modules["matplotlib"] = None
from routekeeper.cli import main
sys.exit(main(["tune", "--config", {str(HERE / "good" / "smallest.yaml")!r}]))
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "as configured" in ran.stdout
    assert "pip install 'routekeeper[cli]'" in ran.stderr
