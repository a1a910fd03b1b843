"""How soon a target's failure is noticed, and how often a good line is taken for a failed one."""

from __future__ import annotations

import math
from dataclasses import dataclass

from routekeeper.config.summary import seconds_to_notice
from routekeeper.domain import cusum, grey
from routekeeper.domain.cusum import Loss, Pace
from routekeeper.domain.grey import YEAR_SECONDS
from routekeeper.domain.health import Detection


@dataclass(frozen=True, slots=True)
class Expected:
    """Means, for one vantage that decides alone."""

    cut_seconds: float
    """From a cut to the verdict."""
    grey_seconds: float
    """From the moment when a line starts to lose a share, one by one, to the verdict."""
    false_moves_a_year: float
    """Verdicts on a line that loses as usual."""


def expected(rule: Detection, timeout_seconds: float, usual: Loss, grey_share: float) -> Expected:
    """What a detection comes to on a line of usual loss, where `grey_share` is lost, and where everything is lost.

    Losses in a row and the loss rule each have an exact mean. Of both together the earlier mean is told, which is never
    too early, and the sum of their false alarms, which is never too little. `latency` is not looked at.
    """
    row = _enough_in_a_row(rule, timeout_seconds)
    half = rule.pace.calm_seconds / 2
    cut = seconds_to_notice(rule, timeout_seconds) + half
    slow = seconds_to_row(row, Loss(grey_share), rule.pace) - half + timeout_seconds
    false_moves = YEAR_SECONDS / seconds_to_row(row, usual, rule.pace)
    if rule.loss is None:
        return Expected(cut, slow, false_moves)
    standard = rule.loss_standard(rule.loss)
    return Expected(
        min(cut, grey.seconds_to_notice(standard, 1.0, rule.pace)),
        min(slow, grey.seconds_to_notice(standard, grey_share, rule.pace)),
        false_moves + YEAR_SECONDS / cusum.seconds_to_alarm(standard.alarm, usual, rule.pace),
    )


def seconds_to_row(count: int, loss: Loss, pace: Pace) -> float:
    """Mean seconds to the sending of the last of `count` losses in a row, on a line in a good spell, exactly."""
    begins, _ = loss.after(pace.calm_seconds)
    _, goes_on = loss.after(pace.suspect_seconds)
    whole = goes_on ** (count - 1)
    if begins * whole == 0:
        return math.inf
    tried = count - 1 if goes_on == 1 else (1 - whole) / (1 - goes_on)
    return (pace.calm_seconds + begins * pace.suspect_seconds * tried) / (begins * whole)


def _enough_in_a_row(rule: Detection, timeout_seconds: float) -> int:
    """How many losses in a row at the suspect interval fulfil the count and the span."""
    return 1 + round((seconds_to_notice(rule, timeout_seconds) - timeout_seconds) / rule.suspect_interval_seconds)
