"""TCP: a refusal is an answer, a silence is a loss, what could not be sent is neither (law 1)."""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import socket
import time
from pathlib import Path
from typing import Any, cast

import pytest

from routekeeper.domain.health import Health
from routekeeper.domain.settings import TcpProbe
from routekeeper.probes import Result
from routekeeper.probes.connecting import Connector
from routekeeper.probes.prober import AsyncProber
from tests.unit.probes.listeners import LOOPBACK, listening, outcome, outcomes, refusing, silent

pytestmark = pytest.mark.usefixtures("crowded_machine")

BOTH = pytest.mark.parametrize("host", [LOOPBACK, "::1"])


@BOTH
def test_a_completed_handshake_is_healthy_and_timed(host: str) -> None:
    with listening(host) as port:
        result = outcome(TcpProbe(host, port, 2.0, handshake=True))
    assert result.health is Health.HEALTHY
    assert result.reason.startswith("tcp ")
    assert result.reason.endswith(f":{port}: connected")
    assert result.round_trip_seconds is not None
    assert 0 < result.round_trip_seconds < 2


@BOTH
def test_a_refusal_is_an_answer(host: str) -> None:
    with refusing(host) as port:
        result = outcome(TcpProbe(host, port, 2.0))
    assert result.health is Health.HEALTHY
    assert "connection refused, which is an answer" in result.reason
    assert result.round_trip_seconds is not None


@BOTH
def test_a_refusal_is_unhealthy_where_the_handshake_is_demanded(host: str) -> None:
    with refusing(host) as port:
        result = outcome(TcpProbe(host, port, 2.0, handshake=True))
    assert result.health is Health.UNHEALTHY
    assert "connection refused, a handshake is demanded" in result.reason


@pytest.mark.parametrize("handshake", [True, False])
def test_a_silence_is_unhealthy_and_names_host_port_and_timeout(handshake: bool) -> None:
    with silent() as port:
        result = outcome(TcpProbe(LOOPBACK, port, 0.1, handshake))
    assert result == Result(Health.UNHEALTHY, f"tcp {LOOPBACK}:{port}: no answer in 0.1 s").at(LOOPBACK)


def test_a_silence_delays_no_other_probe() -> None:
    with silent() as deaf, refusing() as port:
        started = time.monotonic()
        results = outcomes(*[TcpProbe(LOOPBACK, deaf, 0.2)] * 50, *[TcpProbe(LOOPBACK, port, 0.2)] * 50)
        elapsed = time.monotonic() - started
    assert [result.health for result in results] == [Health.UNHEALTHY] * 50 + [Health.HEALTHY] * 50
    assert elapsed < 2, "fifty silences one after the other would take ten seconds"


def test_no_socket_is_left_open_and_no_connection_lingers_in_the_kernel() -> None:
    with listening() as port:
        descriptors = len(list(Path("/proc/self/fd").iterdir()))
        outcomes(*[TcpProbe(LOOPBACK, port, 2.0)] * 100)
        assert len(list(Path("/proc/self/fd").iterdir())) == descriptors
        lines = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    remote = 2
    assert [line for line in lines if line.split()[remote] == f"0100007F:{port:04X}"] == []


def test_a_cancelled_probe_closes_its_socket_and_frees_its_place() -> None:
    connector = Connector(limit=1)
    prober = AsyncProber(time.time, connector=connector)

    async def story(deaf: int, port: int) -> Result:
        task = asyncio.create_task(prober.probe(TcpProbe(LOOPBACK, deaf, 5.0)))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await prober.probe(TcpProbe(LOOPBACK, port, 2.0))

    with silent() as deaf, listening() as port:
        assert asyncio.run(story(deaf, port)).health is Health.HEALTHY


def test_beyond_the_bound_on_sockets_a_probe_is_unknown() -> None:
    prober = AsyncProber(time.time, connector=Connector(limit=2))
    with silent() as port:
        results = outcomes(*[TcpProbe(LOOPBACK, port, 0.1)] * 3, prober=prober)
        assert [result.health for result in results] == [Health.UNHEALTHY, Health.UNHEALTHY, Health.UNKNOWN]
        assert "no descriptor free" in results[2].reason
        assert outcome(TcpProbe(LOOPBACK, port, 0.1), prober).health is Health.UNHEALTHY


def test_without_a_descriptor_a_probe_is_unknown() -> None:
    async def starve(port: int) -> Result:
        prober = AsyncProber(time.time)
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, limits[1]))
        try:
            return await prober.probe(TcpProbe(LOOPBACK, port, 2.0))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)

    with listening() as port:
        result = asyncio.run(starve(port))
    words = "no descriptor free, too many open files"
    assert result == Result(Health.UNKNOWN, f"tcp {LOOPBACK}:{port} was not sent: {words}")


class FailingSocket(socket.socket):
    """Cannot send a SYN at all, for the reason in `code`."""

    code = 0

    def connect_ex(self, _address: Any) -> int:
        return self.code


@pytest.mark.parametrize(
    "code",
    [errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EPERM, errno.EACCES, errno.ENOBUFS],
)
def test_what_fails_before_the_first_packet_is_unknown(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FailingSocket, "code", code)
    prober = AsyncProber(time.time, connector=Connector(open_socket=FailingSocket))
    result = outcome(TcpProbe("10.1.0.5", 22, 2.0), prober)
    assert result == Result(Health.UNKNOWN, f"tcp 10.1.0.5:22 was not sent: {os.strerror(code).lower()}").at("10.1.0.5")


class ReportingSocket(socket.socket):
    """Connects, and then reports the error in `code` as if it had come back from the network."""

    code = 0

    def getsockopt(self, *_: Any) -> Any:
        return self.code


@pytest.mark.parametrize(
    ("code", "health"),
    [
        (errno.EHOSTUNREACH, Health.UNHEALTHY),
        (errno.ENETUNREACH, Health.UNHEALTHY),
        (errno.ETIMEDOUT, Health.UNHEALTHY),
        (errno.ECONNRESET, Health.HEALTHY),
        (errno.ENETDOWN, Health.UNKNOWN),
        (errno.ENOBUFS, Health.UNKNOWN),
    ],
)
def test_what_comes_back_after_the_first_packet_is_judged_by_who_said_it(
    code: int, health: Health, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ReportingSocket, "code", code)
    prober = AsyncProber(time.time, connector=Connector(open_socket=cast("Any", ReportingSocket)))
    with listening() as port:
        assert outcome(TcpProbe(LOOPBACK, port, 2.0, handshake=True), prober).health is health


def test_a_port_that_cannot_exist_is_unknown_not_an_exception() -> None:
    assert outcome(TcpProbe(LOOPBACK, 70_000, 2.0)).health is Health.UNKNOWN


def test_a_name_that_does_not_resolve_is_unknown() -> None:
    result = outcome(TcpProbe("a..b", 22, 2.0))
    assert result.health is Health.UNKNOWN
    assert result.reason.startswith("tcp a..b:22 was not sent: ")
