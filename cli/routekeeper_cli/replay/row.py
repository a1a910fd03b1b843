"""One round of probing as a row of text: what its fields may say, and whether it repeats another row."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final, TypeVar

from routekeeper.config import values
from routekeeper.config.problems import Rejected, describe
from routekeeper_cli.output import note
from routekeeper_cli.words.figures import count

COLUMNS: Final = ("time_seconds", "vantage", "target", "outcome", "rtt_ms")
_T = TypeVar("_T")
_NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
"""What `float` reads, but without underscores, digits of other scripts, and words."""
_LATEST_SECONDS: Final = 1e11
"""The year 5138. A later time was probably meant as milliseconds."""
_LONGEST_MS: Final = 3_600_000.0


class RoundOutcome(Enum):
    """How a round ended. The value is what stands in the file."""

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
    outcome: RoundOutcome
    round_trip_seconds: float | None


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a field of a row, or with the row."""

    name: str
    message: str
    column: int
    """In the row's text, from 1."""


class BadRow(ValueError):
    """A row that cannot be used."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(f"{fault.name}: {fault.message}" for fault in faults))
        self.faults = tuple(faults)


class RowReader:
    """Reads rows whose fields all stand in the same order."""

    def __init__(self, order: Sequence[str], target: Callable[[object], str] = values.name) -> None:
        """`order`: the names in COLUMNS, as they stand. `target` reads a target's name."""
        self._order = tuple(order)
        self._target = target

    def read(self, text: str, line: int) -> Row:
        """The row that a text holds. `line` is where it stands.

        Raises:
            BadRow: everything that is wrong with it.
        """
        found = fields(text)
        if len(found) != len(self._order):
            column = found[len(self._order)][1] if len(found) > len(self._order) else len(text) + 1
            expected = f"expected {len(self._order)}: {','.join(self._order)}"
            raise BadRow([Fault("the row", f"found {len(found)} fields, {expected}", column)])
        row = _Fields(dict(zip(self._order, found, strict=True)))
        sent_at = row.value("time_seconds", _time)
        vantage = row.value("vantage", values.name)
        target = row.value("target", self._target)
        outcome = row.value("outcome", values.choice(RoundOutcome))
        round_trip = row.value("rtt_ms", _round_trip)
        if outcome in (RoundOutcome.LOST, RoundOutcome.UNKNOWN) and round_trip not in (None, (), (0.0,)):
            row.add("rtt_ms", f"found a round trip beside '{outcome.value}', expected none")
        if row.faults or sent_at is None or vantage is None or target is None or outcome is None or round_trip is None:
            raise BadRow(row.faults)
        took = round_trip[0] if outcome is RoundOutcome.OK and round_trip else None
        return Row(line, sent_at, vantage, target, outcome, took)


class Once:
    """Tells new rows from repeated ones, which there are if recordings overlap.

    Two round trips at the same time are two rounds: when one monitor takes over from another, both may have probed.
    """

    def __init__(self) -> None:
        self._repeats = 0
        self._first: dict[tuple[float, str, str], Row] = {}
        self._said: set[tuple[float, str, str, float | None]] = set()

    def is_new(self, row: Row) -> bool:
        """Whether no earlier row says the same.

        Raises:
            Rejected: an earlier row contradicts it.
        """
        beat = (row.sent_at, row.vantage, row.target)
        first = self._first.setdefault(beat, row)
        if first.outcome is not row.outcome:
            raise Rejected(
                f"found '{row.outcome.value}', but line {first.line} has '{first.outcome.value}' of the same time,"
                " vantage and target, expected one of them"
            )
        said = (*beat, row.round_trip_seconds)
        if said in self._said:
            self._repeats += 1
            return False
        self._said.add(said)
        return True

    def tell(self, path: Path) -> None:
        """Note how many rows of a file were repeated ones."""
        if self._repeats:
            note(f"{path}: {count(self._repeats, 'row')} left out, each identical to an earlier one")


class _Fields:
    """The fields of a row by name, each with its column, and what is wrong with them."""

    def __init__(self, found: Mapping[str, tuple[str, int]]) -> None:
        self._found = found
        self.faults: list[Fault] = []

    def value(self, name: str, read: Callable[[object], _T]) -> _T | None:
        try:
            return read(self._found[name][0])
        except Rejected as err:
            self.add(name, str(err))
            return None

    def add(self, name: str, message: str) -> None:
        self.faults.append(Fault(name, message, self._found[name][1]))


def fields(line: str) -> list[tuple[str, int]]:
    """The fields of a line, each with the column where it begins. Spaces and quotes around a field do not count."""
    found, begins = [], 0
    for piece in line.split(","):
        text = piece.strip()
        column = begins + len(piece) - len(piece.lstrip()) + 1
        if len(text) > 1 and text[0] == text[-1] == '"':
            text = text[1:-1]
        found.append((text, column))
        begins += len(piece) + 1
    return found


def _time(value: object) -> float:
    return _number(value, _LATEST_SECONDS, "seconds", thousandths="milliseconds")


def _round_trip(value: object) -> tuple[float, ...]:
    """The round trip in seconds, or nothing if the field is empty."""
    return () if value == "" else (_number(value, _LONGEST_MS, "nothing, or milliseconds") / 1000,)


def _number(value: object, most: float, unit: str, thousandths: str | None = None) -> float:
    """A number from 0 to `most`. `thousandths` is the unit that a larger one was probably meant in."""
    number = float(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else math.nan
    if 0 <= number <= most:
        return number
    likely = f"; it looks like {thousandths}" if thousandths and most < number <= most * 1000 else ""
    raise Rejected(f"found {describe(value)}, expected {unit} from 0 to {most:.0f}{likely}")
