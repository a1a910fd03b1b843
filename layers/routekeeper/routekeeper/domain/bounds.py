"""What a number of the table can be at all. The codec holds every number to its bounds, read or written.

A time in milliseconds, or a count with a digit too many, is found where it is read, and its item is named. Otherwise it
would be believed: nobody could show it, no lease could end before it, and no heartbeat would ever be too old.

Why: docs/decisions/bounds.md
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

LATEST: Final = 4_102_444_800.0
"""2100-01-01T00:00:00Z. Milliseconds since the epoch are above it for every time since February 1970."""
MOST: Final = 10**12
"""More than anything here can ever count: a save each millisecond would take thirty years."""
CLOCK_SKEW_SECONDS: Final = 5.0
"""How far the clocks of two functions may be apart. Lambda keeps them within milliseconds."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least and the greatest that a number can be, and what it is called in a message."""

    least: float
    most: float
    what: str
    ahead_seconds: float | None = None
    """How far ahead of now it can be, where an item is read that is decided on (`store.ahead`); None: however far."""


AHEAD_SECONDS: Final = 600.0
"""What has happened cannot be further ahead. No clock is so wrong, and what waits for such a time waits no longer."""
LONGEST_HOLD_SECONDS: Final = 7 * 86_400.0
"""The longest that a pin or a pause may last, so that a forgotten one ends by itself (law 6)."""

_A_TIME: Final = "a time in seconds since 1970 that is before 2100"
Time = Annotated[float, Bounds(0.0, LATEST, _A_TIME)]
Happened = Annotated[float, Bounds(0.0, LATEST, _A_TIME, AHEAD_SECONDS)]
Held = Annotated[float, Bounds(0.0, LATEST, _A_TIME, LONGEST_HOLD_SECONDS + AHEAD_SECONDS)]
Count = Annotated[int, Bounds(0, MOST, f"a whole number from 0 to {MOST}")]
Amount = Annotated[float, Bounds(0.0, float(MOST), f"a number from 0 to {MOST}")]


def is_ahead(at: float, now: float) -> bool:
    """Whether a time at which something has happened is still to come, by more than clocks can differ."""
    return at > now + CLOCK_SKEW_SECONDS


def lasts(until: float, now: float, longest_seconds: float) -> bool:
    """Whether what ends at `until` still lasts. It cannot end later than its longest time from now."""
    return now < until <= now + longest_seconds + CLOCK_SKEW_SECONDS


def cannot_be(until: float, now: float, longest_seconds: float) -> bool:
    """Whether `until` is further away than anything of this length can end."""
    return until > now + longest_seconds + CLOCK_SKEW_SECONDS
