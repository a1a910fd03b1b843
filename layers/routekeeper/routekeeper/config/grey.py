"""Grey failure in an operator's words: the keys `loss` and `latency`, in `defaults` and on every target."""

from __future__ import annotations

import re
from typing import Final

from routekeeper.config.durations import render
from routekeeper.config.problems import Rejected, describe
from routekeeper.config.section import Section
from routekeeper.config.values import duration
from routekeeper.domain.grey import (
    BURST_SECONDS,
    FALSE_ALARMS_PER_YEAR,
    STEADY_SECONDS,
    YEAR_SECONDS,
    LatencyRule,
    LossRule,
)

KEYS: Final = ("loss", "latency")
TIMEOUTS: Final = {"probe_timeout": "probe_timeout", "probes": "the longest timeout of its probes"}
"""What the longest timeout is called in messages, by the key that it comes from."""

_RULE_KEYS: Final = ("usual", "unacceptable", "bursts", "false_alarms")
_PERIODS: Final = {
    "hour": 3_600.0,
    "day": 86_400.0,
    "week": 604_800.0,
    "month": YEAR_SECONDS / 12,
    "year": YEAR_SECONDS,
}
_RATE: Final = re.compile(rf"(\d{{1,4}}(?:\.\d{{1,3}})?) an? ({'|'.join(_PERIODS)})", re.ASCII)
_SHARE: Final = re.compile(r"(\d{1,2}(?:\.\d{1,4})?)%", re.ASCII)
_LEAST_USUAL: Final = 0.0001
_LEAST_UNACCEPTABLE: Final = 0.02
_MOST_UNACCEPTABLE: Final = 0.9
_ROUNDING: Final = 1e-9
"""By how much decimal fractions may be off in binary."""
_LOSS_APART: Final = 3
_LATENCY_APART: Final = 4
"""If usual and unacceptable are nearer together, it takes many minutes to tell them apart."""
_MOST_ALARMS_PER_YEAR: Final = YEAR_SECONDS / STEADY_SECONDS
"""Recovery is made for verdicts that come and go no more often than this."""
_burst = duration(1)  # probes within one burst tell little more than one probe
_LONGEST_SECONDS: Final = 10.0
_usual_round_trip = duration(_LONGEST_SECONDS / _LATENCY_APART, least=0.0001)
_round_trip = duration(_LONGEST_SECONDS, least=0.0001)


def read_loss(section: Section, base: LossRule | None) -> LossRule | None:
    """The loss rule that a section asks for as a whole, or `base` if it says nothing about it."""
    asked = section.section_or_off("loss", _RULE_KEYS)
    if asked is None:
        return None if "loss" in section else base
    usual, unacceptable = asked.required("usual", share), asked.required("unacceptable", share)
    burst_and_rate = _burst_and_rate(asked)
    if usual is None or unacceptable is None:
        return None
    if usual < _LEAST_USUAL:
        asked.reject(
            "usual", f"found {render_share(usual)}, expected at least {_LEAST_USUAL:.2%}: no line loses nothing"
        )
    elif usual > (most := _MOST_UNACCEPTABLE / _LOSS_APART) + _ROUNDING:
        asked.reject("usual", f"found {render_share(usual)}, expected at most {render_share(most)}: more is not usual")
    elif not _LEAST_UNACCEPTABLE <= unacceptable <= _MOST_UNACCEPTABLE:
        asked.reject(
            "unacceptable",
            f"found {render_share(unacceptable)}, expected {_LEAST_UNACCEPTABLE:.0%} to {_MOST_UNACCEPTABLE:.0%}:"
            " less takes too long to tell, more is a cut",
        )
    elif unacceptable < _LOSS_APART * usual - _ROUNDING:
        _too_near(
            asked, render_share(unacceptable), render_share(usual), render_share(_LOSS_APART * usual), _LOSS_APART
        )
    return LossRule(usual, unacceptable, *burst_and_rate)


def read_latency(section: Section, base: LatencyRule | None) -> LatencyRule | None:
    """The latency rule that a section asks for as a whole, or `base` if it says nothing about it."""
    asked = section.section_or_off("latency", _RULE_KEYS)
    if asked is None:
        return None if "latency" in section else base
    usual, unacceptable = asked.required("usual", _usual_round_trip), asked.required("unacceptable", _round_trip)
    burst_and_rate = _burst_and_rate(asked)
    if usual is None or unacceptable is None:
        return None
    if unacceptable < _LATENCY_APART * usual - _ROUNDING:
        _too_near(asked, render(unacceptable), render(usual), render(_LATENCY_APART * usual), _LATENCY_APART)
    return LatencyRule(usual, unacceptable, *burst_and_rate)


def judge_latency(section: Section, latency: LatencyRule | None, timeout_seconds: float, source: str) -> None:
    """Note it if an unacceptably late answer would be a loss already. `source` is the key that names the timeout."""
    keys = [key for key in ("latency", source) if key in section]
    if keys and latency is not None and latency.unacceptable_seconds >= timeout_seconds:
        section.reject(
            keys[0],
            f"latency of {render(latency.unacceptable_seconds)} is a loss already, expected 'unacceptable' to be less"
            f" than {TIMEOUTS[source]} {render(timeout_seconds)}",
        )


def share(value: object) -> float:
    """A percentage such as `1%`, as a part of 1."""
    match = _SHARE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise Rejected(f"found {describe(value)}, expected a percentage below 100% such as 0.5% or 30%")
    return float(match[1]) / 100


def render_share(part: float) -> str:
    """A part of 1 as a percentage, to four decimals, so that `share` can read it."""
    return f"{round(part * 100, 4):g}%"


def per_year(value: object) -> float:
    """A frequency such as `1 a year`, in times a year."""
    match = _RATE.fullmatch(value) if isinstance(value, str) else None
    if match is None or not float(match[1]):
        raise Rejected(
            f"found {describe(value)}, expected a frequency above 0 such as 1 a year, 2 a month or 0.5 a week"
        )
    often = float(match[1]) * YEAR_SECONDS / _PERIODS[match[2]]
    if often > _MOST_ALARMS_PER_YEAR + _ROUNDING:
        most = _MOST_ALARMS_PER_YEAR * _PERIODS["day"] / YEAR_SECONDS
        raise Rejected(f"found {describe(value)}, expected at most {most:g} a day: a verdict could not last")
    return often


def _burst_and_rate(asked: Section) -> tuple[float, float]:
    return (
        asked.optional("bursts", _burst, BURST_SECONDS),
        asked.optional("false_alarms", per_year, FALSE_ALARMS_PER_YEAR),
    )


def _too_near(asked: Section, found: str, usual: str, least: str, times: int) -> None:
    asked.reject(
        "unacceptable",
        f"found {found} where {usual} is usual, expected at least {least}, {times} times as much: nearer together they"
        " are not told apart soon",
    )
