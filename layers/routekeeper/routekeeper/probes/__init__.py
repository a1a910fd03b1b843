"""Probes: one file for each protocol, all with one signature.

A probe returns an outcome and never raises an exception. A fault of this machine is UNKNOWN (law 1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from routekeeper.domain.health import Health
from routekeeper.domain.settings import Probe

Clock = Callable[[], float]
"""Seconds since the epoch. It never goes backwards within one process."""


@dataclass(frozen=True, slots=True)
class Result:
    """How one probe ended."""

    health: Health
    reason: str
    """What was probed, what came back and, for a loss, how long it took: `icmp 10.109.2.1: no echo reply in 0.6 s`."""
    round_trip_seconds: float | None = None
    address: str | None = None
    """The IP address that was probed; None where the probe did not get so far."""

    def at(self, address: str) -> Result:
        """The same, of a probe of this address."""
        return replace(self, address=address)


class Prober(Protocol):
    """Sends probes of every kind on the running event loop. Any number may be under way at once."""

    async def probe(self, probe: Probe) -> Result:
        """Send one probe and wait for its outcome, at most its timeout."""

    @property
    def icmp_unavailable(self) -> str | None:
        """Why ICMP cannot be sent from here, or None. Tried once."""

    async def close(self) -> None:
        """Close what is open."""
