"""Single events out of chance: what befalls whom, for how long and how badly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from lab.simulator.plan import Event, Kind
from routekeeper.domain.settings import Configuration

_WEIGHTS: Final[dict[Kind, int]] = {
    Kind.CUT: 14, Kind.LOSS: 3, Kind.BURSTS: 3, Kind.DELAY: 2,
    Kind.VANTAGE_DEAF: 5, Kind.VANTAGE_MUTE: 3, Kind.VANTAGE_DEAD: 3, Kind.VANTAGE_CUT_OFF: 2, Kind.MONITOR_KILLED: 3,
    Kind.HANG: 8, Kind.NO_START: 2, Kind.STOPPED: 3, Kind.TERMINATED: 1,
    Kind.THROTTLED: 4, Kind.UNANSWERED: 4, Kind.DENIED: 2, Kind.STALE: 3,
    Kind.DRIFT: 4, Kind.TABLE_GONE: 1, Kind.SPOILT: 1,
    Kind.STORE_FAILS: 3, Kind.CRASHES: 6, Kind.TWINS: 5,
    Kind.STREAM_LATE: 3, Kind.STREAM_TWICE: 3, Kind.STREAM_LOST: 2, Kind.POISON: 3,
    Kind.ASK: 16,
}  # fmt: skip
"""How often each kind comes, against the others."""

THEMES: Final[tuple[tuple[Kind, ...], ...]] = (
    (),
    (Kind.CUT, Kind.ASK, Kind.DRIFT),
    (Kind.HANG, Kind.ASK, Kind.NO_START, Kind.UNANSWERED, Kind.TWINS),
    (Kind.CUT, Kind.VANTAGE_DEAF, Kind.VANTAGE_MUTE, Kind.VANTAGE_DEAD, Kind.MONITOR_KILLED),
    (Kind.CUT, Kind.TWINS, Kind.THROTTLED, Kind.UNANSWERED, Kind.STALE, Kind.DRIFT),
    (Kind.CUT, Kind.CRASHES, Kind.TWINS, Kind.STORE_FAILS, Kind.STREAM_TWICE),
)
"""What an episode may be about: these kinds come more often then."""
_EMPHASIS: Final = 8

_AMOUNTS: Final[dict[Kind, Callable[[Random], float]]] = {
    Kind.LOSS: lambda random: random.uniform(0.05, 0.9),
    Kind.BURSTS: lambda random: random.uniform(0.05, 0.6),
    Kind.DELAY: lambda random: random.uniform(0.05, 0.7),
    Kind.HANG: lambda random: float(random.random() < 0.3),
    Kind.CRASHES: lambda random: random.choice((0.005, 0.02, 0.1)),
    Kind.STORE_FAILS: lambda random: random.choice((0.02, 0.1, 0.5)),
    Kind.STREAM_LATE: lambda random: random.choice((2.0, 20.0, 60.0)),
    Kind.THROTTLED: lambda random: random.choice((0.1, 0.5, 1.0)),
    Kind.UNANSWERED: lambda random: random.choice((0.1, 0.5, 1.0)),
    Kind.DENIED: lambda random: random.choice((0.1, 0.5, 1.0)),
    Kind.STALE: lambda random: random.uniform(1, 8),
}
_LINES: Final = (Kind.CUT, Kind.LOSS, Kind.BURSTS, Kind.DELAY)
_VANTAGES: Final = (
    Kind.VANTAGE_DEAF, Kind.VANTAGE_MUTE, Kind.VANTAGE_DEAD, Kind.VANTAGE_CUT_OFF, Kind.MONITOR_KILLED,
)  # fmt: skip
_INSTANCES: Final = (Kind.HANG, Kind.NO_START, Kind.STOPPED, Kind.TERMINATED)
_CALLS: Final = (Kind.THROTTLED, Kind.UNANSWERED, Kind.DENIED, Kind.STALE)
_GROUPS: Final = (Kind.DRIFT, Kind.TABLE_GONE, Kind.SPOILT)
_MOMENTARY: Final = (Kind.MONITOR_KILLED, Kind.DRIFT, Kind.POISON, Kind.ASK)


@dataclass(frozen=True, slots=True)
class Fates:
    """Draws events for one world."""

    random: Random
    configuration: Configuration
    vantages: tuple[str, ...]
    theme: tuple[Kind, ...] = ()

    def event(self, start: float, length: float) -> Event:
        """One that begins within `length` seconds of `start`."""
        random = self.random
        weights = [weight * (_EMPHASIS if kind in self.theme else 1) for kind, weight in _WEIGHTS.items()]
        kind = random.choices(list(_WEIGHTS), weights)[0]
        at = start + random.uniform(0, length)
        seconds = self._seconds(kind)
        amount = _AMOUNTS[kind](random) if kind in _AMOUNTS else 0.0
        if kind is Kind.NO_START:
            amount = float(int(at * 1000) % 3)
        subject, vantage = self._whom(kind)
        payload = request(random, self.configuration) if kind is Kind.ASK else {}
        return Event(at, kind, subject, vantage, seconds, amount, payload)

    def announcement(self, focus: float) -> Event:
        """AWS announces, about that time, that some instance will go."""
        random = self.random
        kind = random.choice((Kind.SPOT_WARNED, Kind.SCALED_IN, Kind.MAINTENANCE, Kind.MAINTENANCE))
        targets = self.configuration.targets.values()
        subject = random.choice([t.instance for t in targets if t.instance is not None])
        at = focus + random.uniform(-25.0, 25.0)
        match kind:
            case Kind.SPOT_WARNED:
                return Event(at, kind, subject, seconds=random.uniform(200.0, 600.0))
            case Kind.SCALED_IN:
                return Event(at, kind, subject, amount=float(random.random() < 0.3))
            case _:
                lead = random.choice((0.0, 200.0, 1000.0)) * random.random()
                return Event(at, kind, subject, seconds=lead + random.uniform(60.0, 1500.0), amount=lead)

    def _seconds(self, kind: Kind) -> float:
        random = self.random
        if kind in _MOMENTARY:
            return 0.0
        if kind is Kind.HANG:
            return random.uniform(10, 200)
        seconds = random.choice((1.0, 3.0, 20.0, 60.0, 200.0, 500.0)) * random.uniform(0.5, 1.5)
        return seconds + 30 if kind in _INSTANCES else seconds

    def _whom(self, kind: Kind) -> tuple[str, str]:
        """Subject and vantage."""
        random, configuration = self.random, self.configuration
        targets, groups = list(configuration.targets), list(configuration.groups)
        if kind in _LINES:
            subject = random.choice([*targets, "*"] if random.random() < 0.2 else targets)
            return subject, "*" if random.random() < 0.7 else random.choice(self.vantages)
        if kind in _VANTAGES:
            return "*", random.choice(self.vantages)
        instances = [t.instance for t in configuration.targets.values() if t.instance is not None]
        if kind in _INSTANCES:
            return random.choice(instances), "*"
        if kind in _CALLS:
            return random.choice(["*", *groups, *instances]), "*"
        return (random.choice(groups), "*") if kind in _GROUPS else ("*", "*")


def request(random: Random, configuration: Configuration) -> dict[str, object]:
    """What people ask, sensible or silly."""
    name = random.choice(list(configuration.groups))
    path = random.choice(configuration.groups[name].paths).name
    who: dict[str, object] = {"by": random.choice(("ann", "bob")), "reason": "simulated"}
    length = {"for": random.choice(("5s", "60s", "300s", "1h"))}
    force = {"force": True} if random.random() < 0.35 else {}
    group = {"group": name}
    to = {"to": path} if random.random() < 0.6 else {}
    return random.choice(
        [
            {
                "action": "failover",
                **group,
                **to,
                **length,
                **force,
                **who,
            },
            {"action": "failback", **group, **force, **who},
            {"action": "pin", **group, "path": path, **length, **force, **who},
            {"action": "unpin", **group, **who},
            {"action": "pause", "group": random.choice((name, "*")), **length, **who},
            {"action": "resume", "group": random.choice((name, "*")), **who},
            {"action": "pin", **group, "path": "nowhere", **length, **who},
            {"action": "pause", **group, "for": "400d", **who},
            {"action": "status"},
        ]
    )
