"""How long losses last: what followed each loss, and when nobody can tell."""

from __future__ import annotations

import pytest

from routekeeper_cli.tune.bursts import burst_seconds

SOON, LONG = 0.2, 1e6


def pairs(gap: float, lost: int, answered: int) -> list[tuple[float, bool]]:
    return [(gap, True)] * lost + [(gap, False)] * answered


def test_probes_soon_after_a_loss_tell_the_length_of_bursts() -> None:
    # After 0.1 s a bad line is still bad with exp(-0.1 / 0.1): 36.8 %.
    assert burst_seconds(pairs(0.1, 368, 632), 1e-6, SOON, LONG) == pytest.approx(0.1, rel=0.01)


def test_probes_soon_after_a_loss_tell_that_losses_come_one_by_one() -> None:
    assert burst_seconds(pairs(0.1, 3, 97), 0.03, SOON, LONG) == 0.0


def test_a_few_pairs_tell_nothing() -> None:
    assert burst_seconds(pairs(0.1, 5, 4), 0.01, SOON, LONG) is None


def test_a_line_dark_for_six_seconds_is_told_from_a_probe_a_second() -> None:
    found = burst_seconds(pairs(1.0, 180, 36), 0.01, SOON, LONG)
    assert found == pytest.approx(5.5, rel=0.05)


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_losses_that_chance_lets_follow_each_other_a_second_apart_tell_nothing(lost: int) -> None:
    assert burst_seconds(pairs(1.0, lost, 85), 0.01, SOON, LONG) is None


def test_where_there_are_enough_of_them_the_probes_soon_after_a_loss_count_alone() -> None:
    assert burst_seconds([*pairs(0.1, 0, 20), *pairs(30.0, 20, 0)], 0.01, SOON, LONG) == 0.0


def test_no_burst_lasts_longer_than_all_that_was_lost() -> None:
    assert burst_seconds(pairs(1.0, 20, 0), 0.01, SOON, 20.0) == 20.0
