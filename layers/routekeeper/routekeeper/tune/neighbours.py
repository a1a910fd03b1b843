"""Settings that differ from the present ones in one thing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from routekeeper.config.durations import render
from routekeeper.config.grey_words import percent
from routekeeper.domain.cusum import Loss
from routekeeper.domain.grey import FALSE_ALARMS_PER_YEAR, LossRule
from routekeeper.domain.health import Detection

GREY_SHARE = 0.3
"""The loss that is called unacceptable where the configuration does not say."""
_LEAST_INTERVAL_SECONDS = 0.01
_LEAST_SHARE, _MOST_SHARE, _APART = 0.02, 0.9, 3
_MONTHS = 12


def neighbours(rule: Detection, usual: Loss) -> Iterator[tuple[str, Detection]]:
    """What is changed, in words of the configuration, and the detection with that change; the present one first."""
    yield "as configured", rule
    for count in (rule.unhealthy_threshold // 2, rule.unhealthy_threshold * 2):
        if count:
            yield f"unhealthy_threshold: {count}", replace(rule, unhealthy_threshold=count)
    for suspect in (rule.suspect_interval_seconds / 2, rule.suspect_interval_seconds * 2):
        if _LEAST_INTERVAL_SECONDS <= suspect <= rule.probe_interval_seconds:
            yield f"suspect_interval: {render(suspect)}", replace(rule, suspect_interval_seconds=suspect)
    for interval in (rule.probe_interval_seconds / 2, rule.probe_interval_seconds * 2):
        if rule.suspect_interval_seconds <= interval:
            yield f"probe_interval: {render(interval)}", replace(rule, probe_interval_seconds=interval)
    if rule.loss is None:
        given = LossRule(_sensible(usual.share), max(GREY_SHARE, _APART * _sensible(usual.share)), usual.burst_seconds)
        yield f"loss: {_told(given)}", replace(rule, loss=given)
    else:
        yield from _of_loss(rule, rule.loss)


def _of_loss(rule: Detection, loss: LossRule) -> Iterator[tuple[str, Detection]]:
    yield "loss: off", replace(rule, loss=None)
    for share in (loss.unacceptable * 2 / 3, loss.unacceptable * 3 / 2):
        if max(_LEAST_SHARE, _APART * loss.usual) <= share <= _MOST_SHARE:
            yield f"loss: unacceptable {percent(share)}", replace(rule, loss=replace(loss, unacceptable=share))
    for burst in (0.0, max(0.1, 2 * loss.burst_seconds)):
        if burst != loss.burst_seconds and burst <= 1:
            yield f"loss: bursts {render(burst)}", replace(rule, loss=replace(loss, burst_seconds=burst))
    often = loss.false_alarms_per_year * _MONTHS
    told = "1 a month" if loss.false_alarms_per_year == FALSE_ALARMS_PER_YEAR else f"{_MONTHS} times as often"
    yield f"loss: false_alarms {told}", replace(rule, loss=replace(loss, false_alarms_per_year=often))


def _sensible(share: float) -> float:
    """A share that may be called usual: every line loses something."""
    return min(max(round(share, 4), 0.0001), GREY_SHARE)


def _told(loss: LossRule) -> str:
    return (
        f"usual {percent(loss.usual)}, unacceptable {percent(loss.unacceptable)}, bursts {render(loss.burst_seconds)}"
    )
