from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from lab import host
from lab.network import namespace
from lab.network.fabric import Fabric
from lab.network.network import Network
from lab.network.pytest_inside import *  # noqa: F403 - the hooks that take these tests into the laboratory
from lab.world import MOTO_PORT, World
from tests.lab.network import small_world

ENDPOINT = f"http://127.0.0.1:{MOTO_PORT}"


@dataclass(frozen=True, slots=True)
class Cloud:
    """An emulated EC2 with a small world in it."""

    endpoint: str
    world: World
    ec2: Any


@pytest.fixture
def network() -> Iterator[Network]:
    with Network() as network:
        yield network


@pytest.fixture
def routed(network: Network) -> Network:
    """The network with the routes that the fabric would give it, for tests that need no EC2."""
    vpc = [f"route replace 0.0.0.0/0 via 10.0.1.10 dev nat-a onlink table {table}" for table in (1011, 1021)]
    vpc += [f"route replace 10.0.0.0/8 via 169.254.2.2 dev tgw onlink table {table}" for table in (1011, 1021)]
    vpc += ["route replace 0.0.0.0/0 via 169.254.2.6 dev igw onlink table 1001"]
    tgw = [
        "route replace 10.0.0.0/16 via 169.254.2.1 dev vpc onlink table 1000",
        "route replace 10.1.0.0/16 via 10.1.0.5 dev vpn onlink table 1000",
        "route replace 10.3.0.0/18 via 169.254.2.10 dev dx onlink table 1000",
        "route replace 10.109.2.1/32 via 169.254.2.10 dev dx onlink table 1000",
    ]
    namespace.ip("vpc", vpc)
    namespace.ip("tgw", tgw)
    return network


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """An emulated EC2; every test seeds a world of its own in it."""
    server = subprocess.Popen(
        [sys.executable, "-m", "lab.cloud.ec2.server", "--port", str(MOTO_PORT), "--region", "eu-central-1"],
        cwd=host.PROJECT,
    )
    try:
        _await_server(server)
        small_world.lab_call(ENDPOINT, "PATCH", "settings", {"stop_seconds": 0.3, "start_seconds": 0.3})
        yield ENDPOINT
    finally:
        server.terminate()
        server.wait()


@pytest.fixture
def cloud(server: str) -> Cloud:
    return Cloud(server, small_world.seed(server), small_world.client(server))


@pytest.fixture
def fabric(network: Network, cloud: Cloud) -> Iterator[Fabric]:
    with Fabric(network, cloud.endpoint, cloud.world, boot_seconds=0.5) as fabric:
        fabric.synchronise()
        yield fabric


def _await_server(server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError):
            small_world.lab_call(ENDPOINT, "PATCH", "settings", {})
            return
        time.sleep(0.05)
    raise RuntimeError("the emulated EC2 did not start")
