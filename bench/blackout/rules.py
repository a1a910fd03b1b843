"""Other systems' probing rules: how often, how patiently, and what follows.

Each is built from its published parameters, not from its code: what it probes with may differ here (see `lanes`), when
it probes and what it concludes do not. The sources are named with each rule.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol


class Turn(Enum):
    """What a rule concludes: leave the path, or return to it."""

    DOWN = "down"
    UP = "up"


class Judge(Protocol):
    """Folds the outcomes of rounds into conclusions."""

    def heard(self, answered: bool) -> Turn | None:
        """What follows from one more round, if anything."""
        ...


class Counter:
    """Up by one with a loss, down by one with an answer and never below zero; above the limit the line is down.

    It never returns: the published script resets a state flag that it never sets (requirement D4).
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._count = 0
        self._down = False

    def heard(self, answered: bool) -> Turn | None:
        self._count = max(0, self._count + (-1 if answered else 1))
        if self._down or self._count <= self._limit:
            return None
        self._down = True
        return Turn.DOWN


class RiseFall:
    """Down after `fall` unanswered rounds in a row, up after `rise` answered ones; None: it never returns."""

    def __init__(self, fall: int, rise: int | None) -> None:
        self._fall = fall
        self._rise = rise
        self._run = 0
        self._down = False

    def heard(self, answered: bool) -> Turn | None:
        if answered is not self._down:  # one more of what is known already
            self._run = 0
            return None
        self._run += 1
        needed = self._rise if self._down else self._fall
        if needed is None or self._run < needed:
            return None
        self._run, self._down = 0, not self._down
        return Turn.DOWN if self._down else Turn.UP


class Silence:
    """Down once nothing has been heard for so many seconds; up after as many answers in a row as `rise` says.

    Bidirectional Forwarding Detection, RFC 5880 section 6.8.4: detection time is the interval times the multiplier.
    """

    def __init__(self, seconds: float, rise: int, now: float) -> None:
        self._seconds = seconds
        self._rise = rise
        self._heard_at = now
        self._run = 0
        self._down = False

    @property
    def due_at(self) -> float:
        """When silence will have lasted too long; never, while it is down already."""
        return float("inf") if self._down else self._heard_at + self._seconds

    def answered(self, at: float) -> Turn | None:
        """What follows from an answer."""
        self._run = 1 if at - self._heard_at >= self._seconds else self._run + 1
        self._heard_at = at
        if not self._down or self._run < self._rise:
            return None
        self._down = False
        return Turn.UP

    def passed(self, now: float) -> Turn | None:
        """What follows from the time alone."""
        if now < self.due_at:
            return None
        self._down, self._run = True, 0
        return Turn.DOWN


class Manner(Enum):
    """How a rule looks at its target."""

    PING = "ping"
    CONNECT = "connect"
    THROUGH = "connect through the path"


@dataclass(frozen=True, slots=True)
class Rule:
    """Rounds of probes, one after the other. A round counts as answered when one of its probes was. Seconds."""

    name: str
    manner: Manner
    timeout_seconds: float
    judge: Callable[[], Judge]
    probes: int = 1
    spacing_seconds: float = 0.0
    """From the start of one probe of a round to the next, at least."""
    first_answer_ends: bool = False
    """Whether a round ends with its first answer."""
    pause_seconds: float = 0.0
    """From the end of a round to the next."""
    period_seconds: float = 0.0
    """From the start of a round to the next, at least."""


@dataclass(frozen=True, slots=True)
class Session:
    """A rule that sends steadily and listens all the time."""

    name: str
    interval_seconds: float
    multiplier: int
    rise: int


DX_SCRIPT: Final = Rule(
    # Requirements D1 and D2: a ping with 1 s of patience, then 1 s of sleep; more than ten losses in balance.
    "DX script",
    Manner.PING,
    timeout_seconds=1.0,
    judge=lambda: Counter(10),
    pause_seconds=1.0,
)
NAT_MONITOR: Final = Rule(
    # AWS's nat_monitor.sh as published: Num_Pings=3, Ping_Timeout=1, Wait_Between_Pings=2; one dead round suffices.
    "nat_monitor",
    Manner.PING,
    timeout_seconds=1.0,
    judge=lambda: RiseFall(1, 1),
    probes=3,
    spacing_seconds=1.0,
    pause_seconds=2.0,
)
ALTERNAT: Final = Rule(
    # alterNAT's README: every 5 s two URLs with 5 s of patience each; replaced at once, never returned by itself.
    "alterNAT",
    Manner.THROUGH,
    timeout_seconds=5.0,
    judge=lambda: RiseFall(1, None),
    probes=2,
    first_answer_ends=True,
    pause_seconds=5.0,
)
HAPROXY: Final = Rule(
    # HAProxy's configuration manual: inter 2s, fall 3, rise 2; a check may take as long as the interval.
    "HAProxy",
    Manner.CONNECT,
    timeout_seconds=2.0,
    judge=lambda: RiseFall(3, 2),
    period_seconds=2.0,
)
BFD: Final = Session("BFD", interval_seconds=0.3, multiplier=3, rise=3)
"""AWS's recommendation for Direct Connect: 300 ms and a multiplier of 3."""
RULES: Final = (DX_SCRIPT, ALTERNAT, HAPROXY, NAT_MONITOR, BFD)
