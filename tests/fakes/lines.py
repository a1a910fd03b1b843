"""Lines that can be cut, and a prober that sends over them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from routekeeper.domain.health import Health
from routekeeper.domain.settings import HttpProbe, Probe
from routekeeper.probes import Result


@dataclass(slots=True)
class Line:
    """Answers after `round_trip_seconds`, but for probes sent while it is cut; `refused` cannot be sent at all."""

    round_trip_seconds: float = 0.01
    cuts: tuple[tuple[float, float], ...] = ()
    refused: str | None = None


@dataclass(slots=True)
class FakeProber:
    """A `Prober` over lines by host; remembers when it sent what."""

    clock: Callable[[], float]
    lines: dict[str, Line]
    icmp_unavailable: str | None = None
    sent: dict[str, list[float]] = field(default_factory=dict)

    async def probe(self, probe: Probe) -> Result:
        assert not isinstance(probe, HttpProbe)
        line, now = self.lines[probe.host], self.clock()
        if line.refused is not None:
            return Result(Health.UNKNOWN, line.refused)
        self.sent.setdefault(probe.host, []).append(now)
        if any(begin <= now < end for begin, end in line.cuts) or line.round_trip_seconds > probe.timeout_seconds:
            await asyncio.sleep(probe.timeout_seconds)
            return Result(Health.UNHEALTHY, f"{probe.host} did not answer within {probe.timeout_seconds} s")
        await asyncio.sleep(line.round_trip_seconds)
        return Result(Health.HEALTHY, f"{probe.host} answered", line.round_trip_seconds)

    async def close(self) -> None:
        """Nothing is open."""
