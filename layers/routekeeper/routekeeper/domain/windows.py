"""Failback windows: the days and hours, on the clocks of one time zone, in which traffic may return by itself.

A window is open while a clock on the wall there shows a time inside it. When clocks are put forward, the times that
they skip are missing from it. When they are put back, the times that they show twice are in it twice. So a window never
surprises a person who looks at the clock.

Why: docs/decisions/failback-windows.md
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import Enum
from typing import Final

_HORIZON_DAYS: Final = 16
"""After any moment a window opens within two weeks: clocks that are put forward can skip a weekly one once."""


class Day(Enum):
    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


_DAYS: Final = tuple(Day)
"""By `date.weekday()`."""


@dataclass(frozen=True, slots=True)
class Window:
    """From `opens` to `closes`, on each of `days`. If it does not close after it opens, it ends on the next day."""

    opens: time
    closes: time
    days: frozenset[Day] = frozenset(Day)
    """The days on which it opens."""

    def contains(self, wall: datetime) -> bool:
        """Whether the window is open while clocks show this."""
        today, yesterday = (_DAYS[(wall.weekday() - back) % 7] in self.days for back in (0, 1))
        shown = wall.time()
        if self.opens < self.closes:
            return today and self.opens <= shown < self.closes
        return (today and shown >= self.opens) or (yesterday and shown < self.closes)

    def edges(self, day: date) -> tuple[datetime, ...]:
        """What clocks show when the window of this day opens and closes."""
        if _DAYS[day.weekday()] not in self.days:
            return ()
        last = day if self.opens < self.closes else day + timedelta(days=1)
        return datetime.combine(day, self.opens), datetime.combine(last, self.closes)


@dataclass(frozen=True, slots=True)
class Windows:
    """Some windows in one time zone. The zone's rules come with it."""

    zone: tzinfo
    windows: tuple[Window, ...]

    def are_open(self, at: float) -> bool:
        wall = _wall(at, self.zone)
        return any(window.contains(wall) for window in self.windows)

    def open_at(self, at: float) -> float:
        """The first instant, `at` itself or later, at which a window is open; both in seconds since the epoch."""
        if self.are_open(at):
            return at
        today = _wall(at, self.zone).date()
        days = [today + timedelta(days=ahead) for ahead in range(-1, _HORIZON_DAYS)]
        edges = [edge for window in self.windows for day in days for edge in window.edges(day)]
        return min(moment for edge in edges for moment in self._moments(edge) if moment >= at and self.are_open(moment))

    def _moments(self, edge: datetime) -> Iterator[float]:
        """Every instant around `edge` at which a window can open.

        Usually this is the one at which clocks show it. They show it twice if they are put back and never if they are
        put forward. Then the moment of the change is one, too.
        """
        earlier, later = sorted(int(edge.replace(tzinfo=self.zone, fold=fold).timestamp()) for fold in (0, 1))
        yield from {earlier, later}
        if earlier != later:
            yield self._change(earlier, later)

    def _change(self, before: int, after: int) -> int:
        """The first second with the offset of `after`; offsets change on whole seconds."""
        offset = _offset(after, self.zone)
        while after - before > 1:
            middle = (before + after) // 2
            before, after = (before, middle) if _offset(middle, self.zone) == offset else (middle, after)
        return after


def _wall(at: float, zone: tzinfo) -> datetime:
    """What clocks show at an instant, without the zone: to be compared as people read it."""
    return datetime.fromtimestamp(at, zone).replace(tzinfo=None)


def _offset(at: int, zone: tzinfo) -> timedelta | None:
    return zone.utcoffset(datetime.fromtimestamp(at, UTC).astimezone(zone))
