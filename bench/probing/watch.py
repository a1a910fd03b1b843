"""One run of the monitor in a process of its own: python -m bench.probing.watch KIND TARGETS SECONDS; prints JSON.

Everything that the function runs is here and real - the lease, the watchers, the probes, the heartbeats and their
encoding, the metrics - but for the table, which is in memory, and standard output, which goes nowhere.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import time
from dataclasses import dataclass, field
from typing import Final

from bench.probing.ground import PORT, addresses
from lab.memory_store import MemoryStore, MemoryTable
from routekeeper.bootstrap.clients import Clients
from routekeeper.bootstrap.monitor import steady_clock
from routekeeper.domain.health import Health
from routekeeper.domain.settings import Configuration, IcmpProbe, Probe, Target, TcpProbe
from routekeeper.monitor import Dependencies, Monitor
from routekeeper.probes import Clock, Result
from routekeeper.probes.prober import AsyncProber
from routekeeper.telemetry import embedded_metrics

DESCRIPTORS: Final = 1024
"""What a function may have open ("Lambda quotas", AWS Lambda developer guide)."""
WARM_UP_SECONDS: Final = 12.0
"""Until every target has had the ten quick probes of its first verdict, 40,000 of them at the most."""
END_SECONDS: Final = 6.0
"""The monitor ends its watch a few seconds before its deadline."""


@dataclass(slots=True)
class Counting:
    """The real prober, its outcomes counted."""

    inner: AsyncProber
    ended: dict[Health, int] = field(default_factory=lambda: dict.fromkeys(Health, 0))

    async def probe(self, probe: Probe) -> Result:
        result = await self.inner.probe(probe)
        self.ended[result.health] += 1
        return result

    @property
    def icmp_unavailable(self) -> str | None:
        return self.inner.icmp_unavailable

    async def close(self) -> None:
        await self.inner.close()


def configuration(kind: str, count: int) -> Configuration:
    """So many targets with one probe each, every setting at its default."""
    targets = {}
    for address in addresses(count):
        probe: Probe = IcmpProbe(address, 0.75) if kind == "icmp" else TcpProbe(address, PORT, 0.75)
        targets[address] = Target(address, (probe,))
    return Configuration(targets, {})


async def watch(kind: str, count: int, seconds: float) -> dict[str, float]:
    """Watch, and report what the seconds after the warm-up cost."""
    os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")
    os.environ.setdefault("AWS_ACCESS_KEY_ID", "none")
    os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "none")
    clients = Clients()
    clients.store("monitor", "bench", ("a",))  # as in the function: its memory counts
    clock: Clock = steady_clock()
    prober = Counting(AsyncProber(clock))
    store = MemoryStore(MemoryTable(), writer="bench")
    dependencies = Dependencies(store, prober, clock, embedded_metrics.emitter("bench"), asyncio.to_thread)
    monitor = Monitor("a", configuration(kind, count), dependencies)
    run = asyncio.create_task(monitor.run("bench", clock() + WARM_UP_SECONDS + seconds + END_SECONDS))
    await asyncio.sleep(WARM_UP_SECONDS)
    before, began, at_first = time.process_time(), time.monotonic(), dict(prober.ended)
    await asyncio.sleep(seconds)
    cpu, wall = time.process_time() - before, time.monotonic() - began
    ended = {health: prober.ended[health] - at_first[health] for health in Health}
    await run
    await prober.close()
    return {
        "cpu_seconds": cpu,
        "seconds": wall,
        "probes": sum(ended.values()),
        "lost": ended[Health.UNHEALTHY],
        "unknown": ended[Health.UNKNOWN],
        "memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    kind, count, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
    report = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    embedded_metrics.warm_up()
    found = asyncio.run(watch(kind, count, seconds))
    report.write(json.dumps(found))
    report.flush()


if __name__ == "__main__":
    main()
