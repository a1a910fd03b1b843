"""The way back in the summary of a configuration."""

from __future__ import annotations

from collections.abc import Iterator

from routekeeper.config.durations import render
from routekeeper.domain.damping import FLAP, Damping
from routekeeper.domain.settings import FailbackMode, FailbackPolicy
from routekeeper.domain.windows import Day, Window, Windows


def failback_lines(failback: FailbackPolicy) -> Iterator[str]:
    """When traffic returns by itself, and what keeps it from returning."""
    if failback.mode is FailbackMode.MANUAL:
        yield "  returns to a path further up only when an operator asks"
    else:
        lasting = f" for {render(failback.after_seconds)}" if failback.after_seconds else ""
        yield f"  returns to a path further up once it has been HEALTHY{lasting}"
    if failback.windows is not None:
        yield from _windows(failback.windows)
    if failback.damping is not None:
        what = "is the last choice" if failback.mode is FailbackMode.MANUAL else "waits"
        yield from _damping(what, failback.damping)
    elif failback.mode is not FailbackMode.MANUAL:
        yield "    however often it has failed"


def _windows(windows: Windows) -> Iterator[str]:
    yield f"    only in these windows, on the clocks of {windows.zone}:"
    for window in windows.windows:
        yield f"    - {_window(window)}"


def _window(window: Window) -> str:
    days = "every day" if len(window.days) == len(Day) else ", ".join(day.value for day in Day if day in window.days)
    until = "" if window.opens < window.closes else " of the next day"
    return f"{days} from {window.opens:%H:%M} to {window.closes:%H:%M}{until}"


def _damping(what: str, rule: Damping) -> Iterator[str]:
    yield f"    a path whose flaps add up to {rule.suppress:g} {what} until they have decayed below {rule.reuse:g}:"
    yield (
        f"    {FLAP:g} a flap, halving every {render(rule.half_life_seconds)}; at most {render(rule.longest_seconds)}"
        " after the last"
    )
