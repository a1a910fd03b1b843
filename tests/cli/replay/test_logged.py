"""Traces out of logs, in the shapes in which AWS gives them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routekeeper.domain.errors import ConfigurationError
from routekeeper_cli.main import main
from routekeeper_cli.replay import read_trace
from routekeeper_cli.replay.logged import trace_from_log

HEADER = "time_seconds,vantage,target,outcome,rtt_ms"
EARLY = json.dumps({"message": "rounds", "rounds": ["1.000,a,dx,ok,5.0", "2.000,a,dx,lost,"], "left_out": []})
LATE = json.dumps({"message": "rounds", "rounds": ["10.000,a,dx,ok,5.0"], "left_out": []})
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


SPOILT = "found a record that is cut short or spoilt, expected a JSON object on one line"


def traced(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> tuple[list[str], list[str]]:
    """The rows of a log, and what is noted about it."""
    log = tmp_path / "log.txt"
    log.write_text(text)
    assert main(["trace", str(log)]) == 0
    told = capsys.readouterr()
    return told.out.splitlines()[1:], told.err.replace(str(log), "log").splitlines()


def record(*rounds: object, left_out: object = (), vantage: str = "a") -> str:
    return json.dumps({"message": "rounds", "vantage": vantage, "rounds": rounds, "left_out": left_out})


def test_rounds_that_the_cap_left_out_are_told_by_target_vantage_and_time_and_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut = record("1.000,a,dx,ok,5", left_out=["dx,400,1763600001.000,1763600009.250", "vpn,1,12.000,12.000"])
    later = record("2.000,a,dx,ok,5", left_out=["dx,12,1763600011.000,1763600012.000"])
    elsewhere = record("2.000,b,dx,ok,5", left_out=["dx,1,11.000,11.500"], vantage="b")
    _, notes = traced(tmp_path, capsys, f"{cut}\n{later}\n{elsewhere}\n{cut}")
    when = "2025-11-20 00:53:21.000 to 2025-11-20 00:53:29.250, 2025-11-20 00:53:31.000 to 2025-11-20 00:53:32.000"
    assert notes == [
        "NOTE: log: 1 row left out, each identical to an earlier one",
        f"NOTE: log: record_rounds has left out 412 rounds of 'dx' at 'a', sent {when}",
        "NOTE: log: record_rounds has left out 1 round of 'vpn' at 'a', sent 12.000 to 12.000",
        "NOTE: log: record_rounds has left out 1 round of 'dx' at 'b', sent 11.000 to 11.500",
    ]


def test_a_long_list_of_holes_ends(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    holes = [f"dx,1,{second}.000,{second}.000" for second in range(30)]
    _, [told] = traced(tmp_path, capsys, record("1.000,a,dx,ok,5", left_out=holes))
    assert told.startswith("NOTE: log: record_rounds has left out 30 rounds of 'dx'")
    assert told.endswith("4.000 to 4.000, and 25 more")


def test_what_cannot_be_read_is_told_with_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spoilt = record("1.000,a,dx,ok,5", "nan,a,dx,ok,1", 7)
    rows, notes = traced(tmp_path, capsys, f"2026-11-20T10:00:00 {OTHER}\n2026-11-20T10:00:00 {spoilt}\n")
    assert rows == ["1.000,a,dx,ok,5"]
    assert notes == [
        "NOTE: log: 2 entries not readable and not in the trace:",
        "  log:2:21: 'nan,a,dx,ok,1': time_seconds: found 'nan', expected seconds from 0 to 100000000000",
        "  log:2:21: rounds: found the number 7, expected a row",
    ]


@pytest.mark.parametrize(
    ("spoilt", "told"),
    [
        (EARLY[:-20], SPOILT),
        (EARLY.replace('"', '\\"'), SPOILT),
        (EARLY.replace("[", "[" * 100_000, 1), SPOILT),
        (record(left_out=412), "left_out: found the number 412, expected a list of target,rounds,first,last"),
        (record(left_out=["dx,x,1.000,2"]), "left_out: found 'dx,x,1.000,2', expected target,rounds,first,last"),
        ('{"message": "rounds", "left_out": []}', "rounds: found nothing, expected a list of rows"),
    ],
    ids=["cut", "escaped", "deep", "number", "hole", "no rows"],
)
def test_a_spoilt_record_takes_no_other_with_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], spoilt: str, told: str
) -> None:
    rows, notes = traced(tmp_path, capsys, f"{spoilt}\t{LATE}")
    assert rows == ["10.000,a,dx,ok,5.0"]
    assert notes == ["NOTE: log: 1 entry not readable and not in the trace:", f"  log:1:1: {told}"]


def test_a_long_list_of_spoilt_rows_ends(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, notes = traced(tmp_path, capsys, record("1.000,a,dx,ok,5", *range(30)))
    assert (len(notes), notes[0].split(" not ")[0], notes[-1]) == (7, "NOTE: log: 30 entries", "  and 25 more")


def test_other_messages_and_what_is_no_json_are_none_of_its_business(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    others = [
        OTHER,
        "{broken",
        '{"message": "rounds ended", "cut',
        '{"text": "message\\": \\"rounds\\""}',
        '{"message": "rounds ended"}',
    ]
    assert traced(tmp_path, capsys, "\n".join([*others, LATE])) == (["10.000,a,dx,ok,5.0"], [])


def test_rows_that_contradict_each_other_are_refused_by_both_their_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "log.txt"
    log.write_text(f"{EARLY}\n{LATE}\n{record('10.000,a,dx,lost,')}\n")
    assert main(["trace", str(log)]) == 2
    told = capsys.readouterr()
    expected = "found 'lost', but line 2 has 'ok' of the same time, vantage and target, expected one of them"
    assert (told.out, told.err) == ("", f"{log}:3:1: '10.000,a,dx,lost,': {expected}\n")


@pytest.mark.timeout(10)
@pytest.mark.parametrize("text", ['{"a":', "{", '{"message":"rounds",', "{}"])
def test_a_long_line_is_read_in_linear_time(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    rows, _ = traced(tmp_path, capsys, text * (1_000_000 // len(text)) + LATE)
    assert rows == ["10.000,a,dx,ok,5.0"]


@given(st.lists(st.sampled_from([EARLY, LATE, OTHER, EARLY[:-9], "{", '"', "\n", "}", "\t", "[", "x"])).map("".join))
def test_whatever_a_log_holds_its_trace_can_be_replayed_or_it_is_refused(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    log, trace = (tmp_path_factory.mktemp("log") / name for name in ("log.txt", "trace.csv"))
    log.write_text(text)
    if EARLY in text or LATE in text:
        trace.write_text("\n".join(trace_from_log(log)))
        assert read_trace(trace, {"dx": None})
    else:
        with pytest.raises(ConfigurationError, match="no recorded rounds"):
            list(trace_from_log(log))
