"""How much evidence is enough: the Bernoulli CUSUM, its weights and thresholds, and how long it takes, exactly.

A score rises by `rise` with every bad outcome and falls by 1 with every good one, but never below 0. At `threshold` it
says that bad outcomes have become more than usual. This is the cumulative sum of the log-likelihood ratio of two loss
rates (Page 1954). It is scaled as Reynolds and Stoumbos do (1999, "A CUSUM chart for monitoring a proportion when
inspecting continuously", Journal of Quality Technology 31) so that it moves on whole numbers. Then it is a Markov
chain, and the mean time to the threshold is the solution of linear equations instead of an approximation.

Two things go beyond the textbook. Probes follow each other faster while the score is above 0 (variable sampling
intervals), so times are summed in seconds and not in probes. And losses come in bursts: whether a probe is lost depends
on the one before it, more so if the two are close together. The model is Gilbert's, a line that is either up or down
for exponentially distributed times.

Why: docs/decisions/grey-failure.md
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from routekeeper.domain.errors import ConfigurationError

MOST_THRESHOLD: Final = 10_000
"""A higher one is not looked for: each level costs time and memory, also in a function with 128 MB."""


class TooLong(ConfigurationError):
    """No threshold up to the highest is enough."""


@dataclass(frozen=True, slots=True)
class Cadence:
    """Seconds from one probe to the next: with the score at 0, and above it."""

    calm_seconds: float
    suspect_seconds: float


@dataclass(frozen=True, slots=True)
class Loss:
    """A line that is bad for a `share` of the time, in bursts of `burst_seconds` on average.

    With bursts of 0 probes are independent.
    """

    share: float
    burst_seconds: float = 0.0

    def after(self, gap_seconds: float) -> tuple[float, float]:
        """The chances of a bad outcome `gap_seconds` after a good one, and after a bad one."""
        memory = 0.0
        if self.burst_seconds > 0 and self.share < 1:
            memory = math.exp(-gap_seconds / (self.burst_seconds * (1 - self.share)))
        return self.share * (1 - memory), self.share + (1 - self.share) * memory


@dataclass(frozen=True, slots=True)
class Score:
    """A bad outcome outweighs `rise` good ones; `threshold` is enough."""

    rise: int
    threshold: int

    @property
    def losses(self) -> int:
        """Bad outcomes in a row that are enough, whatever came before."""
        return -(-self.threshold // self.rise)

    @property
    def neutral(self) -> float:
        """The share of bad outcomes at which the score neither rises nor falls in the long run."""
        return 1 / (self.rise + 1)


def weight(usual: float, other: float) -> int:
    """How many good outcomes one bad one outweighs, in order to tell a share of `usual` from the larger `other`."""
    good = math.log((1 - usual) / (1 - other))
    bad = math.log(other / usual)
    return max(1, round(bad / good))


@lru_cache(maxsize=256)
def alarm(usual: Loss, unacceptable: float, pace: Cadence, between_alarms_seconds: float) -> Score:
    """The least threshold whose mean time between alarms on a usual line is at least `between_alarms_seconds`.

    Raises:
        TooLong: it is above MOST_THRESHOLD.
    """
    rise = weight(usual.share, unacceptable)
    enough = _least(
        lambda threshold: seconds_to_alarm(Score(rise, threshold), usual, pace), between_alarms_seconds, rise
    )
    return Score(rise, enough)


@lru_cache(maxsize=256)
def recovery(usual: Loss, alarm: Score, pace: Cadence, cycle_seconds: float) -> Score:
    """The same test the other way round: good outcomes raise this score by 1, a bad one lowers it by `rise`.

    It tells usual loss from the largest loss at which the alarm is silent for `cycle_seconds` on average. A line that
    loses more is taken for usual no more often than that, and a line that loses less is accused no more often. So
    whatever the share, a verdict comes and goes at most once in `cycle_seconds` on average.

    Raises:
        TooLong: it takes a threshold above MOST_THRESHOLD.
    """
    share = _largest_in_peace(usual, alarm, pace, cycle_seconds)
    fall = weight(usual.share, share)
    enough = _least(
        lambda threshold: seconds_to_recovery(Score(fall, threshold), share, pace.calm_seconds), cycle_seconds, fall
    )
    return Score(fall, enough)


def _largest_in_peace(usual: Loss, alarm: Score, pace: Cadence, seconds: float) -> float:
    below, above = usual.share, alarm.neutral
    for _ in range(8):  # to a part in 256 of the way
        middle = (below + above) / 2
        if seconds_to_alarm(alarm, Loss(middle, usual.burst_seconds), pace) >= seconds:
            below = middle
        else:
            above = middle
    return above


@lru_cache(maxsize=4096)
def seconds_to_alarm(score: Score, loss: Loss, pace: Cadence, in_a_row: int | None = None) -> float:
    """Mean seconds from a score of 0 to the sending of the probe that brings it to the threshold.

    With `in_a_row`, that many bad outcomes in a row are an alarm, too. Whichever comes first counts.

    The score falls by single steps. So the mean time from a score is a linear function of the mean time from the score
    below it, whatever lies further down: time(i) = base[i] + (1 - escape[i]) * time(i - 1). The functions follow from
    the top downwards. Escape is the chance to reach the threshold before the score below. Every term is positive and
    none is a difference of large numbers, so the result is exact to rounding even for centuries.
    """
    top, rise = score.threshold, score.rise
    runs = 1 if in_a_row is None else min(in_a_row, score.losses)
    # From each level to the one below after 1, 2, ... bad outcomes in a row; where runs do not count, after any.
    alarmed = (_ESCAPED,) * runs
    after_bad: list[tuple[_Descent, ...]] = [alarmed] * (top + 1)
    window = _Window()  # the levels between one bad outcome above the present level and the present level
    up, up_again = loss.after(pace.suspect_seconds)
    for level in range(top - 1, 0, -1):
        falls = after_bad[level + rise] if level + rise < top else alarmed
        down = window.whole()
        back = falls[0].then(down)  # from one bad outcome up to this level again
        stay = 1 - up + up * back.escape
        here = _Descent((pace.suspect_seconds + up * back.seconds) / stay, up * back.escape / stay)
        ways = []
        for fall in falls[:1] if in_a_row is None else falls[1 : level // rise + 1]:
            again = fall.then(down).then(here)
            ways.append(_Descent(pace.suspect_seconds + up_again * again.seconds, up_again * again.escape))
        after_bad[level] = (*ways, _ESCAPED)
        window.lower(here, most=rise - 1)
    back = (after_bad[rise] if rise < top else alarmed)[0].then(window.whole())
    up, _ = loss.after(pace.calm_seconds)
    never = up * back.escape
    return (pace.calm_seconds + up * back.seconds) / never if never > 0 else math.inf


class _Descent(NamedTuple):
    """The way from one level to a lower one: mean seconds until it ends, there or at the threshold."""

    seconds: float
    escape: float
    """The chance that it ends at the threshold."""

    def then(self, lower: _Descent) -> _Descent:
        back = 1 - self.escape
        return _Descent(self.seconds + back * lower.seconds, self.escape + back * lower.escape)


_NOWHERE: Final = _Descent(0.0, 0.0)
_ESCAPED: Final = _Descent(0.0, 1.0)


class _Window:
    """The way down through several levels. The highest leaves when a lower one joins.

    It is kept in two stacks. The upper one holds ready sums, so each level costs the same however wide the window is.
    """

    def __init__(self) -> None:
        self._upper: list[_Descent] = []
        self._lower: list[_Descent] = []
        self._lower_sum = _NOWHERE

    def whole(self) -> _Descent:
        return self._upper[-1].then(self._lower_sum) if self._upper else self._lower_sum

    def lower(self, step: _Descent, most: int) -> None:
        """Join a level below. The highest leaves if there would be more than `most`."""
        self._lower.append(step)
        self._lower_sum = self._lower_sum.then(step)
        if len(self._upper) + len(self._lower) <= most:
            return
        if not self._upper:
            through = _NOWHERE
            for step_up in reversed(self._lower):
                through = step_up.then(through)
                self._upper.append(through)
            self._lower, self._lower_sum = [], _NOWHERE
        self._upper.pop()


def seconds_to_recovery(score: Score, share: float, interval_seconds: float) -> float:
    """Mean seconds from 0 to the threshold of a score that good outcomes raise by 1 and bad ones lower by `rise`."""
    if share >= 1:
        return math.inf
    climbs: list[float] = []  # mean probes from each level to the next
    fallen = total = 0.0  # what has to be climbed again after a bad outcome
    for level in range(score.threshold):
        climb = (1 + share * fallen) / (1 - share)
        climbs.append(climb)
        total += climb
        fallen += climb - (climbs[level - score.rise] if level >= score.rise else 0.0)
    return total * interval_seconds


def _least(seconds: Callable[[int], float], goal: float, start: int) -> int:
    """The least threshold that takes as long as the goal.

    The logarithm of the time grows almost in a straight line, so the next threshold to try is read off that line. Every
    third try is the middle, in case the line is not so straight.

    Raises:
        TooLong: it is above MOST_THRESHOLD.
    """
    below, low, above = 0, 0.0, min(start, MOST_THRESHOLD)
    while (high := seconds(above)) < goal:
        if above == MOST_THRESHOLD:
            raise TooLong(f"no threshold up to {MOST_THRESHOLD} is enough")
        below, low, above = above, high, min(above * 2, MOST_THRESHOLD)
    tries = 0
    while above - below > 1:
        tries += 1
        middle = (below + above) // 2
        if low > 0 and math.isfinite(high) and tries % 3:
            part = math.log(goal / low) / math.log(high / low)
            middle = min(max(below + math.floor(part * (above - below)) + tries % 2, below + 1), above - 1)
        if (found := seconds(middle)) >= goal:
            above, high = middle, found
        else:
            below, low = middle, found
    return above
