"""What a run is made of: a configuration, a list of events and a seed. Plans are drawn from seeds and can be cut down.

Every random choice of a run hangs on the plan's seed and on the name of whoever chooses, never on a shared sequence:
an event that is left out leaves the others' chances as they were, as far as that is possible.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from routekeeper.domain.settings import Configuration


class Kind(Enum):
    """What can befall the world. `subject` says whom, `seconds` how long, `amount` how much."""

    CUT = "line cut"
    """Target from one vantage, or from all (`*`)."""
    LOSS = "line loses packets"
    """`amount` of them, each for itself."""
    BURSTS = "line loses packets in bursts"
    """Gilbert-Elliott: `amount` of the time in the bad state, which lasts 1.5 s on average and loses 90 %."""
    FLICKER = "line flickers"
    """Nothing comes through for `amount` of the time, 0.2 s at a time on average: too short for losses in a row."""
    DELAY = "line is slow"
    """`amount` seconds of round trip more."""
    VANTAGE_DEAF = "vantage hears nothing"
    VANTAGE_MUTE = "vantage cannot send"
    VANTAGE_DEAD = "vantage is not run"
    VANTAGE_CUT_OFF = "vantage does not reach the table"
    MONITOR_KILLED = "monitor killed"
    HANG = "instance hangs"
    """Until it is restarted; `seconds` is how long its stop takes, and without `amount` 0 only a forced one ends it."""
    NO_START = "instance does not start"
    """It is refused or, with `amount`, accepted: it comes up and hangs (1), or is stopped again (2)."""
    NO_CAPACITY = "no capacity to start an instance"
    """Its start is refused, whoever asks."""
    UNSTOPPABLE = "instance may not be stopped"
    """A one-time spot instance or, with `amount`, one with stop protection. Each stop is refused; a person mends it."""
    STOPPED = "instance stopped by somebody"
    TERMINATED = "instance terminated by somebody"
    SPOT_WARNED = "spot instance warned"
    """Stopped two minutes later, and started again at the end."""
    SCALED_IN = "Auto Scaling takes an instance out of service"
    """With `amount`, it is terminated after a minute; otherwise nothing comes of it."""
    MAINTENANCE = "maintenance planned"
    """To begin in `amount` seconds; called off, or over, at the end."""
    THROTTLED = "EC2 throttles"
    """With probability `amount`, a group or everything (`*`)."""
    UNANSWERED = "EC2 does not answer"
    """Half of the calls act all the same."""
    DENIED = "EC2 denies"
    STALE = "EC2 reads are stale"
    """By up to `amount` seconds."""
    DRIFT = "somebody changes a route"
    TABLE_GONE = "route table deleted"
    HOP_GONE = "next hop deleted"
    """A NAT gateway or an attachment, by its ID: its routes are blackholes. At the end it is there again, if ever."""
    HOP_UNFIT = "next hop cannot be used"
    """An attachment that is not accepted, an instance with several interfaces: routes that lead to it go on working."""
    UNTAGGED = "tag taken away"
    """From a route table or an attachment: whoever may change only what is tagged may not change it."""
    TABLE_FULL = "route lost, and no room for a new one"
    """Of a route table."""
    LIST_GONE = "prefix list deleted"
    EVENTS_LOST = "AWS's events are lost"
    STORE_FAILS = "the table does not answer"
    """With probability `amount`; half of the writes act all the same."""
    CRASHES = "functions crash"
    """With probability `amount` at each call and sleep of router, restarter and operator."""
    TWINS = "everything is invoked twice"
    STREAM_LATE = "stream is late"
    """Records wait up to `amount` seconds, and may overtake each other."""
    STREAM_TWICE = "stream delivers twice"
    STREAM_LOST = "stream delivers nothing"
    POISON = "poison record"
    SPOILT = "unreadable item"
    """A group's item, until somebody puts it right."""
    ASK = "operator"
    """`payload` is what is asked."""


EVERYBODYS: Final = (
    Kind.STORE_FAILS, Kind.CRASHES, Kind.TWINS, Kind.STREAM_LATE, Kind.STREAM_TWICE, Kind.STREAM_LOST,
)  # fmt: skip
"""What no function is spared while it lasts."""


@dataclass(frozen=True, slots=True)
class Event:
    at: float
    """Seconds after the start."""
    kind: Kind
    subject: str = "*"
    vantage: str = "*"
    seconds: float = 0.0
    amount: float = 0.0
    payload: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        parts = [self.kind.value]
        parts += [self.subject] if self.subject != "*" else []
        parts += [f"from {self.vantage}"] if self.vantage != "*" else []
        parts += [f"{self.amount:g}"] if self.amount else []
        parts += [f"for {self.seconds:.0f} s"] if self.seconds else []
        parts += [", ".join(f"{key}: {value}" for key, value in self.payload.items())] if self.payload else []
        return " ".join(parts)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a run depends on."""

    seed: int
    configuration: Configuration
    vantages: tuple[str, ...]
    events: tuple[Event, ...]
    seconds: float
    settle_at: tuple[float, ...] = ()
    """When everything must have come to rest: what has not is a violation of law 10."""
    skews: Mapping[str, float] = field(default_factory=dict)
    """By how many seconds a function's clock is wrong."""
    full: bool = False
    """Whether the real Monitor watches, with leases and hand-overs, and no calm is left out."""
    lag: float = 0.0
    """For up to how many seconds after each write EC2 may show what was."""
    vanishing: bool = False
    """Whether the route to a terminated instance names the vanished network interface only."""
