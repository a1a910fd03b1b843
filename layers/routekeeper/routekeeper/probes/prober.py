"""The prober that the monitor uses: every kind of probe on the running event loop."""

from __future__ import annotations

from typing import assert_never

from routekeeper.domain.settings import HttpProbe, IcmpProbe, Probe, TcpProbe
from routekeeper.probes import Clock, Result
from routekeeper.probes.connecting import Connector
from routekeeper.probes.http import HttpProber
from routekeeper.probes.icmp import IcmpProber
from routekeeper.probes.resolving import Resolver
from routekeeper.probes.tcp import TcpProber


class AsyncProber:
    """Implements `Prober`. It belongs to the event loop that it first probes on, until it is closed.

    Args:
        clock: seconds since the epoch, for the age of what is known about names. Round trips use the loop's clock.
        resolver, connector: passed by tests.
    """

    def __init__(self, clock: Clock, *, resolver: Resolver | None = None, connector: Connector | None = None) -> None:
        resolver = resolver or Resolver(clock)
        connector = connector or Connector()
        self._icmp = IcmpProber(clock, resolver)
        self._tcp = TcpProber(resolver, connector)
        self._http = HttpProber(resolver, connector)

    async def probe(self, probe: Probe) -> Result:
        """Send one probe and wait for its outcome, at most its timeout. Raises nothing but a cancellation."""
        match probe:
            case IcmpProbe():
                return await self._icmp.probe(probe)
            case TcpProbe():
                return await self._tcp.probe(probe)
            case HttpProbe():
                return await self._http.probe(probe)
        assert_never(probe)

    @property
    def icmp_unavailable(self) -> str | None:
        """Why ICMP cannot be sent from here, or None. Tried once."""
        return self._icmp.unavailable

    async def close(self) -> None:
        """Close what is open. Echo probes under way end as UNKNOWN, the others by themselves."""
        self._icmp.close()
