"""Traces made by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from routekeeper_cli.replay import RoundOutcome, Row


def trace(times: Iterable[float], loses: Callable[[float], bool], vantage: str = "a") -> list[Row]:
    """Rounds at those times."""
    fates = ((at, RoundOutcome.LOST if loses(at) else RoundOutcome.OK) for at in times)
    return [Row(number, at, vantage, "dx", fate, None) for number, (at, fate) in enumerate(fates, start=2)]


def answers(trips: Iterable[float]) -> list[Row]:
    """One a second, which took so many seconds."""
    return [Row(number + 2, float(number), "a", "dx", RoundOutcome.OK, trip) for number, trip in enumerate(trips)]


def never(_: float) -> bool:
    return False
