"""From what EC2 says to routes in the kernel, and from one set of routes to the next. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Final

from lab.network import topology
from lab.network.cloud_view import INTERNET_GATEWAY, TRANSIT_GATEWAY, CloudView
from lab.network.topology import VPC_HOSTS

GATEWAY_TABLE: Final = 1000
"""The kernel's table in the transit gateway's namespace."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a route stands: one per destination and table."""

    namespace: str
    table: int
    destination: str


@dataclass(frozen=True, slots=True)
class Hop:
    """A next hop as the kernel knows it."""

    device: str
    ipv4: str
    ipv6: str | None = None


Routes = Mapping[Place, str]
"""What `ip route` is told about each place: "via 10.0.1.10 dev nat-a onlink", or "blackhole"."""

_VPC_HOPS: Final = {
    TRANSIT_GATEWAY: Hop("tgw", topology.TGW_TO_VPC.address),
    INTERNET_GATEWAY: Hop("igw", topology.IGW_TO_VPC.address),
    **{host.name: Hop(host.name, host.address, topology.ipv6_address(host)) for host in VPC_HOSTS},
}
_ATTACHMENT_HOPS: Final = {
    "vpc": Hop("vpc", topology.VPC_TO_TGW.address),
    "dx": Hop("dx", topology.DX_TO_TGW.address),
    "vpn": Hop("vpn", topology.VPN_TO_TGW.address),
}


def kernel_routes(view: CloudView) -> dict[Place, str]:
    """The routes that carry packets as EC2 says.

    Each subnet has a kernel table of its own, a copy of the VPC route table that serves it: a packet's table is then
    chosen by the interface it comes in by, and another association is just other routes.
    """
    routes = {}
    for host in VPC_HOSTS:
        table = 1000 + topology.subnet_number(host)
        for destination, hop in view.subnet_routes.get(host.name, {}).items():
            routes[_place("vpc", table, destination)] = _way(destination, _VPC_HOPS.get(hop))
    for destination, hop in view.transit_gateway_routes.items():
        routes[_place("tgw", GATEWAY_TABLE, destination)] = _way(destination, _ATTACHMENT_HOPS.get(hop))
    return routes


def changes(before: Routes, after: Routes) -> dict[str, list[str]]:
    """The `ip` commands by namespace that turn one set of routes into another.

    A changed route is replaced in one step and loses no packet; what is gone is deleted only after the new is in.
    """
    commands: dict[str, list[str]] = {}
    for place, way in after.items():
        if before.get(place) != way:
            commands.setdefault(place.namespace, []).append(_replace(place, way))
    for place in before.keys() - after.keys():
        commands.setdefault(place.namespace, []).append(f"route del {place.destination} table {place.table}")
    return commands


def _place(name: str, table: int, destination: str) -> Place:
    return Place(name, table, str(ip_network(destination, strict=False)))


def _replace(place: Place, way: str) -> str:
    if way == "blackhole":
        return f"route replace blackhole {place.destination} table {place.table}"
    return f"route replace {place.destination} {way} table {place.table}"


def _way(destination: str, hop: Hop | None) -> str:
    if hop is None:
        return "blackhole"
    gateway = hop.ipv4 if ip_network(destination, strict=False).version == 4 else hop.ipv6
    return f"via {gateway} dev {hop.device} onlink" if gateway else "blackhole"
