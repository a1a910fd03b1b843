"""TCP: does the host answer a connection attempt? A refusal is an answer unless the handshake is demanded."""

from __future__ import annotations

import asyncio
from typing import assert_never

from routekeeper.domain.health import Health
from routekeeper.domain.settings import TcpProbe
from routekeeper.probes import Result
from routekeeper.probes.connecting import Attempt, Connector, Ending
from routekeeper.probes.resolving import Resolver, Unresolved, bracketed
from routekeeper.probes.waiting import silence


class TcpProber:
    """Connects and closes at once, with a reset."""

    def __init__(self, resolver: Resolver, connector: Connector) -> None:
        self._resolver = resolver
        self._connector = connector

    async def probe(self, probe: TcpProbe) -> Result:
        """Send one connection attempt and wait for its outcome, at most its timeout."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + probe.timeout_seconds
        what = f"tcp {bracketed(probe.host)}:{probe.port}"
        address = await self._resolver.resolve(probe.host, probe.timeout_seconds)
        if isinstance(address, Unresolved):
            return Result(Health.UNKNOWN, f"{what} was not sent: {address.reason}")
        what += address.beside(probe.host)
        connection = self._connector.open(address.family)
        if isinstance(connection, str):
            return Result(Health.UNKNOWN, f"{what} was not sent: {connection}")
        try:
            attempt = await connection.connect(address, probe.port, deadline)
            return _judge(probe, what, attempt, deadline, loop.time() - attempt.sent_at).at(address.ip)
        finally:
            connection.close()


def _judge(probe: TcpProbe, what: str, attempt: Attempt, deadline: float, round_trip: float) -> Result:
    match attempt.ending:
        case Ending.CONNECTED:
            return Result(Health.HEALTHY, f"{what}: {attempt.words}", round_trip)
        case Ending.REFUSED if probe.handshake:
            return Result(Health.UNHEALTHY, f"{what}: {attempt.words}, a handshake is demanded")
        case Ending.REFUSED:
            return Result(Health.HEALTHY, f"{what}: {attempt.words}, which is an answer", round_trip)
        case Ending.UNREACHABLE:
            return Result(Health.UNHEALTHY, f"{what}: {attempt.words}")
        case Ending.SILENT:
            allowed = deadline - attempt.sent_at
            return silence(what, attempt.words, attempt.wait, probe.timeout_seconds, allowed)
        case Ending.NOT_SENT:
            return Result(Health.UNKNOWN, f"{what} was not sent: {attempt.words}")
    assert_never(attempt.ending)
