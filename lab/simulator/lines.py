"""The truth about lines: whether a probe sent now from a vantage reaches its target and comes back, and when."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum
from random import Random
from typing import Final

ROUND_TRIP_SECONDS: Final = 0.012
BURST_SECONDS: Final = 1.5
BURST_LOSS: Final = 0.9


class Fate(Enum):
    ANSWERED = "answered"
    LOST = "lost"
    NOT_SENT = "not sent"


@dataclass(frozen=True, slots=True)
class Outcome:
    fate: Fate
    seconds: float
    """How long until the outcome is known."""


@dataclass(slots=True)
class Bursts:
    """Gilbert-Elliott in continuous time: a good and a bad state, with exponential stays."""

    share: float
    """Of the time that is spent in the bad state."""
    random: Random
    bad: bool = False
    until: float = 0.0

    def loses(self, now: float) -> bool:
        while self.until <= now:
            stay = BURST_SECONDS if not self.bad else BURST_SECONDS * (1 - self.share) / self.share
            # The state that begins at `until` is the other one.
            self.bad = not self.bad
            self.until = max(self.until, now - 60.0) + self.random.expovariate(1 / stay)
        return self.bad and self.random.random() < BURST_LOSS


@dataclass(slots=True)
class Line:
    """From one vantage to one target, there and back: what is cut in one direction is cut."""

    random: Random
    cuts: int = 0
    """How many causes hold it cut."""
    loss: float = 0.0
    bursts: Bursts | None = None
    delay: float = 0.0

    @property
    def is_plain(self) -> bool:
        """Whether every probe has the same fate."""
        return self.cuts > 0 or (self.loss == 0 and self.bursts is None)

    def probe(self, now: float, timeout: float) -> Outcome:
        if self.cuts:
            return Outcome(Fate.LOST, timeout)
        if self.loss and self.random.random() < self.loss:
            return Outcome(Fate.LOST, timeout)
        if self.bursts is not None and self.bursts.loses(now):
            return Outcome(Fate.LOST, timeout)
        seconds = ROUND_TRIP_SECONDS + self.delay
        if self.delay:
            seconds += abs(self.random.gauss(0.0, self.delay / 4))
        return Outcome(Fate.ANSWERED, seconds) if seconds < timeout else Outcome(Fate.LOST, timeout)


@dataclass(slots=True)
class Sent:
    """One probe whose outcome has become known to the vantage."""

    sent_at: float
    known_at: float
    fate: Fate


@dataclass(slots=True)
class Ledger:
    """What a vantage has really seen of a target: the newest outcomes, and since when they have all been alike."""

    recent: list[Sent] = field(default_factory=list)
    evidence_at: float = -math.inf
    """When evidence of either kind was last known."""
    forgotten_at: float = -math.inf
    """What was sent until then is no longer in `recent`."""
    plain_since: float | None = None
    """Since when every probe would have had the same fate; None while it hangs on chance."""
    plain: Fate | None = None

    def note(self, sent_at: float, known_at: float, fate: Fate) -> None:
        self.recent.append(Sent(sent_at, known_at, fate))
        if fate is not Fate.NOT_SENT:
            self.evidence_at = max(self.evidence_at, known_at)
        if len(self.recent) > 400:
            self.forgotten_at = self.recent[199].sent_at
            del self.recent[:200]
