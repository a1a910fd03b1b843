from __future__ import annotations

import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable

import pytest

from lab import world
from lab.network import namespace
from lab.network.faults import Direction
from lab.network.measure import open_echo
from lab.network.network import Network
from lab.network.topology import ipv6_address

pytestmark = pytest.mark.network

WAIT_SECONDS = 0.5
PING = bytes([8, 0, 0, 0, 0, 0, 0, 1]) + b"routekeeper"
PING6 = bytes([128]) + PING[1:]


def ping(name: str, address: str) -> bool:
    """Whether an echo request from a namespace is answered."""
    return round_trip(name, address) is not None


def round_trip(name: str, address: str) -> float | None:
    """Seconds to the answer of one echo request, or None."""
    with namespace.entered(name), open_echo(address) as echo:
        echo.settimeout(WAIT_SECONDS)
        started = time.monotonic()
        echo.sendto(PING6 if ":" in address else PING, (address, 0))
        try:
            echo.recv(100)
        except TimeoutError:
            return None
        return time.monotonic() - started


def connect(name: str, address: str, port: int) -> bool:
    with namespace.entered(name):
        try:
            socket.create_connection((address, port), timeout=WAIT_SECONDS).close()
        except OSError:
            return False
        return True


def test_a_private_host_reaches_on_premises_over_direct_connect(routed: Network) -> None:
    assert ping("private-a", world.ON_PREMISES.address)
    routed.dx.cut()
    assert not ping("private-a", world.ON_PREMISES.address)


def test_a_private_host_reaches_the_internet_through_its_nat_instance(routed: Network) -> None:
    assert ping("private-a", world.INTERNET.address)
    routed.hang("nat-a")
    assert not ping("private-a", world.INTERNET.address)


def test_the_nat_instance_masquerades_and_the_internet_sees_its_elastic_address(routed: Network) -> None:
    with namespace.entered("internet"):
        server = socket.create_server((world.INTERNET.address, 8080))
    with server, namespace.entered("private-a"):
        client = socket.create_connection((world.INTERNET.address, 8080), timeout=WAIT_SECONDS)
        accepted, peer = server.accept()
        accepted.close()
        client.close()
    assert peer[0] == "203.0.113.21"


def test_every_target_answers_its_probes(routed: Network) -> None:
    assert connect("vantage-a", world.NAT_A.address, 22)
    assert connect("vantage-a", world.NAT_B.address, 22)
    assert connect("vantage-a", world.VPN.address, 22)
    assert connect("vantage-a", world.DX_ROUTER.address, 179)
    for host in (world.NAT_A, world.NAT_B, world.VPN, world.DX_ROUTER):
        assert ping("vantage-a", host.address)


@pytest.mark.parametrize("port", [80, 443])
def test_the_internet_host_answers_http(routed: Network, port: int) -> None:
    with (
        namespace.entered("private-a"),
        urllib.request.urlopen(f"http://{world.INTERNET.address}:{port}/", timeout=WAIT_SECONDS) as answer,
    ):
        assert answer.status == 200


def test_a_vantage_reaches_nat_instances_over_ipv6(network: Network) -> None:
    assert ping("vantage-a", ipv6_address(world.NAT_A))
    assert ping("vantage-b", ipv6_address(world.NAT_B))
    network.hang("nat-b")
    assert not ping("vantage-b", ipv6_address(world.NAT_B))


def test_a_vantage_reaches_the_emulated_aws_and_a_private_host_does_not(network: Network) -> None:
    assert ping("vantage-a", world.AWS_SERVICE_ADDRESS)
    assert ping("vantage-b", world.AWS_SERVICE_ADDRESS)
    assert not ping("private-a", world.AWS_SERVICE_ADDRESS)


def test_the_endpoint_leads_nowhere_but_to_the_emulated_aws(network: Network) -> None:
    namespace.ip("vantage-a", ["route add 169.254.100.12/32 via 169.254.100.1 dev aws onlink"])
    assert not ping("vantage-a", "169.254.100.12")


