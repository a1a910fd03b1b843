"""How fast changes are asked for: side by side until EC2 throttles, and then as fast as EC2 is seen to take them.

Why: docs/decisions/paced-changes.md
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

AT_ONCE: Final = 20
"""Calls side by side as long as nothing is throttled."""
STEP_SECONDS: Final = 0.25
"""The time that one batch stands for, once EC2 has throttled."""
EAGERNESS: Final = 1.25
"""How much faster calls are made than EC2 was seen to take them, so that a bucket that refills faster is noticed."""
LEAST_PER_SECOND: Final = 4.0
"""Never slower than this. A group that is granted less for long only competes with the many calls of another group."""


@dataclass(frozen=True, slots=True)
class CallRate:
    """What the outcomes so far say about EC2's token bucket ("Request throttling for the Amazon EC2 API").

    A throttled call says that the bucket is empty. Every token that is granted from then on has just been filled in,
    and so shows how fast the bucket fills. A throttled call uses up no token, but it loads an endpoint that others
    need.
    """

    dry_since: float | None = None
    """When a call was throttled first; None until then."""
    granted: int = 0
    """Calls that went through since then."""
    at: float = 0.0
    """When the last batch was done."""

    def after(self, granted: int, throttled: int, at: float) -> CallRate:
        """The rate after a batch that was done `at`: so many of its calls were granted, and so many throttled."""
        if self.dry_since is None:
            return CallRate(at, 0, at) if throttled else self
        return replace(self, granted=self.granted + granted, at=at)

    @property
    def batch(self) -> int:
        """How many calls to make at once now."""
        if self.dry_since is None:
            return AT_ONCE
        return max(1, min(AT_ONCE, round(self._per_second * STEP_SECONDS)))

    @property
    def step_seconds(self) -> float:
        """From the beginning of one batch to the beginning of the next."""
        return 0.0 if self.dry_since is None else self.batch / self._per_second

    @property
    def _per_second(self) -> float:
        if self.dry_since is None or self.at <= self.dry_since:
            return LEAST_PER_SECOND * 2
        return max(LEAST_PER_SECOND, EAGERNESS * self.granted / (self.at - self.dry_since))
