"""Traces are read as they stand, or refused with file, line and column."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routekeeper.domain.errors import ConfigurationError
from routekeeper_cli.replay import RoundOutcome, Row, read_trace

HEADER = "time_seconds,vantage,target,outcome,rtt_ms"
TARGETS = {"dx": None, "vpn": None}
SECONDS = "expected seconds from 0 to 100000000000"


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    return tmp_path / "trace.csv"


def refused(trace: Path) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        read_trace(trace, TARGETS)
    return [line.removeprefix(f"{trace}:") for line in str(caught.value).split("\n")]


def test_every_outcome_is_read(trace: Path) -> None:
    trace.write_text(f"{HEADER}\n1.5,a,dx,ok,12.5\n2,a,dx,lost,\n\n3,b,vpn,unknown,\n4,b,vpn,ok,\n5,a,dx,lost,0\n")
    assert read_trace(trace, TARGETS) == [
        Row(2, 1.5, "a", "dx", RoundOutcome.OK, 0.0125),
        Row(3, 2.0, "a", "dx", RoundOutcome.LOST, None),
        Row(5, 3.0, "b", "vpn", RoundOutcome.UNKNOWN, None),
        Row(6, 4.0, "b", "vpn", RoundOutcome.OK, None),
        Row(7, 5.0, "a", "dx", RoundOutcome.LOST, None),
    ]


def test_what_spreadsheets_write_is_read(trace: Path) -> None:
    text = '"target","time_seconds","vantage","outcome","rtt_ms"\r\n"dx", 1e3 ,"a","ok","7"\r\n'
    trace.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert read_trace(trace, TARGETS) == [Row(2, 1000.0, "a", "dx", RoundOutcome.OK, 0.007)]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("x,a,dx,ok,5", f"2:1: time_seconds: found 'x', {SECONDS}"),
        ("-1,a,dx,ok,5", f"2:1: time_seconds: found '-1', {SECONDS}"),
        ("nan,a,dx,ok,5", f"2:1: time_seconds: found 'nan', {SECONDS}"),
        ("inf,a,dx,ok,5", f"2:1: time_seconds: found 'inf', {SECONDS}"),
        ("1_000,a,dx,ok,5", f"2:1: time_seconds: found '1_000', {SECONDS}"),
        ("\u0661\u0662,a,dx,ok,5", f"2:1: time_seconds: found '\u0661\u0662', {SECONDS}"),
        ("1700000000000,a,dx,ok,5", f"2:1: time_seconds: found '1700000000000', {SECONDS}; it looks like milliseconds"),
        ("1700000000000000000,a,dx,ok,5", f"2:1: time_seconds: found '1700000000000000000', {SECONDS}"),
        ("1,a,vpm,ok,5", "2:5: target: there is no target 'vpm', did you mean 'vpn'?"),
        ("1,a,dx, maybe,5", "2:9: outcome: found 'maybe', expected one of ok, lost, unknown"),
        ("1,a,dx,ok,-5", "2:11: rtt_ms: found '-5', expected nothing, or milliseconds from 0 to 3600000"),
        ("1,a,dx,ok,5ms", "2:11: rtt_ms: found '5ms', expected nothing, or milliseconds from 0 to 3600000"),
        ("1,a,dx,ok,3600001", "2:11: rtt_ms: found '3600001', expected nothing, or milliseconds from 0 to 3600000"),
        ("1,a,dx,lost,5", "2:13: rtt_ms: found a round trip beside 'lost', expected none"),
        ("1,a,dx,ok", f"2:10: the row: found 4 fields, expected 5: {HEADER}"),
        ("1,a,dx,ok,5,6", f"2:13: the row: found 6 fields, expected 5: {HEADER}"),
    ],
)
def test_a_bad_field_is_told_with_its_place(trace: Path, row: str, told: str) -> None:
    trace.write_text(f"{HEADER}\n{row}\n")
    assert refused(trace) == [told]


def test_every_bad_row_is_told(trace: Path) -> None:
    trace.write_text(f"{HEADER}\n1,a,dx,gone,\n2,a,dx,ok,1\n3,a,,lost,\n")
    assert [line.split(" ")[0] for line in refused(trace)] == ["2:8:", "4:5:"]


def test_a_long_list_of_bad_rows_ends(trace: Path) -> None:
    trace.write_text(f"{HEADER}\n" + "1,a,dx,gone,\n" * 1000)
    assert len(refused(trace)) == 21


@pytest.mark.parametrize("text", ["", "time,vantage,target,outcome,rtt\n", f"{HEADER},note\n"])
def test_another_header_is_refused(trace: Path, text: str) -> None:
    trace.write_text(text)
    assert refused(trace)[0].startswith("1:1: the header: found")


def test_a_missing_file_is_named(trace: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"trace\.csv: cannot be read"):
        read_trace(trace, TARGETS)


def test_a_line_that_is_not_text_is_named(trace: Path) -> None:
    trace.write_bytes(b"\xef\xbb\xbf" + f"{HEADER}\r\n1,\u00e4,dx,".encode() + b"\xff,\n")
    assert refused(trace) == ["2:8: the line: found the byte 0xff, expected UTF-8 text"]


def test_a_header_without_rows_is_refused(trace: Path) -> None:
    trace.write_text(f"{HEADER}\n\n")
    assert refused(trace) == [" no rows behind the header, expected one for each round"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_editors_count_them(trace: Path, end: str) -> None:
    trace.write_bytes(f"{HEADER}{end}1,a,dx,\x0clost\x1c,{end}2,a,dx,\x85gone,{end}".encode())
    assert refused(trace) == ["3:9: outcome: found 'gone', expected one of ok, lost, unknown"]


def test_a_row_counts_once_however_often_it_stands_there(trace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trace.write_text(f"{HEADER}\n1,a,dx,lost,\n2,a,dx,ok,5\n1.000,a,dx,lost,0\n2,a,dx,ok,5.0\n2,a,dx,ok,5\n")
    assert [row.line for row in read_trace(trace, TARGETS)] == [2, 3]
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", f"NOTE: {trace}: 3 rows left out, each identical to an earlier one\n")


def test_rounds_that_differ_in_any_column_but_the_outcome_are_all_read(
    trace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = ["1,a,dx,ok,5", "1,b,dx,ok,5", "1,a,vpn,ok,5", "1.001,a,dx,ok,5", "1,a,dx,ok,6"]
    trace.write_text("\n".join([HEADER, *rows]))
    assert len(read_trace(trace, TARGETS)) == len(rows)
    assert capsys.readouterr().err == ""


def test_rows_that_contradict_each_other_are_refused_by_both_their_lines(
    trace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trace.write_text(f"{HEADER}\n1,a,dx,ok,5\n2,a,dx,ok,5\n2,a,dx,ok,5\n1,a,dx,lost,\n")
    assert refused(trace) == [
        "5:1: the row: found 'lost', but line 2 has 'ok' of the same time, vantage and target, expected one of them"
    ]
    assert capsys.readouterr().err == ""


@given(st.lists(st.text(alphabet='1.,adxokl st-"', max_size=20), max_size=4))
def test_whatever_rows_there_are_they_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, rows: list[str]
) -> None:
    trace = tmp_path_factory.mktemp("trace") / "trace.csv"
    trace.write_text("\n".join([HEADER, *rows]))
    try:
        read = len(read_trace(trace, TARGETS))
    except ConfigurationError as err:
        told = str(err)
    else:
        told = str(trace) if read <= len(rows) else "more rows than lines"
    assert told.startswith(str(trace))
