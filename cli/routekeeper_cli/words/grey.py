"""Grey failure in the summary of a configuration."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

from routekeeper.config.detection import MOST_IN_A_ROW
from routekeeper.config.durations import render
from routekeeper.domain import grey
from routekeeper.domain.detection import Detection
from routekeeper.domain.grey import LATE_SHARE, YEAR_SECONDS, LatencyRule, LossRule, Standard
from routekeeper_cli.words.figures import percent

_SHARES: Final = (0.1, 0.2, 0.3, 0.5)
_DAY_SECONDS: Final = 86_400.0
_NEGLIGIBLE: Final = 1.1
"""Up to this many times the false alarms that were asked for, `check` does not mention losses in a row."""
_ENOUGH: Final = 2.0
"""Up to this many times it gives no advice."""
_MOST_COUNTED: Final = 300_000
"""Scores times losses in a row, in all of one summary: counting takes time for each."""


class Counting:
    """How much may still be counted for one summary."""

    def __init__(self) -> None:
        self._left = _MOST_COUNTED

    def take(self, steps: int) -> bool:
        """Whether so much may be counted. If so it is used up."""
        if steps > self._left:
            return False
        self._left -= steps
        return True


def grey_lines(rule: Detection, timeout_seconds: float, counting: Counting | None = None) -> Iterator[str]:
    """What makes a target UNHEALTHY beside losses in a row, and how soon; nothing if no rule is configured.

    A loss is certain after `timeout_seconds`.
    """
    if rule.loss is not None:
        yield from _loss(rule, rule.loss)
        yield from _in_a_row(rule, rule.loss, timeout_seconds, counting or Counting())
    if rule.latency is not None:
        yield from _latency(rule, rule.latency)


def _loss(rule: Detection, loss: LossRule) -> Iterator[str]:
    yield f"  UNHEALTHY, too, once more is lost than the usual {percent(loss.usual)}:"
    standard = rule.loss_standard(loss)
    shares = sorted({share for share in _SHARES if share > standard.alarm.neutral} | {loss.unacceptable})
    noticed = [
        f"{percent(share)} within {_about(grey.seconds_to_notice(standard, share, rule.pace))}" for share in shares
    ]
    yield f"    noticed on average: a loss of {', '.join(noticed)}"
    yield (
        f"    a line that is as usual, with losses {_bursts(loss.burst_seconds)}, is accused by this rule"
        f" {_often(grey.false_alarms_per_year(standard, loss, rule.pace))}"
    )
    yield f"    {_cleared(standard, loss.usual, rule)}"


def _latency(rule: Detection, latency: LatencyRule) -> Iterator[str]:
    limit, usual = render(latency.unacceptable_seconds), render(latency.usual_seconds)
    yield f"  UNHEALTHY, too, once answers take {limit} or longer, where {usual} is usual:"
    standard = rule.latency_standard(latency)
    half, all_of_them = (
        _about(grey.seconds_to_notice(standard, share, rule.pace) - rule.probe_timeout_seconds)
        for share in (LATE_SHARE, 1.0)
    )
    yield f"    noticed on average: half of the answers within {half}, all of them within {all_of_them}"
    yield (
        f"    a line whose mean is {usual}, with late answers {_bursts(latency.burst_seconds)}, is accused by this rule"
        f" {_often(latency.false_alarms_per_year)} at most"
    )
    yield f"    {_cleared(standard, latency.usual_seconds / latency.unacceptable_seconds, rule)}"


def _in_a_row(rule: Detection, loss: LossRule, timeout_seconds: float, counting: Counting) -> Iterator[str]:
    """How often losses in a row accuse a line that is as usual, if that is often enough to mention."""
    standard, asked = rule.loss_standard(loss), loss.false_alarms_per_year
    needed = rule.losses_needed(timeout_seconds)
    if needed >= standard.alarm.losses:
        return  # the rule is sooner
    seen = dict[int, float]()

    def both(count: int) -> float:
        if count not in seen:
            affordable = counting.take(standard.alarm.threshold * count)
            pace = rule.pace
            seen[count] = grey.false_alarms_per_year(standard, loss, pace, in_a_row=count) if affordable else math.inf
        return seen[count]

    found = both(needed)
    if found <= _NEGLIGIBLE * asked:
        return
    if math.isinf(found):
        yield f"    NOTE: {needed} losses in a row accuse the same line, too; how often takes long to work out"
        return
    yield f"    NOTE: {needed} losses in a row accuse the same line, too; together: {_false_alarms(found)}"
    choices = range(needed, standard.alarm.losses + 1)
    place = bisect_left(choices, True, key=lambda count: both(count) <= _ENOUGH * asked)  # noqa: FBT003 - what is sought
    if found > _ENOUGH * asked and place < len(choices):
        count = choices[place]
        noticed = render((count - 1) * rule.suspect_interval_seconds + timeout_seconds)
        threshold = f"`unhealthy_threshold: {count}` or " if count <= MOST_IN_A_ROW else ""
        yield f"      with {threshold}`unhealthy_for: {noticed}`: {_false_alarms(both(count))};"
        yield f"      a cut is then noticed {noticed} after the first lost probe"


def _often(per_year: float) -> str:
    days = _days_between(per_year)
    return f"{1 / days:.3g} times a day" if days <= 1 else f"once in {_three_digits(days)} days"


def _false_alarms(per_year: float) -> str:
    days = _days_between(per_year)
    return f"{1 / days:.3g} false alarms a day" if days <= 1 else f"one false alarm every {_three_digits(days)} days"


def _days_between(per_year: float) -> float:
    return YEAR_SECONDS / per_year / _DAY_SECONDS


def _three_digits(number: float) -> str:
    return f"{number:.3g}" if number < 100 else f"{number:,.0f}"  # noqa: PLR2004 - more have three digits anyway


def _bursts(seconds: float) -> str:
    return f"in bursts of {render(seconds)}" if seconds else "one by one"


def _cleared(standard: Standard, usual: float, rule: Detection) -> str:
    seconds = grey.seconds_to_clear(standard, usual, rule.pace)
    return f"HEALTHY again on average {_about(seconds)} after it is as usual"


def _about(seconds: float) -> str:
    return f"{seconds:.1f}s" if seconds < 60 else f"{seconds / 60:.1f}m"  # noqa: PLR2004 - a minute
