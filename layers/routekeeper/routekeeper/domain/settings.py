"""What the operator configured, as values: targets, their probes, the groups and their paths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, assert_never

from routekeeper.domain.damping import Damping
from routekeeper.domain.detection import Detection
from routekeeper.domain.steering import NextHop, Steering
from routekeeper.domain.windows import Windows


class Require(Enum):
    """How many of a target's probes must succeed in a round."""

    ANY = "any"
    ALL = "all"


class Quorum(Enum):
    """How many of the voting vantages must agree before a target is called HEALTHY or UNHEALTHY."""

    ANY = "any"
    MAJORITY = "majority"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class IcmpProbe:
    """An echo request to `host`, an IPv4 or IPv6 address or a name."""

    host: str
    timeout_seconds: float


@dataclass(frozen=True, slots=True)
class TcpProbe:
    """A connection to `host`:`port`. A refusal is an answer unless `handshake` demands a completed handshake."""

    host: str
    port: int
    timeout_seconds: float
    handshake: bool = False


@dataclass(frozen=True, slots=True)
class HttpProbe:
    """A GET of `url` that must answer with one of `expected_status`; redirects are not followed."""

    url: str
    timeout_seconds: float
    expected_status: tuple[int, ...] = (200,)
    verify_certificate: bool = True


Probe = IcmpProbe | TcpProbe | HttpProbe


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """When and how often a failed instance is restarted. At most one instance of `group` at a time (law 8)."""

    group: str
    after_seconds: float = 60.0
    stop_timeout_seconds: float = 180.0
    """How long an ordinary stop may take before it is forced. A forced stop may take as long; then people are told."""
    boot_timeout_seconds: float = 300.0
    """How long after the start the instance may take to run and its target to be HEALTHY."""
    attempts: int = 3
    per_seconds: float = 86_400.0


@dataclass(frozen=True, slots=True)
class Target:
    """Something probed."""

    name: str
    probes: tuple[Probe, ...]
    require: Require = Require.ANY
    quorum: Quorum = Quorum.MAJORITY
    detection: Detection = field(default_factory=Detection)
    instance: str | None = None
    restart: RestartPolicy | None = None

    @property
    def seconds_to_loss(self) -> float:
        """How long after sending the loss of a round is certain: ANY needs the last timeout, ALL the first."""
        timeouts = [probe.timeout_seconds for probe in self.probes]
        match self.require:
            case Require.ANY:
                return max(timeouts)
            case Require.ALL:
                return min(timeouts)
            case _:
                assert_never(self.require)


@dataclass(frozen=True, slots=True)
class Path:
    """One way to a group's destination. Without a target it is taken as HEALTHY."""

    name: str
    target: str | None = None
    next_hops: tuple[NextHop | None, ...] = (None,)
    """One for each entry of its group's `steering`. None (transit gateway only): the path is in place when there is no
    prefix-list reference."""


class FailbackMode(Enum):
    AUTO = "auto"
    MANUAL = "manual"
    WINDOW = "window"
    """As AUTO, but only while one of the windows is open."""


@dataclass(frozen=True, slots=True)
class FailbackPolicy:
    mode: FailbackMode = FailbackMode.AUTO
    after_seconds: float = 60.0
    """The hold-down: how long a preferred path must have been HEALTHY."""
    damping: Damping | None = field(default_factory=Damping)
    """None: flaps are not counted."""
    windows: Windows | None = None
    """Set with `WINDOW`, and only then."""


@dataclass(frozen=True, slots=True)
class Group:
    """What moves together: what is steered, and its paths, the preferred one first."""

    name: str
    steering: tuple[Steering, ...]
    """The entries move together; a configuration has one of them today."""
    paths: tuple[Path, ...]
    failback: FailbackPolicy = field(default_factory=FailbackPolicy)

    def path(self, name: str) -> Path | None:
        return next((path for path in self.paths if path.name == name), None)


class WatchMode(Enum):
    """How much of the time the monitors watch."""

    CONTINUOUS = "continuous"
    BURST = "burst"
    """Once a minute, until every target is known."""


BURST_INTERVAL_SECONDS = 60.0
"""From one burst to the next: schedules know whole minutes only."""
BURST_MEMORY_SECONDS = 150.0
"""How long a vantage and a verdict count by default with bursts. It outlasts two bursts that fail to run."""


class TargetFigures(Enum):
    """Where health, loss and round-trip time of each target are written once a minute."""

    LOGS = "logs"
    """As a line of the monitor's log."""
    METRICS = "metrics"
    """As CloudWatch metrics too, three for each target at each vantage."""


MOVES_OF_A_GROUP: Final = 6
"""The limit for each group by default: three times away and back (docs/decisions/brake.md)."""


@dataclass(frozen=True, slots=True)
class Brake:
    """The limit: `moves` of the deployment within `per_seconds`."""

    moves: int
    per_seconds: float = 3_600.0


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything that `config/failover.yaml` says."""

    targets: Mapping[str, Target]
    groups: Mapping[str, Group]
    heartbeat_interval_seconds: float = 10.0
    stale_after_seconds: float = 30.0
    """A vantage whose heartbeat is older does not vote."""
    watch: WatchMode = WatchMode.CONTINUOUS
    target_figures: TargetFigures = TargetFigures.LOGS
    record_rounds: int = 0
    """How many rounds a vantage writes to its log with each heartbeat, at most, for replay. 0: none."""
    brake: Brake | None = None
    """None: off."""
    digest: str = field(default="", compare=False)
    """Of the compiled document that it was read from, where it was packaged with functions."""

    def restart_groups(self) -> dict[str, tuple[Target, ...]]:
        """The targets that may be restarted, by restart group."""
        groups: dict[str, tuple[Target, ...]] = {}
        for target in self.targets.values():
            if target.restart is not None:
                groups[target.restart.group] = (*groups.get(target.restart.group, ()), target)
        return groups
