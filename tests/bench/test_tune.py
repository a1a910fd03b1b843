"""What `routekeeper tune` tells is what the rules do, what a trace holds, and what the page shows."""

from __future__ import annotations

import json
import math
import random
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bench.decisions import contestants
from bench.decisions.chains import Line as Chained
from bench.decisions.chains import at_pace, seconds
from bench.decisions.lines import GilbertElliott
from bench.decisions.watching import changes
from routekeeper import config
from routekeeper.domain.cusum import Cadence, Loss
from routekeeper.domain.detection import Detection
from routekeeper.domain.grey import LatencyRule, LossRule
from routekeeper.domain.settings import IcmpProbe, Target
from routekeeper_cli import config_file
from routekeeper_cli.main import main
from routekeeper_cli.replay import RoundOutcome, Row
from routekeeper_cli.tune.expected import Line, expected, seconds_to_row
from routekeeper_cli.tune.measured import measured
from routekeeper_cli.tune.plot import Panel
from routekeeper_cli.tune.rounds import by_vantage
from routekeeper_cli.tune.study import studies
from routekeeper_cli.tune.table import seconds_told
from tests.docs.pages import ROOT, blocks
from tests.unit.config.documents import HERE

EXAMPLE = ROOT / "docs" / "example-trace.csv"
PLAIN = Detection()
LOSSY = Detection(loss=LossRule(0.01, 0.3))
SLOW = Detection(latency=LatencyRule(0.005, 0.08))
USUAL = Loss(0.01, 0.1)
LINE = Line(USUAL, Loss(0.005 / 0.08, 0.1), 0.3)
TARGET = Target("dx", (IcmpProbe("10.109.2.1", PLAIN.probe_timeout_seconds),))


def recorded(share: float, burst_seconds: float, until: float, dark: tuple[float, float] = (0.0, 0.0)) -> list[Row]:
    """A trace of a line as the monitor would have probed it."""
    rows: list[Row] = []
    line = GilbertElliott(share, burst_seconds, random.Random(5))  # noqa: S311 - a simulation

    def loses(at: float) -> bool:
        lost = line.loses(at) or dark[0] <= at < dark[1]
        rows.append(Row(len(rows) + 2, at, "a", "dx", RoundOutcome.LOST if lost else RoundOutcome.OK, None))
        return lost

    assert list(changes(loses, PLAIN, until=until)) or dark[1] == 0.0
    return rows


# --- what is expected


@pytest.mark.parametrize("loss", [Loss(0.3), Loss(0.05, 0.2), Loss(1.0)])
@pytest.mark.parametrize("count", [1, 3, 10])
def test_losses_in_a_row_take_as_long_as_their_chain_says(count: int, loss: Loss) -> None:
    rule, pace = contestants.in_a_row(count), Cadence(1.0, 0.1)
    assert seconds_to_row(count, loss, pace) == pytest.approx(seconds(rule, Chained(loss), at_pace(rule, pace)))


def test_a_loss_rule_finds_grey_loss_in_seconds_and_leaves_a_cut_as_it_was() -> None:
    without, with_it = (expected(rule, PLAIN.probe_timeout_seconds, LINE) for rule in (PLAIN, LOSSY))
    assert without.grey_seconds > 86_400
    assert with_it.grey_seconds < 15
    assert with_it.cut_seconds == without.cut_seconds == pytest.approx(2.0)
    # Its own one a year, and some more runs of losses: probes are hurried for as long as the score is above 0.
    assert 1.0 < with_it.false_moves_a_year - without.false_moves_a_year < 5.0


def test_a_latency_rule_finds_late_answers_in_seconds_and_adds_its_false_alarms() -> None:
    without, with_it = (expected(rule, PLAIN.probe_timeout_seconds, LINE) for rule in (PLAIN, SLOW))
    assert without.late_seconds == math.inf
    assert with_it.late_seconds < 10
    assert with_it.cut_seconds == without.cut_seconds
    # This line is late as often as the rule takes for usual; thresholds are whole numbers, so it may be less.
    assert 0.5 < with_it.false_moves_a_year - without.false_moves_a_year <= 1.0


def test_the_time_to_notice_late_answers_is_what_comes_of_watching_them() -> None:
    taken = []
    for seed in range(200):
        chance = random.Random(seed)  # noqa: S311 - a simulation

        def trip(_: float, chance: random.Random = chance) -> float:
            return chance.choice((0.01, 0.1))

        taken.append(next(changes(lambda _: False, SLOW, 300.0, round_trip=trip)).since)
    # It begins with a probe; a line that turns late does so half an interval before one on average.
    told = expected(SLOW, PLAIN.probe_timeout_seconds, LINE).late_seconds
    assert sum(taken) / len(taken) + PLAIN.probe_interval_seconds / 2 == pytest.approx(told, rel=0.1)


def test_targets_that_are_judged_alike_are_reckoned_once() -> None:
    expected.cache_clear()
    found = json.loads(config_file.compiled(HERE / "good" / "smallest.yaml"))
    found["targets"] |= {f"another-{number}": found["targets"]["vpn"] for number in range(50)}
    studied = list(studies(config.from_document(found), found, None, lambda _: None))
    assert len(studied) == 52
    assert expected.cache_info().misses < 20


# --- traces


def test_usual_loss_and_bursts_are_measured_though_losses_are_probed_faster() -> None:
    found = measured(by_vantage(recorded(0.02, 0.2, 20_000.0), TARGET), PLAIN)
    assert found.loss is not None
    assert found.lost / found.rounds > 0.035, "counted by number there seems to be more"
    assert found.loss.share == pytest.approx(0.02, rel=0.25)
    assert found.loss.burst_seconds == pytest.approx(0.2, rel=0.25)


