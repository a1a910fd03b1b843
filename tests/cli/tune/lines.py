"""Traces made by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from routekeeper_cli.replay import Outcome, Row


def trace(times: Iterable[float], loses: Callable[[float], bool], vantage: str = "a") -> list[Row]:
    """Rounds at those times."""
    fates = ((at, Outcome.LOST if loses(at) else Outcome.OK) for at in times)
    return [Row(number, at, vantage, "dx", fate, None) for number, (at, fate) in enumerate(fates, start=2)]


def answers(trips: Iterable[float]) -> list[Row]:
    """One a second, which took so many seconds."""
    return [Row(number + 2, float(number), "a", "dx", Outcome.OK, trip) for number, trip in enumerate(trips)]


def never(_: float) -> bool:
    return False
