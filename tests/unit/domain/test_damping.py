"""Damping: what flaps add up to, when a path is suppressed by them and for how long."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routekeeper.domain.damping import FLAP, Damping
from routekeeper.domain.flaps import Flaps, look
from routekeeper.domain.health import Health

UP, DOWN, NO_IDEA = Health.HEALTHY, Health.UNHEALTHY, Health.UNKNOWN
START = 1_790_000_000.0
MINUTE = 60.0
STANDARD = Damping()


def flapping(*ats: float, rule: Damping = STANDARD, before: Flaps | None = None) -> Flaps:
    """A path that failed at each of these moments and was well in between."""
    flaps = before or Flaps()
    for at in ats:
        flaps = flaps.seen(DOWN, at, rule).seen(UP, at + 1e-3, rule)
    return flaps


def every(minutes: float, count: int) -> list[float]:
    return [START + number * minutes * MINUTE for number in range(count)]


@st.composite
def rules(draw: st.DrawFn) -> Damping:
    """Settings as the configuration lets them pass."""
    day = 86_400.0
    reuse = draw(st.integers(10, 20_000))
    lowest = max(int(FLAP), reuse) + 1
    halvings = math.log2((lowest + 1) / reuse)  # with so many down to reuse, the lowest suppress is below the ceiling
    half_life = draw(st.floats(1.0, day / max(1.0, halvings)))
    longest = draw(st.floats(min(day, max(1.0, halvings * half_life)), day))
    rule = Damping(half_life, lowest, reuse, longest)
    return replace(rule, suppress=draw(st.integers(lowest, min(100_000, int(rule.ceiling)))))


looks = st.lists(st.tuples(st.sampled_from(Health), st.floats(0.0, 3000.0)), max_size=40)


def after(seen: list[tuple[Health, float]], rule: Damping) -> tuple[Flaps, float]:
    """What is remembered after looks at a path, each with the seconds since the one before; and the last moment."""
    flaps, now = Flaps(), START
    for health, seconds in seen:
        now += seconds
        flaps = flaps.seen(health, now, rule)
    return flaps, now


@given(rules(), st.floats(1.0, 3600.0))
def test_no_flapping_reaches_more_than_its_distance_allows(rule: Damping, apart: float) -> None:
    flaps = flapping(*(START + number * apart for number in range(200)), rule=rule)
    assert flaps.penalty <= rule.most(apart) * (1 + 1e-6)


def test_long_flapping_comes_near_to_what_its_distance_allows() -> None:
    flaps = flapping(*every(10, 200))
    assert flaps.penalty == pytest.approx(STANDARD.most(10 * MINUTE), rel=1e-3)


# --- what a flap is


def test_a_path_that_turns_unhealthy_has_flapped_once_however_long_it_stays_so() -> None:
    flaps = Flaps().seen(UP, START, STANDARD).seen(DOWN, START + 1, STANDARD)
    assert flaps == Flaps(FLAP, START + 1, FLAP, down=True)
    assert flaps.seen(DOWN, START + 500, STANDARD) == flaps


def test_not_knowing_is_no_flap_and_ends_none() -> None:
    assert Flaps().seen(NO_IDEA, START, STANDARD) == Flaps()
    down = Flaps().seen(DOWN, START, STANDARD)
    assert down.seen(NO_IDEA, START + 60, STANDARD).seen(DOWN, START + 120, STANDARD) == down


def test_the_penalty_halves_with_every_half_life() -> None:
    flaps = flapping(START)
    assert [flaps.penalty_at(START + minutes * MINUTE, STANDARD) for minutes in (0, 15, 30, 60)] == pytest.approx(
        [1000, 500, 250, 62.5]
    )


# --- who is suppressed


def test_two_flaps_are_forgiven_and_the_third_within_twenty_minutes_is_not() -> None:
    assert flapping(*every(0.1, 2)).reusable_at(STANDARD) is None
    third = flapping(*every(10, 3))
    assert third.suppressed_at(START + 21 * MINUTE, STANDARD)
    assert flapping(*every(11, 3)).reusable_at(STANDARD) is None


def test_a_suppressed_path_may_be_used_again_once_its_penalty_has_fallen_to_the_reuse_limit() -> None:
    flaps = flapping(*every(1, 3))
    reusable_at = flaps.reusable_at(STANDARD)
    assert reusable_at is not None
    assert flaps.penalty_at(reusable_at, STANDARD) == pytest.approx(STANDARD.reuse)
    assert flaps.suppressed_at(reusable_at - 0.1, STANDARD)
    assert not flaps.suppressed_at(reusable_at, STANDARD)


def test_between_the_limits_it_counts_where_the_penalty_came_from() -> None:
    """1200 on its way down from 2800 is suppressed; 1200 that never reached 2000 is not."""
    down_from_above = flapping(*every(1, 3))
    later = START + 20 * MINUTE
    assert STANDARD.reuse < down_from_above.penalty_at(later, STANDARD) < STANDARD.suppress
    assert down_from_above.suppressed_at(later, STANDARD)
    assert not flapping(*every(1, 1)).suppressed_at(START + 1, STANDARD)


def test_a_flap_while_suppressed_keeps_the_path_suppressed_and_one_after_reuse_begins_anew() -> None:
    flaps = flapping(*every(1, 3))
    reusable_at = flaps.reusable_at(STANDARD) or 0.0
    again = flapping(reusable_at - MINUTE, before=flaps)
    assert (again.reusable_at(STANDARD) or 0.0) > reusable_at
    assert flapping(reusable_at + MINUTE, before=flaps).reusable_at(STANDARD) is None


@pytest.mark.parametrize(("suppress", "minutes"), [(2000, 15.0), (3000, 8.77), (6000, 3.95)])
def test_a_steady_flap_is_damped_if_it_comes_more_often_than_the_decision_page_says(
    suppress: float, minutes: float
) -> None:
    rule = Damping(suppress=suppress)
    assert flapping(*every(minutes * 0.99, 100), rule=rule).reusable_at(rule) is not None
    assert flapping(*every(minutes * 1.01, 100), rule=rule).reusable_at(rule) is None


# --- settings that change


def test_changed_limits_count_at_once() -> None:
    flaps = flapping(*every(0.1, 2))
    assert flaps.suppressed_at(START + MINUTE, Damping(suppress=1500))
    suppressed = flapping(*every(1, 3))
    now = START + 3 * MINUTE
    assert suppressed.suppressed_at(now, STANDARD)
    assert not suppressed.suppressed_at(now, Damping(suppress=4000))
    assert not suppressed.suppressed_at(now + 10, Damping(half_life_seconds=1.0, longest_seconds=5.0))
    assert (suppressed.reusable_at(Damping(longest_seconds=1800.0)) or 0.0) <= suppressed.at + 1800.0


def test_a_penalty_put_right_by_hand_suppresses_nobody() -> None:
    assert Flaps(0.0, START, 5000.0).reusable_at(STANDARD) is None
    assert Flaps(5e-324, START, 5000.0).reusable_at(STANDARD) is None


def test_the_ceiling_of_extreme_settings_is_a_number() -> None:
    assert math.isfinite(Damping(1.0, 2000.0, 750.0, 86_400.0).ceiling)


# --- all paths together


def test_paths_without_flaps_and_paths_that_are_gone_are_not_remembered() -> None:
    known = {"gone": flapping(START), "dx": flapping(START)}
    assert set(look(known, {"dx": UP, "vpn": UP, "lte": DOWN}, START + 1, STANDARD)) == {"dx", "lte"}
    assert look(known, {"dx": UP}, START + 86_400, STANDARD) == {}


@given(looks, rules())
def test_looking_twice_changes_nothing(seen: list[tuple[Health, float]], rule: Damping) -> None:
    known: dict[str, Flaps] = {}
    now = START
    for health, seconds in seen:
        now += seconds
        known = look(known, {"dx": health}, now, rule)
        assert look(known, {"dx": health}, now, rule) == known


# --- for any flaps and settings


@given(looks, rules())
def test_who_is_suppressed_is_never_forgotten(seen: list[tuple[Health, float]], rule: Damping) -> None:
    flaps, now = after(seen, rule)
    if flaps.suppressed_at(now, rule):
        assert look({"dx": flaps}, {"dx": UP}, now, rule)


@given(looks, rules())
def test_suppression_ends_within_the_longest_time_after_the_last_flap(
    seen: list[tuple[Health, float]], rule: Damping
) -> None:
    flaps, _ = after(seen, rule)
    reusable_at = flaps.reusable_at(rule)
    assert reusable_at is None or reusable_at <= flaps.at + rule.longest_seconds + 1e-3


@given(looks, rules())
def test_the_penalty_never_exceeds_the_ceiling_and_only_falls_between_flaps(
    seen: list[tuple[Health, float]], rule: Damping
) -> None:
    flaps, now = after(seen, rule)
    assert 0.0 <= flaps.penalty_at(now + 1, rule) <= flaps.penalty_at(now, rule) <= rule.ceiling


@given(looks, rules())
def test_who_is_suppressed_has_reached_the_one_limit_and_not_yet_fallen_below_the_other(
    seen: list[tuple[Health, float]], rule: Damping
) -> None:
    flaps, now = after(seen, rule)
    if flaps.suppressed_at(now, rule):
        assert flaps.peak >= rule.suppress
        assert flaps.penalty_at(now, rule) >= rule.reuse * (1 - 1e-6)


@given(looks, rules(), st.floats(0.0, 1e5))
def test_what_is_reported_and_what_is_decided_are_the_same(
    seen: list[tuple[Health, float]], rule: Damping, later: float
) -> None:
    flaps, now = after(seen, rule)
    reusable_at = flaps.reusable_at(rule)
    assert flaps.suppressed_at(now + later, rule) is (reusable_at is not None and now + later < reusable_at)


@given(st.floats(0.0, 5.0))
def test_a_clock_that_lags_behind_the_writers_sees_no_more_than_was_written(lag: float) -> None:
    flaps = flapping(*every(1, 3))
    assert flaps.penalty_at(flaps.at - lag, STANDARD) == flaps.penalty
    assert flaps.seen(DOWN, flaps.at - lag, STANDARD).at == flaps.at
