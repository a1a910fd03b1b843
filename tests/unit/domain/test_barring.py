"""Bars: at which pace EC2 is asked again, and which refusals speak against a path (law 13)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routekeeper.domain import barring
from routekeeper.domain.barring import LAG_SECONDS, LONGEST_PAUSE_SECONDS, STRANDED_SECONDS, Bar, why_barred
from routekeeper.domain.presence import Release
from routekeeper.domain.refusal import About, Refusal

NOW = 1_000_000.0
RELEASE = Release("1.0.0", "a digest")
SEVERAL = Refusal("InvalidInstanceID", "several interfaces", About.NEXT_HOP, final=True)
NOT_FOUND = Refusal("InvalidInstanceID.NotFound", "no such instance", About.NEXT_HOP, final=True)
DENIED = Refusal("UnauthorizedOperation", "denied", About.ROUTE, final=True)
THROTTLED = Refusal("RequestLimitExceeded", "slow down")
CHANGING = Refusal("IncorrectState", "being modified")


def refused(*refusals: Refusal, at: float = NOW) -> Bar:
    """The bar after these refusals, each as soon as it may come."""
    bar: Bar | None = None
    for refusal in refusals:
        at = at if bar is None else bar.next_try_at
        bar = barring.after(bar, refusal, at, RELEASE)
    assert bar is not None
    return bar


def pause(*refusals: Refusal) -> float:
    bar = refused(*refusals)
    return bar.next_try_at - bar.refused_at


def test_law_13_each_refusal_doubles_the_pause_up_to_an_hour() -> None:
    pauses = [pause(*[SEVERAL] * number) for number in range(1, 10)]
    assert pauses == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


def test_law_13_what_may_be_lag_is_asked_again_seconds_later_and_then_at_the_same_pace() -> None:
    assert [pause(*[NOT_FOUND] * number) for number in range(1, 5)] == [LAG_SECONDS, 60, 120, 240]
    assert pause(CHANGING) == LAG_SECONDS


def test_law_13_a_try_before_its_time_makes_no_pause_longer() -> None:
    bar = refused(SEVERAL, SEVERAL)
    early = barring.after(bar, SEVERAL, bar.refused_at + 50, RELEASE)
    assert (early.refusals, early.next_try_at - early.refused_at) == (3, 120)


def test_law_13_a_bar_knows_since_when_and_what_was_said_last() -> None:
    bar = refused(NOT_FOUND, SEVERAL)
    assert (bar.since, bar.refused_at, bar.code, bar.refusals) == (NOW, NOW + 5, "InvalidInstanceID", 2)
    assert bar.release == "1.0.0 a digest"


@given(st.lists(st.sampled_from([SEVERAL, NOT_FOUND, DENIED, CHANGING]), min_size=1, max_size=200))
def test_law_13_every_bar_has_a_next_try_within_the_hour_and_holds_until_then(refusals: list[Refusal]) -> None:
    bar = refused(*refusals)
    assert 0 < bar.next_try_at - bar.refused_at <= LONGEST_PAUSE_SECONDS
    assert bar.holds(bar.refused_at)
    assert not bar.holds(bar.next_try_at)


def test_law_13_with_no_other_way_each_minutes_pass_asks_again() -> None:
    bar = refused(*[SEVERAL] * 9)
    assert bar.holds(bar.refused_at + STRANDED_SECONDS - 1, stranded=True)
    assert not bar.holds(bar.refused_at + STRANDED_SECONDS, stranded=True)
    assert bar.holds(bar.refused_at + STRANDED_SECONDS)


@pytest.mark.parametrize(("refused_at", "next_try_at"), [(NOW, NOW + 7200), (NOW + 600, NOW + 900)])
def test_a_bar_with_a_time_that_cannot_be_bars_nothing(refused_at: float, next_try_at: float) -> None:
    assert not replace(refused(SEVERAL), refused_at=refused_at, next_try_at=next_try_at).holds(NOW)


@pytest.mark.parametrize(
    ("refusals", "moves", "none_taken", "speaks"),
    [
        ([SEVERAL], True, True, SEVERAL),
        ([SEVERAL], True, False, SEVERAL),
        ([SEVERAL], False, True, SEVERAL),
        ([DENIED, SEVERAL], True, False, SEVERAL),
        ([DENIED, DENIED], True, True, DENIED),
        ([DENIED], True, False, None),
        ([DENIED], False, True, None),
        ([DENIED, CHANGING], True, True, DENIED),
        ([DENIED, THROTTLED], True, True, None),
        ([THROTTLED], True, True, None),
        ([], True, True, None),
    ],
)
def test_law_13_the_next_hop_bars_its_path_and_a_route_only_if_all_are_refused(
    refusals: list[Refusal], speaks: Refusal | None, *, moves: bool, none_taken: bool
) -> None:
    assert why_barred(refusals, moves=moves, none_taken=none_taken) == speaks
