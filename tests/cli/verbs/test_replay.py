"""`routekeeper replay` as people call it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from routekeeper_cli.main import main
from tests.unit.config.documents import HERE

CONFIGURATION = str(HERE / "good" / "smallest.yaml")
WINDOW = "    failback: {mode: window, time_zone: Europe/Berlin, windows: [{from: '02:00', to: '05:00'}]}\n"
HEADER = "time_seconds,vantage,target,outcome,rtt_ms"


def test_a_trace_becomes_a_timeline_or_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trace = tmp_path / "trace.csv"
    trace.write_text("\n".join([HEADER, *(f"{second},a,dx,ok,10" for second in range(10))]))
    assert main(["replay", str(trace), "--config", CONFIGURATION]) == 0
    assert "9.010  dx is HEALTHY" in capsys.readouterr().out
    for as_json in (["--output", "json"], ["--json"]):
        assert main(["replay", str(trace), "--config", CONFIGURATION, *as_json]) == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["time"], told["target"], told["health"]) == (9.01, "dx", "HEALTHY")


def test_where_a_row_is_bad_nothing_but_the_error_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trace = tmp_path / "trace.csv"
    trace.write_text("\n".join([HEADER, *(f"{second},a,dx,ok,10" for second in range(10)), "10,a,dx,fine,10"]))
    assert main(["replay", str(trace), "--config", CONFIGURATION, "--json"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == f"{trace}:12:9: outcome: found 'fine', expected one of ok, lost, unknown\n"


@pytest.mark.parametrize(
    ("failback", "begins_at", "noted"),
    [(WINDOW, 0, True), (WINDOW, 1_763_600_000, False), ("", 0, False)],
    ids=["relative", "dates", "no window"],
)
def test_windows_without_dates_are_noted_beside_pure_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], failback: str, begins_at: int, noted: bool
) -> None:
    trace, file = tmp_path / "trace.csv", tmp_path / "failover.yaml"
    trace.write_text("\n".join([HEADER, *(f"{begins_at + second},a,dx,ok,10" for second in range(10))]))
    file.write_text(Path(CONFIGURATION).read_text() + failback)
    assert main(["replay", str(trace), "--config", str(file), "--json"]) == 0
    told = capsys.readouterr()
    assert [json.loads(line)["target"] for line in told.out.splitlines()] == ["dx"]
    note = f"NOTE: {trace}: begins 0.000 s after 1970 began, and the failback windows of idc open by the clock"
    assert (told.err.startswith(note), bool(told.err)) == (noted, noted)
