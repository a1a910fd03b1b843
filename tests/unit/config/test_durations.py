"""Durations as text: what is read, what is written, and that they agree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routekeeper.config.durations import parse, render
from routekeeper.config.problems import Rejected

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}


@given(st.integers(min_value=0, max_value=400 * 86_400_000))
def test_what_is_written_is_read_back_to_the_millisecond(milliseconds: int) -> None:
    assert parse(render(milliseconds / 1000)) == pytest.approx(milliseconds / 1000, abs=1e-9)


@given(st.integers(min_value=0, max_value=10**9 - 1), st.sampled_from(sorted(UNITS)))
def test_a_number_counts_in_its_unit(number: int, unit: str) -> None:
    assert parse(f"{number}{unit}") == pytest.approx(number * UNITS[unit])


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("200ms", 0.2), ("1s", 1.0), ("1.5s", 1.5), ("2m", 120.0), ("24h", 86_400.0), ("1d", 86_400.0), ("0s", 0.0)],
)
def test_the_usual_spellings_are_read(written: str, seconds: float) -> None:
    assert parse(written) == seconds


@given(st.integers(min_value=1, max_value=99_999))
def test_what_is_short_is_read_back_to_three_digits(microseconds: int) -> None:
    assert parse(render(microseconds / 1_000_000)) == pytest.approx(microseconds / 1_000_000, rel=0.005)


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0, "0s"),
        (0.0001, "0.1ms"),
        (0.00025, "0.25ms"),
        (0.0125, "12.5ms"),
        (0.126595, "127ms"),
        (0.75, "750ms"),
        (1.65, "1.65s"),
        (60, "1m"),
        (90, "90s"),
        (5400, "90m"),
        (86_400, "1d"),
    ],
)
def test_the_shortest_usual_spelling_is_written(seconds: float, written: str) -> None:
    assert render(seconds) == written


@given(st.one_of(st.integers(), st.floats()))
def test_a_number_without_a_unit_is_refused_and_told_so(number: float) -> None:
    with pytest.raises(Rejected, match="without a unit, expected a duration such as 200ms"):
        parse(number)


@pytest.mark.parametrize(
    "text",
    ["", "s", "1", "1 s", "1S", "-1s", "1.s", ".5s", "1e3s", "1s1s", "\N{ARABIC-INDIC DIGIT ONE}s", "1s\n", "1w"],
)
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(Rejected, match="expected a duration"):
        parse(text)
