"""Lines whose loss comes in bursts, under a virtual clock."""

from __future__ import annotations

import random
from dataclasses import dataclass, field


@dataclass
class GilbertElliott:
    """A line with a good and a bad state that last exponentially distributed times (Gilbert 1960, Elliott 1963)."""

    share: float
    """How much of the time it is bad."""
    burst_seconds: float
    """How long a bad spell lasts on average; 0: each probe has a fate of its own."""
    chance: random.Random
    loss_when_bad: float = 1.0
    loss_when_good: float = 0.0
    _bad: bool = field(default=False, init=False)
    _until: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self._bad = self.chance.random() >= self.share  # it changes with the first spell, at the first question

    def loses(self, at: float) -> bool:
        """Whether a probe sent at that time is lost; to be asked in the order of time."""
        if not self.burst_seconds:
            return self.chance.random() < self.share
        while self._until <= at:
            self._bad = not self._bad
            mean = self.burst_seconds if self._bad else self.burst_seconds * (1 - self.share) / self.share
            self._until += self.chance.expovariate(1 / mean)
        return self.chance.random() < (self.loss_when_bad if self._bad else self.loss_when_good)
