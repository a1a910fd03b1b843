"""How long an answer usually takes, and from when on its absence is suspicious."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """Smoothed round-trip time and its variation, in seconds, after RFC 6298 section 2."""

    smoothed: float | None = None
    variation: float = 0.0

    def measured(self, seconds: float) -> RoundTrip:
        if self.smoothed is None:
            return RoundTrip(seconds, seconds / 2)
        variation = 0.75 * self.variation + 0.25 * abs(self.smoothed - seconds)
        return RoundTrip(0.875 * self.smoothed + 0.125 * seconds, variation)

    def overdue_after(self, floor: float) -> float:
        """Seconds after which an answer is overdue: SRTT + 4 RTTVAR as in RFC 6298, at least `floor`."""
        if self.smoothed is None:
            return floor
        return max(floor, self.smoothed + 4 * self.variation)
