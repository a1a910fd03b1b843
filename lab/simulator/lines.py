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
FLICKER_SECONDS: Final = 0.2


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
    seconds: float = BURST_SECONDS
    """How long the bad state lasts on average."""
    loss: float = BURST_LOSS
    """The share of probes that is lost in it."""
    bad: bool = False
    until: float = 0.0

    def loses(self, now: float) -> bool:
        while self.until <= now:
            stay = self.seconds if not self.bad else self.seconds * (1 - self.share) / self.share
            # The state that begins at `until` is the other one.
            self.bad = not self.bad
            self.until = max(self.until, now - 60.0) + self.random.expovariate(1 / stay)
        return self.bad and self.random.random() < self.loss


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

    @property
    def share(self) -> float:
        """Of the probes that are lost in the long run; what is too slow to be an answer is left out."""
        if self.cuts:
            return 1.0
        in_bursts = self.bursts.share * self.bursts.loss if self.bursts is not None else 0.0
        return 1 - (1 - min(1.0, self.loss)) * (1 - in_bursts)

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
    alike: int = 1
    """How many in a row it stands for: rounds that only repeat each other are left out."""


@dataclass(slots=True)
class Ledger:
    """What a vantage has really seen of a target: the newest outcomes, and since when they have all been alike."""

    keep: int = 200
    """How many outcomes are remembered at least."""
    recent: list[Sent] = field(default_factory=list)
    evidence_at: float = -math.inf
    """When evidence of either kind was last known."""
    forgotten_at: float = -math.inf
    """What was sent until then is no longer in `recent`."""
    plain_since: float | None = None
    """Since when every probe would have had the same fate; None while it hangs on chance."""
    plain: Fate | None = None
    answered_until: float = -math.inf
    """When every probe was last certain to be answered; no such outcome is in `recent`."""

    def note(self, sent_at: float, known_at: float, fate: Fate, alike: int = 1) -> None:
        self.recent.append(Sent(sent_at, known_at, fate, alike))
        if fate is not Fate.NOT_SENT:
            self.evidence_at = max(self.evidence_at, known_at)
        if len(self.recent) > 2 * self.keep:
            self.forgotten_at = self.recent[self.keep - 1].sent_at
            del self.recent[: self.keep]
