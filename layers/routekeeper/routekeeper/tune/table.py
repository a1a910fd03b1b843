"""The choices of every target as a table for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from routekeeper.config.durations import render
from routekeeper.config.grey_words import percent
from routekeeper.domain.cusum import Loss
from routekeeper.tune.study import Choice, Study

_MINUTE, _HOUR, _DAY, _YEAR = 60.0, 3_600.0, 86_400.0, 31_557_600.0
_NEVER_SECONDS = 100 * _YEAR
_HARDLY_EVER = 0.001

NOTE = """\
Means, for one vantage that decides alone: with a quorum of several a false move takes a coincidence, or a cause that
they share. A cut is noticed so long after it happened; grey loss, where losses come one by one, after it began. A
false move is a verdict on a line that loses as usual. What `latency` adds is not in the table."""


def table(studies: Sequence[Study]) -> Iterator[str]:
    """Lines: each target with its settings, the present ones first, one thing changed in each of the others."""
    for study in studies:
        yield f"Target '{study.target.name}', usual loss {_line(study.usual)} ({study.source}):"
        if study.measured is not None:
            yield f"  {study.measured.rounds} rounds in the trace, {study.measured.lost} of them lost"
        yield from _rows(study)
        yield ""
    yield NOTE


def seconds_told(seconds: float) -> str:
    """A time in the unit that suits it."""
    if seconds >= _NEVER_SECONDS:
        return "never"
    for unit, name in ((_YEAR, "years"), (_DAY, "days"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.3g} {name}"
    return f"{seconds:.2f} s"


def _line(usual: Loss) -> str:
    bursts = f" in bursts of {render(usual.burst_seconds)}" if usual.burst_seconds else ", one by one"
    return f"{percent(usual.share)}{bursts}"


def _rows(study: Study) -> Iterator[str]:
    on_trace = study.measured is not None
    head = ["setting", "a cut", f"{percent(study.grey_share)} loss", "false moves a year"]
    cells = [[*head, *(["verdicts on the trace"] if on_trace else [])]]
    cells += [_cells(choice) for choice in study.choices]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    for row in cells:
        numbers = "".join(f"  {cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True))
        yield f"  {row[0]:<{widths[0]}}{numbers}"


def _cells(choice: Choice) -> list[str]:
    found = choice.expected
    often = found.false_moves_a_year
    cells = [
        choice.setting,
        seconds_told(found.cut_seconds),
        seconds_told(found.grey_seconds),
        "0" if often < _HARDLY_EVER else f"{often:,.3g}" if often < 1000 else f"{often:,.0f}",  # noqa: PLR2004
    ]
    return cells if choice.accusations is None else [*cells, str(choice.accusations)]
