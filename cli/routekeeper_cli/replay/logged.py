"""A trace out of the monitors' log, if they were asked to record their rounds.

What is missing from a trace may be what it was recorded for, because the limit of `record_rounds` is reached while
probing is hurried. So everything that is missing is told.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from routekeeper.config.problems import Rejected, describe
from routekeeper.config.tree import Place
from routekeeper.domain.errors import ConfigurationError
from routekeeper.monitor.recording import MESSAGE
from routekeeper_cli.output import note
from routekeeper_cli.replay.lines import lines_of
from routekeeper_cli.replay.moments import moment
from routekeeper_cli.replay.problems import FirstProblems
from routekeeper_cli.replay.row import COLUMNS, BadRow, Once, Row, RowReader, fields
from routekeeper_cli.words.figures import count

_OBJECT: Final = re.compile(r"\{[^{}]*\}?")
"""An object without others in it, as a record is. Its end may be missing if the line was cut."""
_IS_RECORD: Final = re.compile(rf'message[\\"]+\s*:\s*[\\"]+{MESSAGE}(?:[\\"]|$)')
"""It also matches if the quotes are escaped, or the record was cut after these words."""
_HOLE_FORM: Final = "target,rounds,first,last"
_HOLE: Final = re.compile(r"([^,]+),(\d{1,9}),(\d{1,11}\.\d{3}),(\d{1,11}\.\d{3})", re.ASCII)
_MOST_TOLD: Final = 5
_READER: Final = RowReader(COLUMNS)


def trace_from_log(path: Path) -> Iterator[str]:
    """The lines of a trace, from any text that holds the monitors' log events, each as JSON on one line.

    Notes on standard error say what is missing from it.

    Raises:
        ConfigurationError: the file cannot be read, no rounds are in it, or some contradict each other.
    """
    log = _Log(path)
    for number, line in enumerate(lines_of(path, errors="replace"), start=1):
        for found in _OBJECT.finditer(line):
            if _IS_RECORD.search(found[0]):
                log.take(found[0], Place(number, found.start() + 1))
    log.problems.raise_if_any()
    log.tell()
    if not log.rows:
        raise ConfigurationError(f"{path}: no recorded rounds in it, expected log lines whose message is '{MESSAGE}'")
    yield ",".join(COLUMNS)
    yield from (text for _, text in sorted(log.rows, key=lambda row: (row[0].sent_at, row[1])))


@dataclass(frozen=True, slots=True, order=True)
class _Hole:
    """Rounds of a target that a record had no room for."""

    vantage: str
    target: str
    first_at: float
    last_at: float
    rounds: int


class _Log:
    """What the records of a log hold, and what is missing from them."""

    def __init__(self, path: Path) -> None:
        self.rows: list[tuple[Row, str]] = []
        self.problems = FirstProblems(str(path))
        self._path = path
        self._once = Once()
        self._holes: set[_Hole] = set()
        self._unreadable: list[str] = []

    def take(self, text: str, place: Place) -> None:
        """A record, as it stands in the log."""
        try:
            record = json.loads(text)
        except (ValueError, RecursionError):
            self._skip(place, "found a record that is cut short or spoilt, expected a JSON object on one line")
            return
        if record.get("message") != MESSAGE:
            return
        for row in self._listed(record, "rounds", "rows", place):
            self._take_row(row, place)
        for hole in self._listed(record, "left_out", _HOLE_FORM, place):
            self._take_hole(str(record.get("vantage")), hole, place)

    def tell(self) -> None:
        """Note what is missing."""
        self._once.tell(self._path)
        if self._unreadable:
            head = f"{count(len(self._unreadable), 'entry', 'entries')} not readable and not in the trace:"
            note("\n  ".join([f"{self._path}: {head}", *_first(self._unreadable)]))
        for (vantage, target), holes in groupby(sorted(self._holes), key=lambda hole: (hole.vantage, hole.target)):
            spans = list(holes)
            rounds = count(sum(hole.rounds for hole in spans), "round")
            when = ", ".join(_first([f"{moment(hole.first_at)} to {moment(hole.last_at)}" for hole in spans]))
            note(f"{self._path}: record_rounds has left out {rounds} of '{target}' at '{vantage}', sent {when}")

    def _listed(self, record: dict[str, Any], key: str, form: str, place: Place) -> list[object]:
        listed = record.get(key)
        if isinstance(listed, list):
            return listed
        if listed != 0:  # older monitors write a number for `left_out`, and do not say of which targets
            self._skip(place, f"{key}: found {describe(listed)}, expected a list of {form}")
        return []

    def _take_row(self, text: object, place: Place) -> None:
        if not isinstance(text, str):
            self._skip(place, f"rounds: found {describe(text)}, expected a row")
            return
        try:
            row = _READER.read(text, place.line)
            if self._once.is_new(row):
                self.rows.append((row, ",".join(field for field, _ in fields(text))))
        except BadRow as err:
            self._skip(place, f"{describe(text)}: {err}")
        except Rejected as err:
            self.problems.add(describe(text), str(err), place)

    def _take_hole(self, vantage: str, text: object, place: Place) -> None:
        found = _HOLE.fullmatch(text) if isinstance(text, str) else None
        if found is None:
            self._skip(place, f"left_out: found {describe(text)}, expected {_HOLE_FORM}")
        else:
            self._holes.add(_Hole(vantage, found[1], float(found[3]), float(found[4]), int(found[2])))

    def _skip(self, place: Place, why: str) -> None:
        self._unreadable.append(f"{self._path}:{place.line}:{place.column}: {why}")


def _first(told: list[str]) -> list[str]:
    """The first few, and how many more there are."""
    more = len(told) - _MOST_TOLD
    return told if more <= 0 else [*told[:_MOST_TOLD], f"and {more} more"]
