"""A recorded trace: a CSV file with one round of probing a row."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final, TypeVar

from routekeeper.config import text_of, values
from routekeeper.config.problems import Problems, Rejected, describe, nearest
from routekeeper.config.tree import Place

COLUMNS: Final = ("time_seconds", "vantage", "target", "outcome", "rtt_ms")
_T = TypeVar("_T")
_MOST_PROBLEMS: Final = 20
_LATEST_SECONDS: Final = 1e11
"""The year 5138: what is later was meant as milliseconds."""


class Outcome(Enum):
    """How a round ended; the value is what stands in the file."""

    OK = "ok"
    LOST = "lost"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Row:
    """One round. Its time is when it was sent, in seconds since the epoch or since any other moment."""

    line: int
    sent_at: float
    vantage: str
    target: str
    outcome: Outcome
    round_trip_seconds: float | None


def read_trace(path: Path, targets: Mapping[str, object]) -> list[Row]:
    """The rows of a file, as they stand. Every target must be one of `targets`.

    Raises:
        ConfigurationError: the file cannot be read, or what is wrong with it: a line each with file, line and column.
    """
    return _Reader(Problems(str(path)), targets).read(text_of(path).splitlines())


class _Reader:
    def __init__(self, problems: Problems, targets: Mapping[str, object]) -> None:
        self._problems = problems
        self._targets = tuple(targets)
        self._found = 0

    def read(self, lines: list[str]) -> list[Row]:
        order = self._header(lines[0] if lines else "")
        rows = []
        for number, line in enumerate(lines[1:], start=2):
            if self._found > _MOST_PROBLEMS:
                break
            if line.strip() and (row := self._row(line, number, order)) is not None:
                rows.append(row)
        self._problems.raise_if_any()
        return rows

    def _header(self, line: str) -> list[str]:
        names = [text for text, _ in _fields(line)]
        if sorted(names) != sorted(COLUMNS):
            self._problems.add("the header", f"found '{line}', expected {','.join(COLUMNS)}", Place(1, 1))
            self._problems.raise_if_any()
        return names

    def _row(self, line: str, number: int, order: list[str]) -> Row | None:
        fields = _fields(line)
        if len(fields) != len(order):
            place = Place(number, fields[len(order)][1] if len(fields) > len(order) else len(line) + 1)
            self._add("the row", f"found {len(fields)} fields, expected {len(order)}: {','.join(order)}", place)
            return None
        found = {name: (text, Place(number, column)) for name, (text, column) in zip(order, fields, strict=True)}
        sent_at = self._value(found, "time_seconds", _time)
        vantage = self._value(found, "vantage", values.name)
        target = self._value(found, "target", self._target)
        outcome = self._value(found, "outcome", values.choice(Outcome))
        round_trip = self._value(found, "rtt_ms", _round_trip)
        if sent_at is None or vantage is None or target is None or outcome is None or round_trip is None:
            return None
        if outcome is Outcome.OK:
            return Row(number, sent_at, vantage, target, outcome, round_trip[0] if round_trip else None)
        if round_trip not in ((), (0.0,)):
            self._add("rtt_ms", f"found a round trip beside '{outcome.value}', expected none", found["rtt_ms"][1])
        return Row(number, sent_at, vantage, target, outcome, None)

    def _value(self, found: Mapping[str, tuple[str, Place]], name: str, read: Callable[[object], _T]) -> _T | None:
        text, place = found[name]
        try:
            return read(text)
        except Rejected as err:
            self._add(name, str(err), place)
            return None

    def _target(self, value: object) -> str:
        if not isinstance(value, str) or value not in self._targets:
            hint = nearest(value if isinstance(value, str) else "", self._targets)
            raise Rejected(f"there is no target {describe(value)}, {hint}")
        return value

    def _add(self, name: str, message: str, place: Place) -> None:
        self._found += 1
        if self._found <= _MOST_PROBLEMS:
            self._problems.add(name, message, place)
        elif self._found == _MOST_PROBLEMS + 1:
            self._problems.add("the rows", "there is more wrong behind this", place)


def _fields(line: str) -> list[tuple[str, int]]:
    """The fields of a line, each with the column where it begins; spaces and quotes around one do not count."""
    found, begins = [], 0
    for piece in line.split(","):
        text = piece.strip()
        column = begins + len(piece) - len(piece.lstrip()) + 1
        if len(text) > 1 and text[0] == text[-1] == '"':
            text = text[1:-1]
        found.append((text, column))
        begins += len(piece) + 1
    return found


def _number(value: object, least: float, most: float, expected: str) -> float:
    try:
        number = float(str(value))
    except ValueError as err:
        raise Rejected(f"found {describe(value)}, expected {expected}") from err
    if not (math.isfinite(number) and least <= number <= most):
        raise Rejected(f"found {describe(value)}, expected {expected}")
    return number


def _time(value: object) -> float:
    return _number(value, 0.0, _LATEST_SECONDS, "seconds, 0 or later")


def _round_trip(value: object) -> tuple[float, ...]:
    """The round trip in seconds, or nothing where the field is empty."""
    if value == "":
        return ()
    return (_number(value, 0.0, 3_600_000.0, "milliseconds, or nothing") / 1000,)
