"""Damping of failback: traffic returns later to a path that keeps failing than to one that failed once.

This is route flap damping (RFC 2439). Every flap adds a penalty, and the penalty halves with every half-life. A path
whose penalty has reached one limit is suppressed until the penalty has fallen below another. A flap is a verdict that
turns UNHEALTHY, whether or not traffic is on the path. Traffic leaves a suppressed path as fast as any other (law 4).

Nothing here ticks. What holds at a moment is computed from the last flap, so looking changes nothing, and a changed
setting counts from the next look on.

Why: docs/decisions/damping.md
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

FLAP: Final = 1000.0
"""The penalty of one flap; the limits are in the same unit."""
LOWEST_REUSE: Final = 10.0
"""No reuse limit may be lower: a hundredth of a flap."""
FORGOTTEN: Final = LOWEST_REUSE / 2
"""A penalty below this is forgotten; far enough from any limit that rounding does not matter."""
_MOST_HALVINGS: Final = 60.0
"""Keeps the ceiling a finite number. No path can flap its way up to 2**60 times any limit."""


@dataclass(frozen=True, slots=True)
class Damping:
    """Limits of the penalty. `config.failback` checks that they fit each other."""

    half_life_seconds: float = 900.0
    suppress: float = 2000.0
    """A path whose penalty reaches this is suppressed ..."""
    reuse: float = 750.0
    """... until it has fallen below this."""
    longest_seconds: float = 3600.0
    """No path is suppressed for longer than this after its last flap."""

    def most(self, apart_seconds: float) -> float:
        """The penalty just after a flap stays below this, however many have come `apart_seconds` after each other."""
        kept = 2.0 ** (-apart_seconds / self.half_life_seconds)
        return FLAP / (1 - kept) if kept < 1 else math.inf

    @property
    def ceiling(self) -> float:
        """The highest penalty: from there it takes `longest_seconds` down to `reuse` (RFC 2439, section 4.2)."""
        most: float = self.reuse * 2.0 ** min(self.longest_seconds / self.half_life_seconds, _MOST_HALVINGS)
        return most
