from __future__ import annotations

from lab.network import plan
from lab.network.namespace import ROOT
from lab.network.topology import TOPOLOGY, VPC_HOSTS, ipv4_router


def test_every_port_stands_in_a_namespace_that_is_made() -> None:
    known = {ROOT, *plan.namespaces(TOPOLOGY)}
    assert {port.namespace for link in TOPOLOGY.links for port in (link.near, link.far)} <= known


def test_no_two_ports_share_a_device_or_a_hardware_address() -> None:
    ports = [(port.namespace, port.device) for link in TOPOLOGY.links for port in (link.near, link.far)]
    assert len(set(ports)) == len(ports)
    numbers = range(1, len(TOPOLOGY.links) + 1)
    hardware = [plan.hardware_address(number, end) for number in numbers for end in (0, 1)]
    assert len(set(hardware)) == len(hardware)


def test_device_names_fit_the_kernel() -> None:
    for link in TOPOLOGY.links:
        assert len(link.near.device) <= 15
        assert len(link.far.device) <= 15


def test_a_line_is_made_of_two_cables_that_meet_in_its_own_namespace() -> None:
    cables = [cable for cable in plan.cables(TOPOLOGY) if cable.endswith("netns dx-line")]
    assert [cable.split()[-3] for cable in cables] == [plan.NEAR, plan.FAR]


def test_neighbours_are_known_for_good() -> None:
    commands = list(plan.node_commands(TOPOLOGY, "tgw"))
    assert sum("nud permanent" in command for command in commands) >= 3


def test_the_vpcs_router_has_the_first_address_of_each_subnet() -> None:
    commands = "\n".join(plan.node_commands(TOPOLOGY, "vpc"))
    for host in VPC_HOSTS:
        assert f"address replace {ipv4_router(host)}/24 dev {host.name}" in commands


def test_what_forwards_forwards_and_what_does_not_does_not() -> None:
    forwarding = {node.name for node in TOPOLOGY.nodes if plan.settings(node)["ipv4/ip_forward"] == "1"}
    assert forwarding == {"vpc", "igw", "tgw", "nat-a", "nat-b", "vpn", "on-premises"}
