"""`routekeeper tune` as people call it; the pictures are tested with the benchmarks'."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from routekeeper_cli import output
from routekeeper_cli.main import main
from tests.unit.config.documents import HERE

HEADER = "time_seconds,vantage,target,outcome,rtt_ms"
LOSS = "loss: {usual: 1%, unacceptable: 30%}"
LATENCY = "latency: {usual: 5ms, unacceptable: 80ms}"


@pytest.fixture
def lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., list[str]]:
    """What is printed for a configuration with these defaults, and a trace."""

    def run(defaults: str = "", rows: Iterable[str] | None = None, top: str = "") -> list[str]:
        file, trace = tmp_path / "failover.yaml", tmp_path / "trace.csv"
        file.write_text(f"""\
version: 1
{top}
defaults: {{{defaults}}}
targets:
  dx: {{probes: [{{type: tcp, host: 10.1.0.5, port: 22}}]}}
groups:
  idc:
    steering: {{type: vpc-route, route_tables: [rtb-0123456789abcdef0], destination: 0.0.0.0/0}}
    paths:
      - {{name: one, target: dx, instance: i-0123456789abcdef0}}
      - {{name: other, instance: i-0123456789abcdef1}}
""")
        arguments = ["tune", "--config", str(file), "--no-plot"]
        if rows is not None:
            trace.write_text("\n".join([HEADER, *rows]))
            arguments += ["--trace", str(trace)]
        assert main(arguments) == 0
        return capsys.readouterr().out.splitlines()

    return run


def test_what_was_measured_and_what_was_assumed_is_said(lines: Callable[..., list[str]]) -> None:
    rows = [f"{second},a,dx,{'lost' if second % 100 == 50 else 'ok'}," for second in range(1501)]
    assert lines(LOSS, rows)[0] == (
        "Target 'dx', usual loss 1% (measured in the trace)"
        " in bursts of 100ms (as configured: the trace does not tell):"
    )
    assert "in bursts of 100ms (assumed: the trace does not tell)" in lines("", rows)[0]


def test_bursts_longer_than_a_round_are_measured(lines: Callable[..., list[str]]) -> None:
    rows = [f"{second},a,dx,{'lost' if second % 600 > 593 else 'ok'}," for second in range(6000)]
    assert lines("", rows)[0].endswith("usual loss 1% in bursts of 6.036s (measured in the trace):")


def test_of_a_line_without_loss_nothing_is_said_of_bursts(lines: Callable[..., list[str]]) -> None:
    rows = [f"{second},a,dx,ok," for second in range(100)]
    assert lines("", rows)[0] == "Target 'dx', usual loss 0% (measured in the trace):"


def test_a_target_that_was_never_well_is_said_to_be_and_what_is_configured_counts(
    lines: Callable[..., list[str]],
) -> None:
    found = lines(LOSS, [f"{second},a,dx,lost," for second in range(600)])
    assert found[:3] == [
        "Target 'dx', usual loss 1% in bursts of 100ms (as configured):",
        "  600 rounds in the trace, 600 of them lost",
        "  the trace shows no time in which it was well, so nothing of what is usual",
    ]


def test_a_trace_without_a_known_round_is_said_to_have_none(lines: Callable[..., list[str]]) -> None:
    found = lines(LOSS, [f"{second},a,dx,unknown," for second in range(600)])
    assert found[1] == "  no round of it in the trace ended in an answer or a loss"
    assert "verdicts on the trace" not in found[2]


def test_where_latency_is_looked_at_its_time_to_notice_is_in_the_table(lines: Callable[..., list[str]]) -> None:
    found = lines(LATENCY)
    assert found[1] == "  answers that take 80ms or longer: usually 6.25% in bursts of 100ms (as configured)"
    assert "half late" in found[2]
    assert [line for line in found if line.startswith("  latency: off") and "never" in line]
    assert "half late" not in "".join(lines(LOSS))


def test_a_verdict_on_latency_is_not_held_against_usual_lateness(lines: Callable[..., list[str]]) -> None:
    rows = [f"{second},a,dx,ok,{100 if 500 <= second < 600 else 10}" for second in range(2000)]
    found = lines(LATENCY, rows)
    assert found[1] == "  answers that take 80ms or longer: usually 0% (measured in the trace)"
    assert found[4].split()[-1] == "1", "verdicts on the trace include it"


def test_in_bursts_a_cut_waits_for_the_next_look(lines: Callable[..., list[str]]) -> None:
    [present] = [line for line in lines(top="watch: burst") if "as configured" in line]
    assert "31.50 s" in present


def test_a_setting_that_changes_no_figure_is_left_out(lines: Callable[..., list[str]]) -> None:
    found = lines("unhealthy_threshold: 3, unhealthy_for: 10s")
    assert not any("unhealthy_threshold" in line for line in found)
    assert any("unhealthy_for: 5s" in line for line in found)


@pytest.mark.parametrize("name", ["x", "", ".", "x.pdf", ".png"])
def test_a_picture_is_a_file_that_ends_in_png(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["tune", "--config", "nowhere.yaml", "--plot", name])
    assert f"found '{name}', expected the name of a file that ends in .png" in capsys.readouterr().err


def test_a_picture_that_cannot_be_written_is_told_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    example = HERE / "good" / "smallest.yaml"
    picture = tmp_path / "nowhere" / "x.png"
    assert main(["tune", "--config", str(example), "--plot", str(picture)]) == 2
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", f"{picture}: cannot be written\n")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "told"), [(Terminal(), True), (io.StringIO(), False)])
def test_a_terminal_is_told_what_is_being_worked_on(
    stream: io.StringIO, told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    output.tell("dx: loss: off")
    assert ("dx: loss: off" in stream.getvalue()) is told


def test_programs_are_told_the_figures_of_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    example = str(HERE / "good" / "smallest.yaml")
    assert main(["tune", "--config", example, "--no-plot", "--output", "json"]) == 0
    dx, vpn = map(json.loads, capsys.readouterr().out.splitlines())
    assert (dx["target"], vpn["target"]) == ("dx", "vpn")
    present, *others = dx["choices"]
    assert (present["setting"], present["cut_seconds"]) == ("as configured", 2.0)
    assert present["late_seconds"] is present["verdicts_on_trace"] is dx["trace"] is None
    assert None in [choice["grey_seconds"] for choice in others], "one would never notice, and JSON has no infinity"
