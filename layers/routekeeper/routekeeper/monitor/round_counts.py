"""What the rounds of one target came to."""

from __future__ import annotations

from array import array
from statistics import median

from routekeeper.domain.health import Health
from routekeeper.domain.vantage import Summary
from routekeeper.probes import Result


class RoundCounts:
    """Counts rounds. `sent` leaves out the UNKNOWN ones: if nothing was sent, nothing was lost (law 1)."""

    def __init__(self) -> None:
        self._sent = self._lost = self._unknown = 0
        self._round_trips = array("d")

    def add(self, result: Result) -> None:
        self._sent += result.health is not Health.UNKNOWN
        self._lost += result.health is Health.UNHEALTHY
        self._unknown += result.health is Health.UNKNOWN
        if result.round_trip_seconds is not None:
            self._round_trips.append(result.round_trip_seconds)

    def take_in(self, other: RoundCounts) -> None:
        """Count what the other has counted, too."""
        self._sent += other._sent
        self._lost += other._lost
        self._unknown += other._unknown
        self._round_trips.extend(other._round_trips)

    def summary(self) -> Summary:
        times = self._round_trips
        return Summary(
            sent=self._sent,
            lost=self._lost,
            unknown=self._unknown,
            round_trip_seconds_median=median(times) if times else None,
            round_trip_seconds_maximum=max(times) if times else None,
        )
