"""When an answer is overdue."""

from __future__ import annotations

import pytest

from routekeeper.monitor.round_trip import RoundTrip


def test_before_any_measurement_the_floor_holds() -> None:
    assert RoundTrip().overdue_after(0.1) == 0.1


def test_the_first_measurement_sets_srtt_and_half_of_it_as_variation() -> None:
    assert RoundTrip().measured(0.2).overdue_after(0.1) == pytest.approx(0.2 + 4 * 0.1)


def test_a_steady_round_trip_is_overdue_soon_after_it() -> None:
    pace = RoundTrip()
    for _ in range(50):
        pace = pace.measured(0.2)
    assert pace.overdue_after(0.1) == pytest.approx(0.2, abs=0.001)
