"""What is wrong with a document, and what is doubtful in it.

Problems are collected while reading goes on, and raised together. Warnings stand beside them and stop nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from routekeeper.config import limits
from routekeeper.config.tree import Block, Listing, OddNumber, Place
from routekeeper.domain.errors import ConfigurationError
from routekeeper.domain.quoting import LONGEST_QUOTE, short, visible

_MOST_BITS: Final = 64
"""A larger number is not written out: that takes long, and tells nothing."""


class Rejected(ValueError):
    """A value that cannot be used. The message says what was found and what is expected, not where."""


@dataclass(frozen=True, slots=True)
class Problem:
    where: str
    """The path inside the document, e.g. `targets.nat-a.probes[0].port`; empty for the document itself."""
    message: str
    place: Place | None = None


class Problems:
    """Every problem of one document, and every warning."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._found: list[Problem] = []
        self._warnings: list[Problem] = []
        self._full = False

    def __len__(self) -> int:
        """How many problems there are. Warnings do not count."""
        return len(self._found)

    def add(self, where: str, message: str, place: Place | None) -> None:
        """Note a problem.

        Raises:
            ConfigurationError: there are so many that reading on would help nobody.
        """
        self._found.append(Problem(where, message, place))
        if len(self._found) >= limits.PROBLEMS_NOTED:
            self._full = True
            self.raise_if_any()

    def warn(self, where: str, message: str, place: Place | None) -> None:
        """Note what is allowed but may not be what is wanted."""
        self._warnings.append(Problem(where, f"warning: {message}", place))

    @property
    def warnings(self) -> tuple[str, ...]:
        """One warning on a line, in the order of the file."""
        return self._lines(self._warnings)

    def raise_if_any(self) -> None:
        """Raise one ConfigurationError with one problem on a line, in the order of the file, and with the warnings."""
        if self._found:
            raise ConfigurationError("\n".join(self._lines(self._found)), self.warnings)

    def _lines(self, found: list[Problem]) -> tuple[str, ...]:
        ordered = sorted(found, key=lambda problem: problem.place or Place(0, 0))
        told = tuple(self._line(problem) for problem in ordered[: limits.PROBLEMS_TOLD])
        more = len(ordered) - len(told)
        if more <= 0:
            return told
        rest = " at least: it was read no further" if self._full else ""
        return (*told, f"{visible(self.source)}: ... and {more} more{rest}")

    def _line(self, problem: Problem) -> str:
        place = "" if problem.place is None else f"{problem.place.line}:{problem.place.column}:"
        where = short(problem.where, limits.MESSAGE) or "the document"
        return f"{visible(self.source)}:{place} {where}: {short(problem.message, limits.MESSAGE)}"


def describe(value: object) -> str:
    """A value as found, for people."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case str():
            return f"'{short(value)}'"
        case OddNumber():
            written = short(value.written)
            if value.reading is None:
                return f"the number {written}"
            return f'{written}, which YAML reads as {value.reading} (write that, or "{written}" in quotes as text)'
        case int() if value.bit_length() > _MOST_BITS:
            return f"a number of {value.bit_length()} bits"
        case int() | float():
            return f"the number {value}"
        case Listing() | list():
            return "a list"
        case Block() | dict():
            return "a mapping"
        case _:
            return f"a {type(value).__name__}"


def nearest(word: str, known: tuple[str, ...]) -> str:
    """`did you mean ...?` if something similar is known, otherwise the list of what is known."""
    close = get_close_matches(word, _alike(word, known), n=1, cutoff=0.6) if len(word) <= LONGEST_QUOTE else []
    if close:
        return f"did you mean '{short(close[0])}'?"
    told = [short(name) for name in known[: limits.NAMES_TOLD]]
    more = [] if len(known) <= len(told) else [f"... and {len(known) - len(told)} more"]
    return f"expected one of {', '.join([*told, *more])}" if known else "nothing of the kind is defined"


def _alike(word: str, known: tuple[str, ...]) -> list[str]:
    """Those that begin or end most like the word: to compare it thoroughly with hundreds would take long."""

    def likeness(name: str) -> tuple[int, int]:
        return max(_in_common(word, name), _in_common(word[::-1], name[::-1])), -abs(len(word) - len(name))

    few = len(known) <= limits.NAMES_COMPARED
    return [*known] if few else sorted(known, key=likeness, reverse=True)[: limits.NAMES_COMPARED]


def _in_common(word: str, name: str) -> int:
    """How many characters both begin with."""
    return next(
        (at for at, (one, other) in enumerate(zip(word, name, strict=False)) if one != other), min(len(word), len(name))
    )
