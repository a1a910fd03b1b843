"""Durations as people write them: a number and its unit, such as `200ms`, `1.5s` or `24h`."""

from __future__ import annotations

import re

from routekeeper.config.problems import Rejected, describe

_FORM = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h|d)", re.ASCII)
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_SHORT_MILLISECONDS = 100
EXPECTED = "expected a duration such as 200ms, 1.5s, 2m, 24h or 1d"


def parse(value: object) -> float:
    """Seconds.

    Raises:
        Rejected: not a duration; a bare number is none, because its unit would be a guess.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        raise Rejected(f"found {describe(value)} without a unit, {EXPECTED}")
    match = _FORM.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise Rejected(f"found {describe(value)}, {EXPECTED}")
    number, unit = float(match[1]), match[2]
    return number / 1000 if unit == "ms" else number * _UNIT_SECONDS[unit]


def render(seconds: float) -> str:
    """The shortest usual spelling, to the millisecond, below 100 ms to three digits; `parse` reads it back."""
    if 0 < (short := round(seconds * 1000, 3)) < _SHORT_MILLISECONDS:
        return f"{short:.3g}ms"
    milliseconds = round(seconds * 1000)
    for unit in ("d", "h", "m"):
        count, rest = divmod(milliseconds, _UNIT_SECONDS[unit] * 1000)
        if count and not rest:
            return f"{count}{unit}"
    if 0 < milliseconds < _UNIT_SECONDS["s"] * 1000:
        return f"{milliseconds}ms"
    return f"{milliseconds / 1000:.3f}".rstrip("0").rstrip(".") + "s"
