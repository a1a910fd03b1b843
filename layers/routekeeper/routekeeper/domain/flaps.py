"""What is remembered of the flaps of a path: a fold of what was seen of it, by the rule in `damping`.

Why: docs/decisions/damping.md
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from routekeeper.domain.bounds import Amount, Happened
from routekeeper.domain.damping import FLAP, FORGOTTEN, Damping
from routekeeper.domain.health import Health
from routekeeper.domain.stored import Stored


@dataclass(frozen=True, slots=True)
class Flaps(Stored):
    """What is remembered of one path's flaps. Times are seconds since the epoch."""

    penalty: Amount = 0.0
    """The penalty at `at`, the time of the last flap."""
    at: Happened = 0.0
    peak: Amount = 0.0
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