def test_a_subnet_without_a_route_gets_no_answer_not_even_an_error(network: Network) -> None:
    with namespace.entered("private-b"), socket.socket(socket.AF_INET, socket.SOCK_STREAM) as client:
        client.settimeout(WAIT_SECONDS)
        with pytest.raises(TimeoutError):
            client.connect((world.INTERNET.address, 80))


def test_answers_come_back_by_the_way_the_newest_packet_came(routed: Network) -> None:
    with namespace.entered("private-a"), open_echo(world.ON_PREMISES.address) as echo:
        echo.settimeout(WAIT_SECONDS)
        echo.sendto(PING, (world.ON_PREMISES.address, 0))
        assert echo.recv(100)
        routed.dx.cut()
        namespace.ip("tgw", ["route replace 10.3.0.0/18 via 10.1.0.5 dev vpn onlink table 1000"])
        echo.sendto(PING, (world.ON_PREMISES.address, 0))
        assert echo.recv(100), "the same flow, over the VPN and back over the VPN"
        routed.dx.mend()
        routed.vpn.cut()
        namespace.ip("tgw", ["route replace 10.3.0.0/18 via 169.254.2.10 dev dx onlink table 1000"])
        echo.sendto(PING, (world.ON_PREMISES.address, 0))
        assert echo.recv(100)


def test_a_cut_in_one_direction_leaves_the_other(routed: Network) -> None:
    with namespace.entered("on-premises"), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far:
        far.bind((world.ON_PREMISES.address, 9000))
        far.settimeout(WAIT_SECONDS)
        with namespace.entered("private-a"):
            near = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with near:
            near.settimeout(WAIT_SECONDS)
            routed.dx.cut(Direction.INBOUND)
            near.sendto(b"there", (world.ON_PREMISES.address, 9000))
            _, back = far.recvfrom(100)
            far.sendto(b"and back", back)
            with pytest.raises(TimeoutError):
                near.recv(100)
            routed.dx.mend(Direction.INBOUND)
            far.sendto(b"and back", back)
            assert near.recv(100) == b"and back"


def soon(holds: Callable[[], bool]) -> bool:
    """Whether it holds within a second: the kernel notices a link that comes up a moment later."""
    deadline = time.monotonic() + 1
    while not holds():
        if time.monotonic() > deadline:
            return False
    return True


def answered(count: int) -> int:
    """How many of `count` packets to on-premises come back."""
    with namespace.entered("private-a"), open_echo(world.ON_PREMISES.address) as echo:
        echo.settimeout(0.2)
        for _ in range(count):
            echo.sendto(PING, (world.ON_PREMISES.address, 0))
            time.sleep(0.001)
        received = 0
        while received < count:
            try:
                echo.recv(100)
            except TimeoutError:
                break
            received += 1
        return received


def test_a_lossy_line_loses_about_its_share(routed: Network) -> None:
    routed.dx.lose(0.3, Direction.OUTBOUND)
    assert 200 <= answered(400) <= 345  # 280 expected, five standard deviations of 9 either way
    routed.dx.mend()
    assert answered(50) == 50


def test_a_slow_line_delays_each_direction_by_what_it_is_told(routed: Network) -> None:
    assert (round_trip("private-a", world.ON_PREMISES.address) or 1) < 0.02
    routed.dx.delay(0.05)
    assert 0.1 <= (round_trip("private-a", world.ON_PREMISES.address) or 0) < 0.15
    routed.dx.delay(0.03, Direction.OUTBOUND)
    routed.dx.mend(Direction.INBOUND)
    assert 0.03 <= (round_trip("private-a", world.ON_PREMISES.address) or 0) < 0.05
    routed.dx.mend()
    assert (round_trip("private-a", world.ON_PREMISES.address) or 1) < 0.02


