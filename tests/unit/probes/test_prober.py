"""The prober as the monitor sees it: any kind of probe in, an outcome with a reason out."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time

import pytest

from routekeeper.domain.health import Health
from routekeeper.domain.settings import HttpProbe, IcmpProbe, Probe, TcpProbe
from routekeeper.probes import Prober
from routekeeper.probes.prober import AsyncProber
from tests.unit.probes.listeners import outcomes, refusing, serving, silent


def test_all_kinds_run_at_once_and_every_reason_names_its_host() -> None:
    with refusing() as closed, silent() as deaf, serving(b"HTTP/1.1 204 No Content\r\n\r\n") as server:
        probes: list[Probe] = [
            TcpProbe("127.0.0.1", closed, 1.0),
            TcpProbe("127.0.0.1", deaf, 0.1),
            HttpProbe(f"http://127.0.0.1:{server.port}/", 1.0, expected_status=(204,)),
            IcmpProbe("127.0.0.1", 1.0),
        ]
        results = outcomes(*probes)
    assert [result.health for result in results[:3]] == [Health.HEALTHY, Health.UNHEALTHY, Health.HEALTHY]
    assert all("127.0.0.1" in result.reason for result in results)


@pytest.mark.parametrize("answered", [True, False])
def test_a_round_trip_belongs_to_an_answer_and_to_nothing_else(answered: bool) -> None:
    with refusing() as closed, silent() as deaf:
        result = outcomes(TcpProbe("127.0.0.1", closed if answered else deaf, 0.1))[0]
    assert (result.round_trip_seconds is not None) is answered


def test_a_closed_prober_serves_the_next_loop() -> None:
    """A warm function runs every invocation on a loop of its own."""
    prober: Prober = AsyncProber(time.time)
    with refusing() as closed:
        for _ in range(2):
            assert asyncio.run(prober.probe(TcpProbe("127.0.0.1", closed, 1.0))).health is Health.HEALTHY
            asyncio.run(prober.close())


def test_a_cold_start_loads_nothing_but_the_standard_library() -> None:
    program = "import sys, routekeeper.probes.prober; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"boto3", "botocore", "yaml", "aws_lambda_powertools", "http.client", "urllib.request", "email"}
    assert not heavy & set(loaded)
