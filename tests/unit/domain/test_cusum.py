"""Thresholds and mean times of the scores, held to linear algebra, to a simulation and to the literature."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routekeeper.domain import cusum
from routekeeper.domain.cusum import Cadence, Loss, Score

YEAR_SECONDS = 365.25 * 86_400
EVENLY = Cadence(1.0, 1.0)
USUALLY = Cadence(1.0, 0.1)


def solved(score: Score, loss: Loss, pace: Cadence) -> float:
    """The same mean time from the whole system of equations: one state a score and last outcome."""
    states = [(level, bad) for level in range(score.threshold) for bad in (False, True)]
    index = {state: place for place, state in enumerate(states)}
    system = np.eye(len(states))
    seconds = np.zeros(len(states))
    for (level, bad), row in index.items():
        gap = pace.suspect_seconds if level else pace.calm_seconds
        chance = loss.after(gap)[bad]
        seconds[row] = gap
        system[row, index[max(0, level - 1), False]] -= 1 - chance
        if level + score.rise < score.threshold:
            system[row, index[level + score.rise, True]] -= chance
    return float(np.linalg.solve(system, seconds)[index[0, False]])


@given(
    rise=st.integers(1, 12),
    threshold=st.integers(1, 40),
    share=st.floats(0.05, 1.0),
    burst_seconds=st.sampled_from([0.0, 0.05, 0.5]),
    pace=st.sampled_from([EVENLY, USUALLY]),
)
def test_the_mean_time_to_an_alarm_solves_the_equations_of_the_chain(
    rise: int, threshold: int, share: float, burst_seconds: float, pace: Cadence
) -> None:
    score, loss = Score(rise, threshold), Loss(share, burst_seconds)
    computed = cusum.seconds_to_alarm(score, loss, pace)
    if computed < 1e8:  # beyond it the general solver runs out of digits, not the recursion
        assert computed == pytest.approx(solved(score, loss, pace), rel=1e-5)


@given(fall=st.integers(1, 12), threshold=st.integers(1, 40), share=st.floats(0.0, 0.5))
def test_the_mean_time_to_recovery_solves_the_equations_of_the_chain(fall: int, threshold: int, share: float) -> None:
    system = np.eye(threshold)
    for level in range(threshold):
        system[level, max(0, level - fall)] -= share
        if level + 1 < threshold:
            system[level, level + 1] -= 1 - share
    computed = cusum.seconds_to_recovery(Score(fall, threshold), share, 1.0)
    if computed < 1e8:
        reference = float(np.linalg.solve(system, np.ones(threshold))[0])
        assert computed == pytest.approx(reference, rel=1e-5)


def test_the_literatures_approximation_agrees() -> None:
    """Reynolds and Stoumbos 1999: a diffusion corrected for the overshoot at the threshold."""
    usual, unacceptable = 0.01, 0.05
    score = Score(cusum.weight(usual, unacceptable), 200)
    steps = score.rise + 1
    good = math.log((1 - usual) / (1 - unacceptable))
    bad = steps * good  # the other rate for which 1/steps is the reference value; near `unacceptable`
    correction = 0.410 - 0.0842 * math.log(usual) - 0.0391 * math.log(usual) ** 3 - 0.00376 * math.log(usual) ** 4
    correction -= 0.000008 * math.log(usual) ** 7
    limit = score.threshold / steps + correction * math.sqrt(usual * (1 - usual))
    approximated = (math.exp(limit * bad) - limit * bad - 1) / abs(bad * usual - good)
    assert cusum.seconds_to_alarm(score, Loss(usual), EVENLY) == pytest.approx(approximated, rel=0.05)


def test_a_simulated_line_with_bursts_takes_as_long_as_computed() -> None:
    score, loss, pace = Score(4, 11), Loss(0.2, 0.3), USUALLY
    chance = random.Random(1)  # noqa: S311 - a simulation
    total = 0.0
    for _ in range(4000):
        level, bad = 0, False
        while level < score.threshold:
            gap = pace.suspect_seconds if level else pace.calm_seconds
            total += gap
            bad = chance.random() < loss.after(gap)[bad]
            level = level + score.rise if bad else max(0, level - 1)
    assert cusum.seconds_to_alarm(score, loss, pace) == pytest.approx(total / 4000, rel=0.05)


def test_a_line_that_is_dead_takes_one_probe_a_step() -> None:
    assert cusum.seconds_to_alarm(Score(10, 45), Loss(1.0, 0.1), USUALLY) == pytest.approx(1.0 + 4 * 0.1)


def test_a_line_that_loses_nothing_is_never_accused() -> None:
    assert cusum.seconds_to_alarm(Score(10, 45), Loss(0.0), USUALLY) == math.inf


def test_a_dead_line_never_recovers() -> None:
    assert cusum.seconds_to_recovery(Score(10, 45), 1.0, 1.0) == math.inf


@pytest.mark.parametrize("burst_seconds", [0.0, 0.1, 0.3])
@pytest.mark.parametrize(("usual", "unacceptable"), [(0.01, 0.3), (0.001, 0.05), (0.05, 0.3), (0.01, 0.03)])
def test_the_threshold_is_the_least_that_keeps_the_promise(
    usual: float, unacceptable: float, burst_seconds: float
) -> None:
    loss = Loss(usual, burst_seconds)
    score = cusum.alarm(loss, unacceptable, USUALLY, YEAR_SECONDS)
    assert cusum.seconds_to_alarm(score, loss, USUALLY) >= YEAR_SECONDS
    assert cusum.seconds_to_alarm(Score(score.rise, score.threshold - 1), loss, USUALLY) < YEAR_SECONDS


def test_a_third_of_packets_lost_is_told_from_one_in_a_hundred_by_five_losses_in_a_row() -> None:
    assert cusum.alarm(Loss(0.01), 0.3, USUALLY, YEAR_SECONDS) == Score(rise=10, threshold=45)


def test_the_neutral_share_lies_between_usual_and_unacceptable() -> None:
    assert 0.01 < cusum.alarm(Loss(0.01), 0.3, USUALLY, YEAR_SECONDS).neutral < 0.3


@pytest.mark.parametrize("burst_seconds", [0.0, 0.1])
@pytest.mark.parametrize("share", [0.01, 0.03, 0.04, 0.06, 0.09, 0.3])
def test_no_share_of_losses_is_both_accused_and_cleared_in_a_short_time(share: float, burst_seconds: float) -> None:
    usual = Loss(0.01, burst_seconds)
    alarm = cusum.alarm(usual, 0.3, USUALLY, YEAR_SECONDS)
    clear = cusum.recovery(usual, alarm, USUALLY, 20_000.0)
    to_alarm = cusum.seconds_to_alarm(alarm, Loss(share, burst_seconds), USUALLY)
    assert to_alarm + cusum.seconds_to_recovery(clear, share, 1.0) >= 20_000.0


def test_usual_loss_is_recognised_within_minutes() -> None:
    alarm = cusum.alarm(Loss(0.01, 0.1), 0.3, USUALLY, YEAR_SECONDS)
    clear = cusum.recovery(Loss(0.01, 0.1), alarm, USUALLY, 20_000.0)
    assert cusum.seconds_to_recovery(clear, 0.01, 1.0) < 300.0
