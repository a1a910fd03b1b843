"""Traces out of logs, in the shapes in which AWS gives them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from routekeeper.cli import main

HEADER = "time_seconds,vantage,target,outcome,rtt_ms"
EARLY = json.dumps({"message": "rounds", "rounds": ["1.000,a,dx,ok,5.0", "2.000,a,dx,lost,"], "left_out": 0})
LATE = json.dumps({"message": "rounds", "rounds": ["10.000,a,dx,ok,5.0"], "left_out": 0})
OTHER = json.dumps({"message": "health changed", "target": "dx"})


@pytest.mark.parametrize(
    "text",
    [
        f"{EARLY}\n{OTHER}\n{LATE}\n",
        f"2026-11-20T10:00:00 {LATE}\n2026-11-20T09:59:00 {{broken\n2026-11-20T09:59:00 {EARLY}\n",
        f"{EARLY}\t{OTHER}\t{LATE}\t{LATE}",
    ],
    ids=["lines", "with times", "one line"],
)
def test_recorded_rounds_are_found_put_in_order_and_printed_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    log = tmp_path / "log.txt"
    log.write_text(text)
    assert main(["trace", str(log)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        HEADER,
        "1.000,a,dx,ok,5.0",
        "2.000,a,dx,lost,",
        "10.000,a,dx,ok,5.0",
    ]


@pytest.mark.parametrize("text", [OTHER, "", '{"message": "rounds", "rounds": [1, "x,y", "x,a,b,c,d"]}'])
def test_a_log_without_rounds_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    log = tmp_path / "log.txt"
    log.write_text(text)
    assert main(["trace", str(log)]) == 2
    told = capsys.readouterr()
    assert (told.out, "no recorded rounds in it" in told.err) == ("", True)


def test_a_missing_log_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", str(tmp_path / "nowhere.txt")]) == 2
    assert "nowhere.txt: cannot be read" in capsys.readouterr().err
