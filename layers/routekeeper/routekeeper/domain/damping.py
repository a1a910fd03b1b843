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
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from routekeeper.domain.health import Health
from routekeeper.domain.stored import Stored

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


@dataclass(frozen=True, slots=True)
class Flaps(Stored):
    """What is remembered of one path's flaps. Times are seconds since the epoch."""

    penalty: float = 0.0
    """The penalty at `at`, the time of the last flap."""
    at: float = 0.0
    peak: float = 0.0
    """The highest penalty since it was last below the reuse limit. It shows whether the suppress limit was reached."""
    down: bool = False
    """Whether the path was last seen UNHEALTHY; seeing it UNKNOWN changes nothing."""

    def penalty_at(self, now: float, rule: Damping) -> float:
        """What is left of the penalty. By a clock that lags behind `at`, all of it is left."""
        halvings = max(0.0, now - self.at) / rule.half_life_seconds
        decayed: float = min(self.penalty, rule.ceiling) * 2.0**-halvings
        return decayed

    def reusable_at(self, rule: Damping) -> float | None:
        """When traffic may return to the path, which may be in the past; None if its flaps have not suppressed it."""
        if self.peak < rule.suppress or self.penalty < FORGOTTEN:  # the latter by hand only
            return None
        return self.at + rule.half_life_seconds * math.log2(min(self.penalty, rule.ceiling) / rule.reuse)

    def suppressed_at(self, now: float, rule: Damping) -> bool:
        reusable_at = self.reusable_at(rule)
        return reusable_at is not None and now < reusable_at

    def seen(self, health: Health, now: float, rule: Damping) -> Flaps:
        """The flaps after one more look at the path. A path that was not down and is UNHEALTHY has flapped."""
        if health is Health.HEALTHY:
            return replace(self, down=False)
        if health is Health.UNKNOWN or self.down:
            return self
        before = self.penalty_at(now, rule)
        after = min(before + FLAP, rule.ceiling)
        peak = after if before < rule.reuse else max(after, self.peak)
        return replace(self, penalty=after, at=max(now, self.at), peak=peak, down=True)


NEVER: Final = Flaps()


def look(known: Mapping[str, Flaps], health: Mapping[str, Health], now: float, rule: Damping) -> dict[str, Flaps]:
    """The flaps of every path after one look at all of them. Paths without flaps worth remembering are left out.

    A path that is seen for the first time counts as one that was not down.
    """
    looked = {path: known.get(path, NEVER).seen(word, now, rule) for path, word in health.items()}
    return {path: flaps for path, flaps in looked.items() if flaps.down or flaps.penalty_at(now, rule) >= FORGOTTEN}
