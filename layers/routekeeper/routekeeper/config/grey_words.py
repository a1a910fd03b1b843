"""Grey failure in the summary of a configuration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from routekeeper.config.durations import render
from routekeeper.domain import grey
from routekeeper.domain.grey import LATE_SHARE, YEAR_SECONDS, LatencyRule, LossRule, Standard
from routekeeper.domain.health import Detection

_SHARES: Final = (0.1, 0.2, 0.3, 0.5)
_DAY_SECONDS: Final = 86_400.0


def grey_lines(rule: Detection) -> Iterator[str]:
    """What makes a target UNHEALTHY beside losses in a row, and how soon; nothing where nothing is configured."""
    if rule.loss is not None:
        yield from _loss(rule, rule.loss)
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
    yield f"    {_accused(loss.false_alarms_per_year)} where losses come in bursts of {render(loss.burst_seconds)}"
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
    yield f"    {_accused(latency.false_alarms_per_year)} where the mean is {usual}"
    yield f"    {_cleared(standard, latency.usual_seconds / latency.unacceptable_seconds, rule)}"


def percent(share: float) -> str:
    """The share of 1 as people write it, e.g. `0.5%`."""
    return f"{share * 100:.4g}%"


def _accused(per_year: float) -> str:
    days = YEAR_SECONDS / per_year / _DAY_SECONDS
    often = f"once in {days:.0f} days" if days > 1 else f"{1 / days:.3g} times a day"
    return f"a good line is accused {often} at most,"


def _cleared(standard: Standard, usual: float, rule: Detection) -> str:
    seconds = grey.seconds_to_clear(standard, usual, rule.pace)
    return f"HEALTHY again on average {_about(seconds)} after it is as usual"


def _about(seconds: float) -> str:
    return f"{seconds:.1f}s" if seconds < 60 else f"{seconds / 60:.1f}m"  # noqa: PLR2004 - a minute
