"""What AWS itself says of an instance: that it is going down, or will be taken down. It is evidence beside the probes.

Why: docs/decisions/signals.md
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from typing import Final

from routekeeper.domain.bounds import Count, Time
from routekeeper.domain.health import Health
from routekeeper.domain.quorum import UNOBSERVED, Verdict
from routekeeper.domain.settings import Configuration, Path
from routekeeper.domain.steering import NextHopKind
from routekeeper.domain.verdicts import Verdicts

STATE_SECONDS: Final = 900.0
"""How long a change of state speaks against a path whose target is probed: by then the probes know."""
UNPROBED_SECONDS: Final = 86_400.0
"""How long it does so on a path without probes. A signal is kept at least as long, in order to refuse older ones."""
TERMINATED_SECONDS: Final = 366 * 86_400.0
"""How long if the instance is terminated, whatever a far end says. It never comes back, and by then another one is
configured."""
SPOT_SECONDS: Final = 900.0
"""An interruption comes two minutes after its warning. From then on changes of state and the probes tell."""
AUTOSCALING_SECONDS: Final = 3600.0
"""How long a lifecycle hook holds an instance by default (Auto Scaling, PutLifecycleHook)."""
MAINTENANCE_LEAD_SECONDS: Final = 300.0
"""Traffic leaves this long before a maintenance window. That is several passes, in case one fails."""
MAINTENANCE_SECONDS: Final = 4 * 3600.0
"""The length of a window if AWS tells no end."""
RESOLUTION_SECONDS: Final = 1.0
"""Times of events are whole seconds."""

STATES: Final = ("running", "stopping", "stopped", "shutting-down", "terminated")
"""Instance states that AWS tells, from up to down. Of two in one second the one further down counts."""


class SignalKind(Enum):
    """What a signal is about."""

    STATE = "state"
    """The instance has changed its state."""
    SPOT = "spot"
    AUTOSCALING = "autoscaling"
    MAINTENANCE = "maintenance"


class Probed(Enum):
    """What the probes of a path through an instance tell of that instance."""

    NOTHING = "nothing"
    """The path has no target."""
    FAR_END = "far end"
    """The target may be reached over another instance."""
    ITSELF = "itself"
    """The target is the instance."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing that AWS said of one resource. Times are epoch seconds."""

    resource: str
    """Its ID; an instance's, so far."""
    kind: SignalKind
    words: str
    at: Time
    """When AWS said it, by AWS's clock."""
    ends_at: Time
    starts_at: Time = 0.0
    """From when on it speaks against the instance, if that is later than its arrival."""
    withdrawn: bool = False
    """It speaks against nothing: the instance runs, or maintenance is cancelled. It is kept to refuse older ones."""
    rank: Count = 1
    """Of two signals of the same second the one with the higher rank stands."""
    name: str = ""
    """Tells several of one kind apart, e.g. two maintenance events of one instance."""
    source: str = ""
    """ID of the event that said it."""

    @property
    def order(self) -> int:
        """Grows from a signal to the one that replaces it: by time, then by rank."""
        return int(self.at) * 10 + self.rank

    @property
    def kept_until(self) -> float:
        """When nobody needs it any more."""
        return max(self.ends_at, self.over_at(Probed.NOTHING), self.at + UNPROBED_SECONDS)

    def over_at(self, probed: Probed) -> float:
        """When it ends by its time alone, for a path that is probed so."""
        if self.kind is not SignalKind.STATE or probed is Probed.ITSELF:
            return self.ends_at
        if self.rank == STATES.index("terminated"):
            return self.at + TERMINATED_SECONDS
        return self.ends_at if probed is Probed.FAR_END else self.at + UNPROBED_SECONDS

    def is_over(self, probed: Probed, verdict: Verdict | None, now: float) -> bool:
        """Whether it has ended. `verdict` is what the probes say of the path's target, None if it has none.

        If the target is the instance, it is up again once every vote for HEALTHY is newer than the signal. A vantage
        with an older vote has not seen it go down yet. A far end says nothing, because it may be reached another way.
        """
        if self.withdrawn or now >= self.over_at(probed):
            return True
        if verdict is None or probed is not Probed.ITSELF or self.kind is not SignalKind.STATE:
            return False
        return verdict.health is Health.HEALTHY and (verdict.oldest_vote_at or 0.0) > self.at + RESOLUTION_SECONDS


# --- what is said


def state_change(instance: str, state: str, at: float, source: str = "") -> Signal:
    """The instance has entered one of STATES; `running` withdraws what was said of its state before."""
    return Signal(
        instance,
        SignalKind.STATE,
        f"EC2 says that {instance} is {state} (instance state-change notification, {_clock(at)})",
        at,
        at + STATE_SECONDS,
        withdrawn=state == "running",
        rank=STATES.index(state),
        source=source,
    )


