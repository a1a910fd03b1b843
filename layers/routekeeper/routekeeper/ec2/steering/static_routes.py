"""The static routes of a transit gateway route table, and what is left of a prefix-list reference beside them.

A static route outranks a reference for the same prefix ("How Amazon VPC Transit Gateways work", Amazon VPC guide: route
evaluation order). The reference is shown as available all the same, so it has to be looked for.

Why: docs/decisions/outranked-references.md
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING, Final

from routekeeper.domain.routes import Route
from routekeeper.domain.steering import NextHop, NextHopKind, TgwPrefixList
from routekeeper.ec2.errors import translated

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import TransitGatewayRouteTypeDef

Network = IPv4Network | IPv6Network
NAMED: Final = 3
"""Static routes that are named; the others are counted."""
_CARRYING: Final = frozenset({"active", "blackhole"})
"""States of a static route that traffic follows (TransitGatewayRoute in the Amazon EC2 API reference)."""


class StaticRoutes:
    """Reads them. It is stateless and safe to call from several threads."""

    def __init__(self, ec2: EC2Client) -> None:
        self._ec2 = ec2

    def beside(self, place: TgwPrefixList, reference: Route) -> Route:
        """The reference as traffic meets it: outranked, if one of its prefixes has a static route that leads elsewhere.

        Raises:
            Ec2Error: EC2 refused or did not answer.
        """
        found = self._static(place)
        return overruled(reference, self._prefixes(place), found) if found else reference

    def _static(self, place: TgwPrefixList) -> dict[Network, frozenset[NextHop]]:
        """Where each static route leads. One that leads nowhere is a blackhole."""
        pages = self._ec2.get_paginator("search_transit_gateway_routes").paginate(
            TransitGatewayRouteTableId=place.route_table, Filters=[{"Name": "type", "Values": ["static"]}]
        )
        with translated("SearchTransitGatewayRoutes", place.route_table):
            routes = [route for page in pages for route in page["Routes"]]
        return {
            ip_network(route["DestinationCidrBlock"], strict=False): _next_hops(route)
            for route in routes
            if route.get("State") in _CARRYING and "DestinationCidrBlock" in route
        }

    def _prefixes(self, place: TgwPrefixList) -> frozenset[Network]:
        pages = self._ec2.get_paginator("get_managed_prefix_list_entries").paginate(PrefixListId=place.prefix_list)
        with translated("GetManagedPrefixListEntries", place.prefix_list):
            return frozenset(ip_network(entry["Cidr"], strict=False) for page in pages for entry in page["Entries"])


def overruled(reference: Route, prefixes: Collection[Network], static: Mapping[Network, frozenset[NextHop]]) -> Route:
    """The reference as traffic meets it.

    Where its prefixes lead to several places it is on no path. If it is outranked for all of them, it is on the path of
    what outranks it.
    """
    own = frozenset[NextHop]() if reference.blackhole else reference.next_hops
    others = {prefix: static[prefix] for prefix in prefixes if prefix in static and static[prefix] != own}
    if not others:
        return reference
    places = {*others.values(), *([own] if len(others) < len(prefixes) else [])}
    (only,) = places if len(places) == 1 else [None]
    return replace(
        reference,
        next_hops=only or frozenset(),
        blackhole=frozenset() in places,
        elsewhere=" and ".join(sorted(map(_names, places))) if only is None else None,
        outranked=f"{_told(others)} the reference to {_names(own)}",
        written=own,
    )


def _told(others: Mapping[Network, frozenset[NextHop]]) -> str:
    in_order = sorted(others, key=lambda prefix: (prefix.version, int(prefix.network_address), prefix.prefixlen))
    named = [f"the static route {prefix} to {_names(others[prefix])}" for prefix in in_order[:NAMED]]
    more = [f"{len(others) - NAMED} more"] if len(others) > NAMED else []
    return " and ".join([*named, *more]) + (" outranks" if len(others) == 1 else " outrank")


def _names(next_hops: frozenset[NextHop]) -> str:
    return "/".join(sorted(hop.id for hop in next_hops)) or "a blackhole"


def _next_hops(route: TransitGatewayRouteTypeDef) -> frozenset[NextHop]:
    attachments = route.get("TransitGatewayAttachments", []) if route.get("State") == "active" else []
    names = (one.get("TransitGatewayAttachmentId") for one in attachments)
    return frozenset(NextHop(NextHopKind.ATTACHMENT, name) for name in names if name)
