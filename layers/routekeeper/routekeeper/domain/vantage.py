"""What one vantage has told the table: its heartbeat, its counters for the successor, its summaries for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from routekeeper.domain.health import TargetHealth
from routekeeper.domain.presence import Release
from routekeeper.domain.quorum import Ballots, Verdict, verdicts
from routekeeper.domain.settings import Configuration

VANTAGES: Final = ("a", "b", "c")
"""Every vantage that a deployment can have (template.yaml)."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Probing rounds of one target since the last heartbeat."""

    sent: int = 0
    lost: int = 0
    unknown: int = 0
    round_trip_seconds_median: float | None = None
    round_trip_seconds_maximum: float | None = None


@dataclass(frozen=True, slots=True)
class Vantage:
    """The heartbeat of one vantage."""

    name: str
    epoch: int
    """The fencing token of the lease that it was written under."""
    heartbeat_at: float
    targets: Mapping[str, TargetHealth] = field(default_factory=dict)
    """Health with its counters, by target. A successor goes on from it."""
    summaries: Mapping[str, Summary] = field(default_factory=dict)
    release: Release = field(default_factory=Release)
    """What the monitor runs."""


@dataclass(frozen=True, slots=True)
class Board:
    """All that the vantages have told."""

    vantages: Mapping[str, Vantage]
    health: Ballots
    """The last health change of each target by vantage. Unlike the heartbeat, it is written at once."""

    def fresh(self, now: float, stale_after_seconds: float) -> Ballots:
        """The ballots of vantages whose heartbeat is at most `stale_after_seconds` old. The others do not vote."""
        return {
            name: self.health.get(name, {})
            for name, vantage in self.vantages.items()
            if now - vantage.heartbeat_at <= stale_after_seconds
        }

    def verdicts(self, configuration: Configuration, now: float) -> dict[str, Verdict]:
        """The verdict on every configured target, by the fresh vantages' vote."""
        return verdicts(configuration.targets, self.fresh(now, configuration.stale_after_seconds))
