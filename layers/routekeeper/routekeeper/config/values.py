"""What single values must look like. Each reader takes what stands in the document and returns its meaning."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from typing import TypeVar

from routekeeper.config import durations
from routekeeper.config.problems import Rejected, describe, nearest

E = TypeVar("E", bound=Enum)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}", re.ASCII)


def text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise Rejected(f"found {describe(value)}, expected text")
    return value


def name(value: object) -> str:
    """A name. It becomes part of table keys, metric dimensions and messages."""
    if not isinstance(value, str) or _NAME.fullmatch(value) is None:
        raise Rejected(
            f"found {describe(value)}, expected a name of at most 63 letters, digits, '-' and '_'"
            " that begins with a letter or a digit"
        )
    return value


def flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise Rejected(f"found {describe(value)}, expected true or false")
    return value


def whole(least: int, most: int) -> Callable[[object], int]:
    """A whole number from `least` to `most`, both included."""

    def read(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise Rejected(f"found {describe(value)}, expected a whole number from {least} to {most}")
        return value

    return read


def number(least: float, most: float) -> Callable[[object], float]:
    """A number from `least` to `most`, both included."""

    def read(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise Rejected(f"found {describe(value)}, expected a number from {least:g} to {most:g}")
        return float(value)

    return read


def duration(most: float, least: float = 0.0) -> Callable[[object], float]:
    """A duration in seconds, at least `least` and at most `most`: without a bound a date beyond it has no name."""

    def read(value: object) -> float:
        seconds = durations.parse(value)
        if seconds < least:
            raise Rejected(f"found {value}, expected at least {durations.render(least)}")
        if seconds > most:
            raise Rejected(f"found {value}, expected at most {durations.render(most)}")
        return seconds

    return read


def choice(kind: type[E]) -> Callable[[object], E]:
    """One of an enum's values."""
    words = {str(member.value): member for member in kind}

    def read(value: object) -> E:
        if isinstance(value, str) and value in words:
            return words[value]
        hint = nearest(value if isinstance(value, str) else "", tuple(words))
        raise Rejected(f"found {describe(value)}, {hint}")

    return read
