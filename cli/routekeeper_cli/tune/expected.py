"""How soon a target's failure is noticed, and how often a good line is taken for a failed one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from routekeeper.domain import cusum, grey
from routekeeper.domain.cusum import Cadence, Loss
from routekeeper.domain.detection import Detection
from routekeeper.domain.grey import LATE_SHARE, YEAR_SECONDS

_MOST_STEPS: Final = 2_000_000
"""Up to so many the false alarms of two rules are counted exactly; beyond, they are added, which is never too few."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line as usual, and one that has gone bad. A detection has to tell them apart."""

    usual: Loss
    late: Loss
    """The usual share of late answers, by the detection's own limit."""
    grey_share: float


@dataclass(frozen=True, slots=True)
class Expected:
    """Means, for one vantage that decides alone."""

    cut_seconds: float
    """From a cut to the verdict."""
    grey_seconds: float
    """From the moment when a line starts to lose a share, one by one, to the verdict."""
    late_seconds: float
    """From the moment when half of the answers are late to the verdict."""
    false_moves_a_year: float
    """Verdicts on a line that is as usual."""


@lru_cache(maxsize=4096)
def expected(rule: Detection, timeout_seconds: float, line: Line) -> Expected:
    """What a detection comes to on a line: as usual, when it loses its grey share, and when it loses everything.

    Losses in a row, the loss rule and the latency rule each have an exact mean. If several apply, the earlier mean is
    told, which is never too early. False alarms of losses are exact for both rules together, unless that would take
    long. Those of latency are added.
    """
    row = rule.losses_needed(timeout_seconds)
    half = rule.pace.calm_seconds / 2
    cut = rule.seconds_to_notice(timeout_seconds) + half
    slow = seconds_to_row(row, Loss(line.grey_share), rule.pace) - half + timeout_seconds
    late, false_moves = math.inf, YEAR_SECONDS / seconds_to_row(row, line.usual, rule.pace)
    if rule.loss is not None:
        standard = rule.loss_standard(rule.loss)
        cut = min(cut, grey.seconds_to_notice(standard, 1.0, rule.pace))
        slow = min(slow, grey.seconds_to_notice(standard, line.grey_share, rule.pace))
        if standard.alarm.threshold * min(row, standard.alarm.losses) <= _MOST_STEPS:
            false_moves = YEAR_SECONDS / cusum.seconds_to_alarm(standard.alarm, line.usual, rule.pace, in_a_row=row)
        else:
            false_moves += YEAR_SECONDS / cusum.seconds_to_alarm(standard.alarm, line.usual, rule.pace)
    if rule.latency is not None:
        standard = rule.latency_standard(rule.latency)
        # A late answer is known when it comes, not with the timeout.
        late = grey.seconds_to_notice(standard, LATE_SHARE, rule.pace) - rule.probe_timeout_seconds
        false_moves += YEAR_SECONDS / cusum.seconds_to_alarm(standard.alarm, line.late, rule.pace)
    return Expected(cut, slow, late, false_moves)


def seconds_to_row(count: int, loss: Loss, pace: Cadence) -> float:
    """Mean seconds to the sending of the last of `count` losses in a row, on a line in a good spell, exactly."""
    begins, _ = loss.after(pace.calm_seconds)
    _, goes_on = loss.after(pace.suspect_seconds)
    whole = goes_on ** (count - 1)
    if begins * whole == 0:
        return math.inf
    tried = count - 1 if goes_on == 1 else (1 - whole) / (1 - goes_on)
    return (pace.calm_seconds + begins * pace.suspect_seconds * tried) / (begins * whole)
