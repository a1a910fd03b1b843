from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from lab import host, world
from lab.network import namespace
from lab.network.network import Network

pytestmark = pytest.mark.network

WHERE = """
import os, socket, sys
def reaches(address, port):
    try:
        socket.create_connection((address, port), timeout=0.5).close()
    except OSError:
        return False
    return True
print(reaches("169.254.100.1", 4599), reaches("10.0.1.10", 22), reaches("203.0.113.10", 80))
"""


def start_function(function: str, places: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Start Python as the emulated Lambda service starts a function's process."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(host.PROJECT / "lab/network/worker"),
        "ROUTEKEEPER_FUNCTION_NAMESPACES": json.dumps(places),
        "AWS_LAMBDA_FUNCTION_NAME": function,
    }
    return subprocess.run([sys.executable, "-c", WHERE], env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def service() -> Iterator[None]:
    """Something that answers where the emulated AWS would."""
    server = http.server.HTTPServer((world.AWS_SERVICE_ADDRESS, 4599), http.server.BaseHTTPRequestHandler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.usefixtures("service", "network")
def test_a_monitor_reaches_the_vpc_and_the_service_and_nothing_else() -> None:
    done = start_function("stack-MonitorA-1X2Y", {"MonitorA": "vantage-a", "MonitorB": "vantage-b"})
    assert done.stdout == "True True False\n", done.stderr


@pytest.mark.usefixtures("service", "network")
def test_any_other_function_stays_outside_the_vpc() -> None:
    done = start_function("stack-Router-1X2Y", {"MonitorA": "vantage-a"})
    assert done.stdout == "True False False\n", done.stderr


def test_a_function_whose_namespace_is_not_there_does_not_run_at_all() -> None:
    done = start_function("stack-MonitorA-1X2Y", {"MonitorA": "nowhere"})
    assert done.returncode != 0
    assert done.stdout == ""
    assert "cannot enter the network namespace" in done.stderr


def test_a_process_that_is_no_function_is_left_alone(network: Network) -> None:
    del network
    done = start_function("", {"": "vantage-a"})
    assert done.returncode == 0
    assert namespace.ROOT == ""
