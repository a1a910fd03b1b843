"""`routekeeper replay` as people call it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from routekeeper.cli import main
from tests.unit.config.documents import HERE

CONFIGURATION = str(HERE / "good" / "smallest.yaml")
HEADER = "time_seconds,vantage,target,outcome,rtt_ms"


def test_a_trace_becomes_a_timeline_or_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trace = tmp_path / "trace.csv"
    trace.write_text("\n".join([HEADER, *(f"{second},a,dx,ok,10" for second in range(10))]))
    assert main(["replay", str(trace), "--config", CONFIGURATION]) == 0
    assert "9.010  dx is HEALTHY" in capsys.readouterr().out
    assert main(["replay", str(trace), "--config", CONFIGURATION, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["time"], told["target"], told["health"]) == (9.01, "dx", "HEALTHY")


def test_where_a_row_is_bad_nothing_but_the_error_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trace = tmp_path / "trace.csv"
    trace.write_text("\n".join([HEADER, *(f"{second},a,dx,ok,10" for second in range(10)), "10,a,dx,fine,10"]))
    assert main(["replay", str(trace), "--config", CONFIGURATION, "--json"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == f"{trace}:12:9: outcome: found 'fine', expected one of ok, lost, unknown\n"
