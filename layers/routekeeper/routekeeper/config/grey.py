"""Grey failure in an operator's words: the keys `loss` and `latency`, in `defaults` and on every target."""

from __future__ import annotations

import re
from typing import Final

from routekeeper.config.durations import render
from routekeeper.config.problems import Rejected, describe
from routekeeper.config.section import Section
from routekeeper.config.values import duration
from routekeeper.domain.grey import BURST_SECONDS, FALSE_ALARMS_PER_YEAR, YEAR_SECONDS, LatencyRule, LossRule

KEYS: Final = ("loss", "latency")
RULE_KEYS: Final = ("usual", "unacceptable", "bursts", "false_alarms")
PERIODS: Final = {"hour": 3_600.0, "day": 86_400.0, "week": 604_800.0, "month": YEAR_SECONDS / 12, "year": YEAR_SECONDS}

_RATE: Final = re.compile(rf"(\d{{1,4}}(?:\.\d{{1,3}})?) an? ({'|'.join(PERIODS)})", re.ASCII)
_SHARE: Final = re.compile(r"(\d{1,2}(?:\.\d{1,4})?)%", re.ASCII)
_LEAST_USUAL: Final = 0.0001
_LEAST_UNACCEPTABLE: Final = 0.02
_MOST_UNACCEPTABLE: Final = 0.9
_LOSS_APART: Final = 3
_LATENCY_APART: Final = 4
"""Nearer together, usual and unacceptable take many minutes to be told apart."""
_burst = duration(most=1)  # probes within one burst tell little more than one probe
_round_trip = duration(least=0.0001, most=10)


def read_loss(section: Section, base: LossRule | None) -> LossRule | None:
    """The loss rule that a section asks for as a whole, or `base` where it says nothing of it."""
    asked = section.section_or_off("loss", RULE_KEYS)
    if asked is None:
        return None if "loss" in section else base
    usual, unacceptable = asked.required("usual", share), asked.required("unacceptable", share)
    burst_and_rate = _burst_and_rate(asked)
    if usual is None or unacceptable is None:
        return None
    if usual < _LEAST_USUAL:
        asked.reject("usual", f"found {usual * 100:g}%, expected at least {_LEAST_USUAL:.2%}: no line loses nothing")
    elif not _LEAST_UNACCEPTABLE <= unacceptable <= _MOST_UNACCEPTABLE:
        asked.reject(
            "unacceptable",
            f"found {unacceptable * 100:g}%, expected {_LEAST_UNACCEPTABLE:.0%} to {_MOST_UNACCEPTABLE:.0%}:"
            " less takes too long to tell, more is a cut",
        )
    elif unacceptable < _LOSS_APART * usual - 1e-9:
        _too_near(asked, _LOSS_APART)
    return LossRule(usual, unacceptable, *burst_and_rate)


def read_latency(section: Section, base: LatencyRule | None) -> LatencyRule | None:
    """The latency rule that a section asks for as a whole, or `base` where it says nothing of it."""
    asked = section.section_or_off("latency", RULE_KEYS)
    if asked is None:
        return None if "latency" in section else base
    usual, unacceptable = asked.required("usual", _round_trip), asked.required("unacceptable", _round_trip)
    burst_and_rate = _burst_and_rate(asked)
    if usual is None or unacceptable is None:
        return None
    if unacceptable < _LATENCY_APART * usual - 1e-9:
        _too_near(asked, _LATENCY_APART)
    return LatencyRule(usual, unacceptable, *burst_and_rate)


def judge_latency(section: Section, latency: LatencyRule | None, timeout_seconds: float) -> None:
    """An answer that late must still be an answer."""
    keys = [key for key in ("latency", "probe_timeout") if key in section]
    if keys and latency is not None and latency.unacceptable_seconds >= timeout_seconds:
        section.reject(
            keys[0],
            f"latency of {render(latency.unacceptable_seconds)} is a loss already, expected 'unacceptable' to be less"
            f" than probe_timeout {render(timeout_seconds)}",
        )


def share(value: object) -> float:
    """A percentage such as `1%`, as a part of 1."""
    match = _SHARE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise Rejected(f"found {describe(value)}, expected a percentage below 100% such as 0.5% or 30%")
    return float(match[1]) / 100


def per_year(value: object) -> float:
    """A frequency such as `1 a year`, in times a year."""
    match = _RATE.fullmatch(value) if isinstance(value, str) else None
    if match is None or not float(match[1]):
        raise Rejected(f"found {describe(value)}, expected a frequency such as 1 a year, 2 a month or 0.5 a week")
    return float(match[1]) * YEAR_SECONDS / PERIODS[match[2]]


def _burst_and_rate(asked: Section) -> tuple[float, float]:
    return (
        asked.optional("bursts", _burst, BURST_SECONDS),
        asked.optional("false_alarms", per_year, FALSE_ALARMS_PER_YEAR),
    )


def _too_near(asked: Section, times: int) -> None:
    asked.reject(
        "unacceptable", f"too near to 'usual' to be told from it soon, expected at least {times} times as much"
    )
