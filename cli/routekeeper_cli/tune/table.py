"""The choices of every target as a table for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from routekeeper.config.durations import render
from routekeeper_cli.tune.measured import Measured
from routekeeper_cli.tune.study import Choice, Study
from routekeeper_cli.words.figures import percent

_MINUTE, _HOUR, _DAY, _YEAR = 60.0, 3_600.0, 86_400.0, 31_557_600.0
NEVER_SECONDS = 100 * _YEAR
HARDLY_EVER = 0.001
"""Fewer false moves a year than this are shown as 0."""

NOTE = """\
Means, for one vantage that decides alone: with a quorum of several a false move takes a coincidence, or a cause that
they share. A cut is noticed so long after it happened; grey loss, where losses come one by one, and lateness after
they began. A false move is a verdict on a line that does as usual."""


def table(study: Study) -> Iterator[str]:
    """The lines of a target: its present settings first, then others with one thing changed in each."""
    yield f"Target '{study.target.name}', usual loss {study.usual}:"
    if study.late is not None and study.target.detection.latency is not None:
        limit = render(study.target.detection.latency.unacceptable_seconds)
        yield f"  answers that take {limit} or longer: usually {study.late}"
    if study.measured is not None:
        yield from _of_trace(study.measured)
    yield from _rows(study)


def seconds_told(seconds: float) -> str:
    """A time in the unit that suits it."""
    if seconds >= NEVER_SECONDS:
        return "never"
    for unit, name in ((_YEAR, "years"), (_DAY, "days"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.3g} {name}"
    return f"{seconds:.2f} s"


def _of_trace(found: Measured) -> Iterator[str]:
    if not found.rounds:
        yield "  no round of it in the trace ended in an answer or a loss"
        return
    yield f"  {found.rounds} rounds in the trace, {found.lost} of them lost"
    if found.loss is None:
        yield "  the trace shows no time in which it was well, so nothing of what is usual"


def _rows(study: Study) -> Iterator[str]:
    on_trace = study.measured is not None and study.measured.rounds > 0
    head = ["setting", "a cut", f"{percent(study.grey_share)} loss"]
    head += ["half late"] if study.late is not None else []
    cells = [[*head, "false moves a year", *(["verdicts on the trace"] if on_trace else [])]]
    cells += [list(_cells(choice, with_late=study.late is not None)) for choice in study.choices]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    for row in cells:
        numbers = "".join(f"  {cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True))
        yield f"  {row[0]:<{widths[0]}}{numbers}"


def _cells(choice: Choice, *, with_late: bool) -> Iterator[str]:
    found = choice.expected
    often = found.false_moves_a_year
    yield choice.setting
    yield seconds_told(found.cut_seconds)
    yield seconds_told(found.grey_seconds)
    if with_late:
        yield seconds_told(found.late_seconds)
    yield "0" if often < HARDLY_EVER else f"{often:,.3g}" if often < 1000 else f"{often:,.0f}"  # noqa: PLR2004
    if choice.accusations is not None:
        yield str(choice.accusations)
