"""A time zone whose clocks are changed while a run lasts: real ones do so twice a year."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo


@dataclass(frozen=True)
class ChangingClocks(tzinfo):
    """Clocks `before` ahead of UTC until the instant `at`, in seconds since the epoch, and `after` from then on."""

    at: float
    before: timedelta
    after: timedelta

    def utcoffset(self, wall: datetime | None) -> timedelta:
        if wall is None:
            return self.before
        shown = wall.replace(tzinfo=UTC, fold=0).timestamp() - self.at
        edges = sorted((self.before.total_seconds(), self.after.total_seconds()))
        if shown < edges[0]:
            return self.before
        if shown >= edges[1]:
            return self.after
        return self.after if wall.fold else self.before  # skipped, or shown twice (PEP 495)

    def fromutc(self, utc: datetime) -> datetime:
        since = utc.replace(tzinfo=UTC).timestamp() - self.at
        again = 0 <= since < (self.before - self.after).total_seconds()
        return (utc + (self.before if since < 0 else self.after)).replace(fold=int(again))

    def dst(self, wall: datetime | None) -> timedelta:
        return self.utcoffset(wall) - self.before

    def tzname(self, wall: datetime | None) -> str:
        del wall
        return f"clocks changed at {self.at:.0f}"

    def __str__(self) -> str:
        return self.tzname(None)