# --- the page's example


def test_the_example_is_the_line_that_the_page_describes() -> None:
    rows = recorded(0.02, 0.15, 1_200.0, dark=(600.0, 620.0))
    trips = {RoundOutcome.OK: "12", RoundOutcome.LOST: ""}
    lines = [f"{row.sent_at:.1f},a,dx-router,{row.outcome.value},{trips[row.outcome]}" for row in rows]
    once = dict.fromkeys(lines)  # rounding makes some the same
    standby = [f"{second}.5,a,vpn-host,ok,21" for second in range(1200)]
    assert EXAMPLE.read_text().splitlines() == ["time_seconds,vantage,target,outcome,rtt_ms", *once, *standby]


def test_the_page_shows_what_is_replayed_of_the_example(capsys: pytest.CaptureFixture[str]) -> None:
    page = ROOT / "docs" / "replay-and-tuning.md"
    [command] = re.findall(r"^\$ routekeeper (replay .*)$", page.read_text(), re.MULTILINE)
    assert main([str(ROOT / word) if "/" in word else word for word in command.split()]) == 0
    assert capsys.readouterr().out in blocks(page, "text")


def test_the_page_shows_what_is_printed_for_the_example(capsys: pytest.CaptureFixture[str]) -> None:
    page = ROOT / "docs" / "replay-and-tuning.md"
    [command] = re.findall(r"^\$ routekeeper (tune .*)$", page.read_text(), re.MULTILINE)
    arguments = [str(ROOT / word) if "/" in word else word for word in command.split()]
    assert main([*arguments, "--no-plot"]) == 0
    told, *_ = capsys.readouterr().out.partition("\n\n")
    [shown] = [block for block in blocks(page, "text") if block.startswith("Target ")]
    assert shown == told + "\n"


# --- the command


@pytest.mark.parametrize(
    ("seconds", "told"), [(1.5, "1.50 s"), (150.0, "2.5 min"), (1e4, "2.78 h"), (1e6, "11.6 days"), (1e20, "never")]
)
def test_times_are_told_in_the_unit_that_suits_them(seconds: float, told: str) -> None:
    assert seconds_told(seconds) == told


def test_a_table_and_a_picture_are_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "choices.png"
    assert main(["tune", "--config", str(HERE / "good" / "smallest.yaml"), "--plot", str(picture)]) == 0
    told = capsys.readouterr()
    lines = told.out.splitlines()
    assert lines[0].startswith("Target 'dx', usual loss 1% in bursts of 100ms (assumed; ")
    assert lines[1].split() == ["setting", "a", "cut", "30%", "loss", "false", "moves", "a", "year"]
    assert told.err == f"The picture is in {picture}.\n"
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


def test_a_value_off_the_scale_has_an_open_marker_at_its_edge() -> None:
    panel = Panel("false moves a year", (5.0, 0.0), 0.001, math.inf, "less than 0.001")
    assert panel.shown == [5.0, 0.001]
    assert panel.on_scale == [True, False]
    assert panel.axis == "false moves a year\n(open: less than 0.001)"
    assert replace(panel, found=(5.0, 6.0)).axis == "false moves a year"


def test_a_picture_that_takes_the_place_of_an_older_one_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "choices.png"
    picture.touch()
    assert main(["tune", "--config", str(HERE / "good" / "smallest.yaml"), "--plot", str(picture)]) == 0
    assert capsys.readouterr().err == f"The picture is in {picture}, instead of an older one.\n"


def test_the_picture_of_many_targets_that_are_judged_alike_shows_their_rows_once(tmp_path: Path) -> None:
    found = json.loads(config_file.compiled(HERE / "good" / "smallest.yaml"))
    pictures = [tmp_path / "two.png", tmp_path / "many.png"]
    for picture in pictures:
        document = tmp_path / "failover.json"
        document.write_text(json.dumps(found))
        assert main(["tune", "--config", str(document), "--plot", str(picture)]) == 0
        found["targets"] |= {f"another-{number}": found["targets"]["vpn"] for number in range(50)}
    two, many = ((int.from_bytes(picture.read_bytes()[20:24])) for picture in pictures)  # its height
    assert two == many


@pytest.mark.parametrize(("asked_for", "code"), [((), 0), (("--plot", "tune.png"), 2)], ids=["by default", "asked for"])
def test_without_matplotlib_the_table_is_there_and_the_way_to_a_picture_is_told(
    asked_for: tuple[str, ...], code: int, tmp_path: Path
) -> None:
    program = f"""
import sys
sys.modules["matplotlib"] = None
from routekeeper_cli.main import main
sys.exit(main(["tune", "--config", {str(HERE / "good" / "smallest.yaml")!r}, *{asked_for!r}]))
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert ran.returncode == code
    assert "as configured" in ran.stdout
    assert "pip install '.[plot]'" in ran.stderr
    assert list(tmp_path.iterdir()) == []


def test_beside_json_the_picture_is_told_of_on_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example, picture = str(HERE / "good" / "smallest.yaml"), tmp_path / "tune.png"
    assert main(["tune", "--config", example, "--plot", str(picture), "--output", "json"]) == 0
    told = capsys.readouterr()
    assert [json.loads(line)["target"] for line in told.out.splitlines()] == ["dx", "vpn"]
    assert told.err == f"The picture is in {picture}.\n"
    assert picture.exists()