def test_a_slow_line_carries_tcp(routed: Network) -> None:
    routed.dx.delay(0.02)
    assert connect("private-a", world.DX_ROUTER.address, 179)


def test_a_slow_line_can_lose_and_be_cut(routed: Network) -> None:
    routed.dx.delay(0.01, loss=0.5)
    assert 40 <= answered(400) <= 160  # a quarter survives both directions: 100, five deviations of 9
    routed.dx.cut()
    assert answered(10) == 0


def test_a_hung_instance_is_silent_until_it_recovers(routed: Network) -> None:
    routed.hang("nat-a")
    assert not connect("vantage-a", world.NAT_A.address, 22)
    assert not ping("vantage-a", world.NAT_A.address)
    routed.recover("nat-a")
    assert connect("vantage-a", world.NAT_A.address, 22)
    assert ping("private-a", world.INTERNET.address)


def test_an_instance_can_answer_and_yet_not_forward(routed: Network) -> None:
    routed.stop_forwarding("nat-a")
    assert connect("vantage-a", world.NAT_A.address, 22)
    assert not ping("private-a", world.INTERNET.address)


def test_a_boot_brings_back_a_killed_and_hung_instance(routed: Network) -> None:
    routed.hang("nat-a")
    routed.kill("nat-a")
    assert not ping("vantage-a", world.NAT_A.address)
    routed.boot("nat-a")
    assert soon(lambda: ping("vantage-a", world.NAT_A.address))
    assert soon(lambda: ping("vantage-a", ipv6_address(world.NAT_A)))
    assert ping("private-a", world.INTERNET.address)


def test_the_vpn_host_survives_a_boot(routed: Network) -> None:
    routed.kill("vpn")
    routed.boot("vpn")
    namespace.ip("tgw", ["route replace 10.3.0.0/18 via 10.1.0.5 dev vpn onlink table 1000"])
    assert soon(lambda: connect("vantage-a", world.VPN.address, 22))
    assert soon(lambda: ping("private-a", world.ON_PREMISES.address))


def test_only_instances_can_be_broken(network: Network) -> None:
    with pytest.raises(ValueError, match="private-a is not an instance: nat-a, nat-b, vpn"):
        network.hang("private-a")


def test_icmp_sockets_can_be_refused_and_then_allowed() -> None:
    with Network(icmp_refused=["vantage-a"]) as network:
        with namespace.entered("vantage-a"), pytest.raises(PermissionError):
            open_echo(world.NAT_A.address)
        assert ping("vantage-b", world.NAT_B.address)
        network.allow_icmp_sockets("vantage-a")
        assert ping("vantage-a", world.NAT_A.address)


def test_the_line_is_dead_while_the_routers_port_is_shut(routed: Network) -> None:
    routed.shut_router_port()
    assert not ping("vantage-a", world.DX_ROUTER.address)
    routed.open_router_port()
    assert soon(lambda: ping("vantage-a", world.DX_ROUTER.address))
    assert ping("private-a", world.ON_PREMISES.address)


def test_the_vpn_carries_on_premises_while_the_routers_port_is_shut(routed: Network) -> None:
    routed.shut_router_port()
    namespace.ip("tgw", ["route replace 10.3.0.0/18 via 10.1.0.5 dev vpn onlink table 1000"])
    assert ping("private-a", world.ON_PREMISES.address)


def test_nothing_is_left_when_the_network_is_closed_even_after_an_error() -> None:
    class Trouble(Exception):
        pass

    def build_and_break() -> None:
        with Network() as network:
            network.dx.delay(0.01)
            raise Trouble

    with pytest.raises(Trouble):
        build_and_break()
    assert namespace.run(namespace.ROOT, ["ip", "netns", "list"]) == ""
    processes = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert "lab.network.wire" not in processes
    assert "lab.network.services" not in processes


def test_the_network_can_be_built_again_after_it_was_closed() -> None:
    for _ in range(2):
        with Network():
            assert ping("vantage-a", world.NAT_A.address)
