"""What one vantage has told the table: its heartbeat, its counters for the successor, its summaries for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from routekeeper.domain.bounds import Amount, Count, Time, is_ahead
from routekeeper.domain.health import TargetHealth
from routekeeper.domain.presence import Release
from routekeeper.domain.quorum import Ballots, Verdict, verdicts
from routekeeper.domain.settings import Configuration

VANTAGES: Final = ("a", "b", "c")
"""Every vantage that a deployment can have (template.yaml)."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Probing rounds of one target since the last heartbeat."""

    sent: Count = 0
    lost: Count = 0
    unknown: Count = 0
    round_trip_seconds_median: Amount | None = None
    round_trip_seconds_maximum: Amount | None = None


@dataclass(frozen=True, slots=True)
class Vantage:
    """The heartbeat of one vantage."""

    name: str
    epoch: Count
    """The fencing token of the lease that it was written under."""
    heartbeat_at: Time
    targets: Mapping[str, TargetHealth] = field(default_factory=dict)
    """Health with its counters, by target. A successor goes on from it."""
    summaries: Mapping[str, Summary] = field(default_factory=dict)
    release: Release = field(default_factory=Release)
    """What the monitor runs."""


@dataclass(frozen=True, slots=True)
class Unbelieved:
    """An item of the board that cannot be believed. It is left out as if it were not there."""

    vantage: str
    target: str | None
    """Whose health it is; None if it is the heartbeat."""
    why: str


@dataclass(frozen=True, slots=True)
class Board:
    """All that the vantages have told."""

    vantages: Mapping[str, Vantage]
    health: Ballots
    """The last health change of each target by vantage. Unlike the heartbeat, it is written at once."""
    unreadable: tuple[Unbelieved, ...] = ()
    """What stands in the table and cannot be read."""

    def fresh(self, now: float, stale_after_seconds: float) -> Ballots:
        """The ballots of vantages whose heartbeat is at most `stale_after_seconds` old. The others do not vote."""
        return {
            name: self.told_by(name, now)
            for name, vantage in self.vantages.items()
            if now - vantage.heartbeat_at <= stale_after_seconds and not is_ahead(vantage.heartbeat_at, now)
        }

    def ahead(self, now: float) -> tuple[Unbelieved, ...]:
        """What tells of a time that is still to come. Nobody can have seen it, whatever else it says (law 1)."""
        beats = ((name, None, vantage.heartbeat_at) for name, vantage in self.vantages.items())
        votes = ((name, target, state.newest) for name, held in self.health.items() for target, state in held.items())
        return tuple(
            Unbelieved(name, target, f"it is from {at - now:.0f} s in the future")
            for name, target, at in (*beats, *votes)
            if is_ahead(at, now)
        )

    def known_by(self, vantage: str, now: float) -> Mapping[str, TargetHealth]:
        """The counters of a vantage's heartbeat by target, without those that are from the future."""
        held = self.vantages[vantage].targets if vantage in self.vantages else {}
        return {target: state for target, state in held.items() if not is_ahead(state.newest, now)}

    def told_by(self, vantage: str, now: float) -> Mapping[str, TargetHealth]:
        """The last health changes of a vantage by target, without those that are from the future."""
        held = self.health.get(vantage, {})
        return {target: state for target, state in held.items() if not is_ahead(state.newest, now)}

    def verdicts(self, configuration: Configuration, now: float) -> dict[str, Verdict]:
        """The verdict on every configured target, by the fresh vantages' vote."""
        return verdicts(configuration.targets, self.fresh(now, configuration.stale_after_seconds))
