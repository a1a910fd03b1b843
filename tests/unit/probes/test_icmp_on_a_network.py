"""ICMP and TCP against a real kernel and a real router, in network namespaces of our own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.network

UNSHARE = ["unshare", "--user", "--map-root-user", "--net", "--mount"]
PROGRAM = Path(__file__).with_name("inside_namespaces.py")
Story = dict[str, list[str]]


@pytest.fixture(scope="module")
def story() -> Story:
    """What every probe of the program said, by its name."""
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        pytest.skip("needs unshare and ip (util-linux, iproute2)")
    if subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this user may not create network namespaces (see kernel.unprivileged_userns_clone)")
    ran = subprocess.run([*UNSHARE, sys.executable, str(PROGRAM)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    outcomes: Story = json.loads(ran.stdout)
    return outcomes


def test_refused_is_unknown_with_the_reason_and_tried_once(story: Story) -> None:
    reason = "ICMP is not available here: permission denied"
    assert story["refused"] == ["UNKNOWN", f"icmp 127.0.0.1 was not sent: {reason}"]
    assert story["refused reason"] == ["", reason]
    assert story["refused for good"] == story["refused"]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "10.9.0.2", "fd09::2"])
def test_a_host_that_replies_is_healthy(story: Story, host: str) -> None:
    assert story["available"] == ["", "None"]
    assert story[f"icmp {host}"] == ["HEALTHY", f"icmp {host}: echo reply"]


@pytest.mark.parametrize("kind", ["icmp", "tcp"])
@pytest.mark.parametrize(("host", "code"), [("10.50.0.1", 1), ("10.51.0.1", 13)])
def test_a_router_that_cannot_forward_is_unhealthy_and_named(story: Story, kind: str, host: str, code: int) -> None:
    health, reason = story[f"{kind} {host}"]
    assert health == "UNHEALTHY"
    assert reason.startswith(f"{kind} {host}")
    # Where the kernel keeps no ICMP error for a connecting TCP socket, the words alone must do.
    assert f"10.9.0.2 reports no route to host (ICMP type 3, code {code})" in reason or kind == "tcp"


def test_a_silence_is_unhealthy(story: Story) -> None:
    assert story["icmp 10.52.0.1"] == ["UNHEALTHY", "icmp 10.52.0.1: no echo reply in 0.3 s"]
    assert story["tcp 10.52.0.1"] == ["UNHEALTHY", "tcp 10.52.0.1:9: no answer in 0.3 s"]


def test_a_neighbour_that_does_not_answer_on_the_link_is_unhealthy(story: Story) -> None:
    for probe in ("icmp 10.9.0.77", "tcp 10.9.0.78"):
        assert story[probe][0] == "UNHEALTHY"
        assert "no route to host" in story[probe][1]


def test_without_a_route_of_our_own_nothing_is_known(story: Story) -> None:
    assert story["no route for icmp"] == ["UNKNOWN", "icmp 10.50.0.1 was not sent: network is unreachable"]
    assert story["no route for tcp"] == ["UNKNOWN", "tcp 10.50.0.1:9 was not sent: network is unreachable"]
    assert story["icmp fd00:dead::1"][0] == "UNKNOWN"


def test_a_refusal_by_the_host_is_an_answer_and_one_by_a_firewall_on_the_way_is_not(story: Story) -> None:
    assert story["tcp 10.9.0.2"][0] == "HEALTHY"
    if shutil.which("nft") is None:
        pytest.skip("needs nft for the firewall")
    assert story["tcp 10.53.0.1"] == [
        "UNHEALTHY",
        "tcp 10.53.0.1:9: 10.9.0.2 reports connection refused (ICMP type 3, code 3)",
    ]


def test_a_burst_loses_no_reply_in_our_own_buffer(story: Story) -> None:
    assert story["burst"] == ["HEALTHY"]


def test_errors_about_one_host_do_not_disturb_probes_of_another(story: Story) -> None:
    assert story["answers among errors"] == ["HEALTHY"]
    assert story["errors among answers"] == ["UNHEALTHY"]