def spot_warning(instance: str, action: str, at: float, source: str = "") -> Signal:
    """EC2 will hibernate, stop or terminate the spot instance."""
    words = f"EC2 is about to {action} the spot instance {instance} (interruption warning, {_clock(at)})"
    return Signal(instance, SignalKind.SPOT, words, at, at + SPOT_SECONDS, source=source)


def lifecycle_action(instance: str, group: str, at: float, source: str = "") -> Signal:
    """Auto Scaling will terminate the instance, or put it back into the warm pool."""
    words = f"Auto Scaling takes {instance} out of service (lifecycle action of {group}, {_clock(at)})"
    return Signal(instance, SignalKind.AUTOSCALING, words, at, at + AUTOSCALING_SECONDS, source=source)


def maintenance(instance: str, name: str, what: str, at: float, window: tuple[float, float | None]) -> Signal:
    """AWS has planned something for the instance, from the first to the second time of the `window`.

    `name` is that of the Health event, and stays the same if it is postponed or cancelled. `what` is its type.
    """
    begins, ends = window
    until = ends if ends is not None and ends > begins else begins + MAINTENANCE_SECONDS
    words = f"AWS has planned maintenance of {instance} from {_minute(begins)} to {_minute(until)} ({what})"
    starts_at = begins - MAINTENANCE_LEAD_SECONDS
    return Signal(instance, SignalKind.MAINTENANCE, words, at, until, starts_at, name=name)


def withdrawn(signal: Signal) -> Signal:
    """The same, cancelled or over."""
    return replace(signal, withdrawn=True, rank=0, words=f"no longer so: {signal.words}")


def _clock(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%H:%M:%SZ}"


def _minute(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%MZ}"


# --- what follows from it


def instances_of(configuration: Configuration, path: Path) -> frozenset[str]:
    """The instances that the path goes through or ends at."""
    target = configuration.targets.get(path.target) if path.target is not None else None
    through = {hop.id for hop in path.next_hops if hop is not None and hop.kind is NextHopKind.INSTANCE}
    end = {target.instance} if target is not None and target.instance is not None else set()
    return frozenset(through | end)


def probed_by(configuration: Configuration, path: Path, instance: str) -> Probed:
    """What the probes of the path tell of an instance that it goes through or ends at."""
    if path.target is None:
        return Probed.NOTHING
    target = configuration.targets.get(path.target)
    return Probed.ITSELF if target is not None and target.instance == instance else Probed.FAR_END


def against(
    configuration: Configuration, path: Path, signals: Iterable[Signal], verdict: Verdict | None, now: float
) -> tuple[Signal, ...]:
    """Those that speak against the path, now or later. `verdict` is what the probes say of its target."""
    instances = instances_of(configuration, path)
    mine = (signal for signal in signals if signal.resource in instances)
    return tuple(
        signal for signal in mine if not signal.is_over(probed_by(configuration, path, signal.resource), verdict, now)
    )


def concerned(configuration: Configuration) -> frozenset[str]:
    """Every instance that some path depends on. Signals about others are of no interest."""
    paths = (path for group in configuration.groups.values() for path in group.paths)
    return frozenset(instance for path in paths for instance in instances_of(configuration, path))


def with_signals(
    configuration: Configuration, verdicts: Mapping[str, Verdict], signals: Iterable[Signal], now: float
) -> Verdicts:
    """The verdicts of the probes by target, and one on each path that a signal speaks against.

    A signal is about an instance, and so about the paths through it and not about targets. A target that is probed over
    several paths would drag all of them down. And a target's health is what its probes say.
    """
    said = tuple(signals)
    own: dict[tuple[str, str], Verdict] = {}
    for group in configuration.groups.values():
        for path in group.paths:
            probed = None if path.target is None else verdicts.get(path.target, UNOBSERVED)
            mine = against(configuration, path, said, probed, now)
            if (verdict := _overruled(probed, mine, now)) is not None:
                own[group.name, path.name] = verdict
    return Verdicts(verdicts, own)


def _overruled(probed: Verdict | None, signals: Iterable[Signal], now: float) -> Verdict | None:
    """The verdict that signals make of the probes' verdict, or None if they change nothing."""
    if probed is not None and probed.health is Health.UNHEALTHY:
        return None
    speaking = [signal for signal in signals if signal.starts_at <= now]
    if not speaking:
        return None
    first = min(speaking, key=lambda signal: (_URGENCY.index(signal.kind), signal.at))
    well = probed is not None and probed.health is Health.HEALTHY
    only_announced = all(signal.kind is not SignalKind.STATE for signal in speaking)
    since = max(first.at, first.starts_at)
    return Verdict(Health.UNHEALTHY, first.words, since=since, announced=well and only_announced)


_URGENCY: Final = tuple(SignalKind)
"""Which of several signals is named as the reason."""
