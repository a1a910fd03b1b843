"""Failback windows on the clocks of many zones, with the days on which these are changed."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routekeeper.domain.windows import Day, Window, Windows

BERLIN = ZoneInfo("Europe/Berlin")
EVERY_DAY = frozenset(Day)
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",  # clocks put forward at midnight, until 2018
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Beirut",
    "Africa/Casablanca",
    "Australia/Lord_Howe",  # by half an hour
    "Pacific/Apia",  # 30 December 2011 was no day
    "Pacific/Chatham",
    "America/St_Johns",
]


def at(text: str) -> float:
    """The instant of an ISO text in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def clock(text: str) -> time:
    return time.fromisoformat(text)


def windows(opens: str, closes: str, *days: Day, zone: ZoneInfo = BERLIN) -> Windows:
    return Windows(zone, (Window(clock(opens), clock(closes), frozenset(days) or EVERY_DAY),))


def test_a_window_is_open_from_its_first_moment_to_just_before_its_last() -> None:
    night = windows("02:00", "05:00", Day.SAT)
    assert not night.are_open(at("2026-11-21T00:59:59.999"))
    assert night.are_open(at("2026-11-21T01:00"))
    assert night.are_open(at("2026-11-21T03:59:59.999"))
    assert not night.are_open(at("2026-11-21T04:00"))
    assert not night.are_open(at("2026-11-22T02:00")), "a Sunday"


def test_the_next_opening_is_told_in_instants() -> None:
    night = windows("02:00", "05:00", Day.SAT, Day.SUN)
    assert night.open_at(at("2026-11-20T12:00")) == at("2026-11-21T01:00")
    assert night.open_at(at("2026-11-21T04:00")) == at("2026-11-22T01:00")
    assert night.open_at(at("2026-11-22T04:00")) == at("2026-11-28T01:00")
    assert night.open_at(at("2026-11-21T02:30")) == at("2026-11-21T02:30"), "open already"


def test_a_window_that_does_not_close_after_it_opens_ends_on_the_next_day() -> None:
    night = windows("22:00", "04:00", Day.SUN)
    assert night.are_open(at("2026-11-23T02:59")), "Monday, 03:59, of Sunday's window"
    assert not night.are_open(at("2026-11-22T02:59")), "Sunday, 03:59, of no window"
    assert night.open_at(at("2026-11-23T03:00")) == at("2026-11-29T21:00")


def test_a_window_from_one_time_to_the_same_lasts_a_day() -> None:
    day = windows("06:00", "06:00", Day.MON)
    assert [day.are_open(at(f"2026-11-{when}")) for when in ("23T04:59", "23T05:00", "24T04:59", "24T05:00")] == [
        False,
        True,
        True,
        False,
    ]


def test_of_several_windows_the_first_to_open_counts() -> None:
    both = Windows(BERLIN, (Window(clock("12:00"), clock("13:00")), Window(clock("02:00"), clock("03:00"))))
    assert both.open_at(at("2026-11-20T05:00")) == at("2026-11-20T11:00")
    assert both.open_at(at("2026-11-20T12:00")) == at("2026-11-21T01:00")


# --- clocks put forward (Berlin, 29 March 2026, 01:00 UTC: 02:00 becomes 03:00)


def test_an_opening_that_is_skipped_comes_with_the_change() -> None:
    assert windows("02:30", "05:00", Day.SUN).open_at(at("2026-03-28T12:00")) == at("2026-03-29T01:00")


def test_a_closing_that_is_skipped_comes_with_the_change() -> None:
    night = windows("01:30", "02:30", Day.SUN)
    assert night.are_open(at("2026-03-29T00:59:59"))
    assert not night.are_open(at("2026-03-29T01:00"))


def test_a_window_that_is_skipped_as_a_whole_opens_a_week_later() -> None:
    assert windows("02:15", "02:45", Day.SUN).open_at(at("2026-03-28T12:00")) == at("2026-04-05T00:15")


# --- clocks put back (Berlin, 25 October 2026, 01:00 UTC: 03:00 becomes 02:00)


def test_a_window_that_clocks_show_twice_opens_twice() -> None:
    night = windows("02:15", "02:45", Day.SUN)
    assert night.open_at(at("2026-10-24T12:00")) == at("2026-10-25T00:15")
    assert not night.are_open(at("2026-10-25T00:45"))
    assert night.open_at(at("2026-10-25T00:45")) == at("2026-10-25T01:15")
    assert not night.are_open(at("2026-10-25T01:45"))


def test_a_window_that_clocks_are_put_back_into_opens_with_the_change() -> None:
    night = windows("01:00", "02:30", Day.SUN)
    assert not night.are_open(at("2026-10-25T00:30"))
    assert night.open_at(at("2026-10-25T00:30")) == at("2026-10-25T01:00")
    assert not night.are_open(at("2026-10-25T01:30"))


def test_a_day_that_a_zone_leaves_out_has_no_window() -> None:
    friday = windows("00:00", "00:00", Day.FRI, zone=ZoneInfo("Pacific/Apia"))
    assert friday.open_at(at("2011-12-28T12:00")) == at("2012-01-05T10:00"), "Friday the 6th; the 30th was left out"


# --- for any zone, window and instant

instants = st.floats(at("2000-01-01"), at("2037-01-01"))
clocks = st.builds(time, st.integers(0, 23), st.integers(0, 59))


@st.composite
def changes(draw: st.DrawFn) -> float:
    """An instant within some days of a change of clocks somewhere."""
    days = ["2026-03-29", "2026-10-25", "2026-03-08", "2026-11-01", "2011-12-30", "2017-10-15", "2026-04-05"]
    return at(draw(st.sampled_from(days))) + draw(st.floats(-8 * 86_400.0, 2 * 86_400.0))


drawn = st.builds(
    Windows,
    st.sampled_from(ZONES).map(ZoneInfo),
    st.lists(
        st.builds(Window, clocks, clocks, st.frozensets(st.sampled_from(Day), min_size=1)), min_size=1, max_size=3
    ).map(tuple),
)


@given(drawn, instants | changes())
def test_the_next_opening_is_open_and_nothing_before_it_is(some: Windows, now: float) -> None:
    opens = some.open_at(now)
    assert opens >= now
    assert some.are_open(opens)
    if opens > now:
        assert not some.are_open(opens - 0.5)
        for part in range(60):
            assert not some.are_open(now + (opens - now) * part / 60)


@given(drawn, instants | changes())
def test_a_window_is_open_only_while_a_clock_shows_a_time_in_it(some: Windows, now: float) -> None:
    shown = datetime.fromtimestamp(now, some.zone)
    minute = shown.hour * 60 + shown.minute
    inside = False
    for window in some.windows:
        opens, closes = (edge.hour * 60 + edge.minute for edge in (window.opens, window.closes))
        length = (closes - opens) % 1440 or 1440
        into = (minute - opens) % 1440
        day = shown.date() - timedelta(days=1 if minute < opens else 0)
        inside = inside or (into < length and list(Day)[day.weekday()] in window.days)
    assert some.are_open(now) is inside


@pytest.mark.parametrize("zone", ZONES)
def test_every_window_of_an_ordinary_week_opens_once_a_week(zone: str) -> None:
    weekly = windows("03:00", "03:30", Day.WED, zone=ZoneInfo(zone))
    first = weekly.open_at(at("2026-06-01"))
    assert weekly.open_at(first + 3600) - first == 7 * 86_400
