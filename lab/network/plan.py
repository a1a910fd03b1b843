"""From the topology to the commands that build it. Pure: nothing here touches the kernel."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_interface

from lab.network.namespace import ROOT
from lab.network.parts import Node, Port, Topology

NEAR, FAR, BRIDGE = "near", "far", "bridge"
"""The devices in a line's namespace: its two ports and the bridge that joins them."""

ICMP_SOCKETS_ALLOWED = {"ipv4/ping_group_range": "0 0"}
"""Whoever is root inside may open ICMP datagram sockets, as the probes do. A new namespace permits nobody to."""

EVERYWHERE = {
    # Paths are asymmetric on purpose, and nobody is told of a better one.
    "ipv4/conf/all/rp_filter": "0",
    "ipv4/conf/default/rp_filter": "0",
    "ipv4/conf/all/send_redirects": "0",
    "ipv4/conf/default/send_redirects": "0",
    "ipv4/conf/all/accept_redirects": "0",
    "ipv4/conf/default/accept_redirects": "0",
    # Addresses are fixed: usable at once, without asking around first.
    "ipv6/conf/default/accept_dad": "0",
    "ipv6/conf/default/accept_ra": "0",
    "ipv6/conf/default/router_solicitations": "0",
}


def namespaces(topology: Topology) -> tuple[str, ...]:
    """Every namespace: the nodes' and the lines'."""
    return tuple(node.name for node in topology.nodes) + tuple(link.line for link in topology.lines)


def settings(node: Node, *, icmp_sockets: bool = True) -> dict[str, str]:
    """A node's kernel settings, below /proc/sys/net; to be written before it gets its devices."""
    return {
        **EVERYWHERE,
        **(ICMP_SOCKETS_ALLOWED if icmp_sockets else {}),
        "ipv4/ip_forward": str(int(node.forwards)),
        "ipv6/conf/all/forwarding": str(int(node.forwards)),
    }


def cables(topology: Topology) -> Iterator[str]:
    """The commands, given in the laboratory's own namespace, that make every link."""
    for number, link in enumerate(topology.links, start=1):
        near, far = (_device(port, hardware_address(number, end)) for end, port in enumerate((link.near, link.far)))
        if link.line:
            yield f"link add {near} type veth peer name {NEAR} netns {link.line}"
            yield f"link add {far} type veth peer name {FAR} netns {link.line}"
        else:
            yield f"link add {near} type veth peer name {far}"


def line_commands() -> Iterator[str]:
    """The commands that join the two ports in a line's namespace: a bridge, which no address and no hop shows."""
    yield f"link add {BRIDGE} type bridge stp_state 0 mcast_snooping 0"
    for device in (NEAR, FAR):
        yield f"link set {device} master {BRIDGE} up"
    yield f"link set {BRIDGE} up"


def node_commands(topology: Topology, name: str) -> Iterator[str]:
    """The commands that configure a namespace, each for all of its ports; they may be repeated."""
    if name != ROOT:
        yield "link set lo up"
    for number, link in enumerate(topology.links, start=1):
        for end, (port, peer) in enumerate(((link.near, link.far), (link.far, link.near))):
            if port.namespace == name:
                yield from _port_commands(port, peer, hardware_address(number, 1 - end))
    for node in topology.nodes:
        if node.name == name:
            yield from node.routes


def hardware_address(link: int, end: int) -> str:
    """The MAC address of one end (0 or 1) of a link, by the link's number."""
    return f"02:00:00:00:{link:02x}:{end:02x}"


def _port_commands(port: Port, peer: Port, peer_hardware: str) -> Iterator[str]:
    yield f"link set {port.device} up"
    for text in port.addresses:
        yield f"address replace {text} dev {port.device}"
    connected = [ip_interface(text).network for text in port.addresses]
    for text in peer.addresses:
        address = ip_interface(text).ip
        # Known for good: no ARP, so that nothing but the route decides how long a move takes.
        yield f"neighbour replace {address} lladdr {peer_hardware} dev {port.device} nud permanent"
        if not any(address in network for network in connected):
            yield f"route replace {address} dev {port.device}"


def _device(port: Port, hardware: str) -> str:
    place = f" netns {port.namespace}" if port.namespace != ROOT else ""
    return f"{port.device} address {hardware}{place}"
