"""Steering by the route to one destination in one or several VPC route tables.

Sources: DescribeRouteTables, CreateRoute, ReplaceRoute and Route in the Amazon EC2 API reference; "Route priority"
in the Amazon VPC user guide.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any, Final

from routekeeper.domain.routes import Route
from routekeeper.domain.steering import NextHop, NextHopKind, VpcRoute
from routekeeper.ec2.errors import translated, unreadable
from routekeeper.ec2.steering.putting import put

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import RouteTableTypeDef, RouteTypeDef

PARAMETERS: Final = {
    NextHopKind.INSTANCE: "InstanceId",
    NextHopKind.NETWORK_INTERFACE: "NetworkInterfaceId",
    NextHopKind.NAT_GATEWAY: "NatGatewayId",
    NextHopKind.TRANSIT_GATEWAY: "TransitGatewayId",
    NextHopKind.VPC_ENDPOINT: "VpcEndpointId",
    NextHopKind.VIRTUAL_PRIVATE_GATEWAY: "GatewayId",
}
"""The parameter of CreateRoute and ReplaceRoute for each next hop of a VPC route. DescribeRouteTables shows the next
hop under the same name, except for `_AMONG_GATEWAYS`."""
_AMONG_GATEWAYS: Final = {NextHopKind.VPC_ENDPOINT: "vpce-", NextHopKind.VIRTUAL_PRIVATE_GATEWAY: "vgw-"}
"""Next hops that DescribeRouteTables shows as `GatewayId`, as it does internet gateways, and how their IDs begin."""
_OTHER_NEXT_HOPS: Final = (
    "GatewayId", "VpcPeeringConnectionId", "EgressOnlyInternetGatewayId", "CarrierGatewayId", "LocalGatewayId",
    "CoreNetworkArn", "OdbNetworkArn",
)  # fmt: skip
"""Next hops that no path can name. `GatewayId` is here for the internet gateways."""
_FILTER_LIMIT: Final = 200
"""Values that a filter may have (FilterLimitExceeded in "Error codes for the Amazon EC2 API")."""
_WRITTEN: Final = "CreateRoute"
"""The origin of a route that somebody wrote. The others are the VPC's own or learnt."""


class VpcRouteSteerer:
    """Implements `Steerer` for `VpcRoute`.

    The client should give up soon, because others wait behind a call. It should make only one attempt, because the
    router repeats what is worth another (`bootstrap.clients`).
    """

    def __init__(self, ec2: EC2Client) -> None:
        self._ec2 = ec2

    def read(self, steering: VpcRoute) -> tuple[Route, ...]:
        """The route to the destination in each of the tables, read in one go.

        The tables are selected by filter. An ID that does not exist then matches nothing; selecting by ID would fail
        for all of them.

        Raises:
            Ec2Error: EC2 refused or did not answer.
        """
        return self._read(steering, steering.route_tables)

    def change(self, steering: VpcRoute, route: Route, next_hop: NextHop | None) -> None:
        """Replace the route if there is one. Create it if there is none or only a propagated one.

        A propagated route cannot be replaced, but a written route to the same destination takes priority over it.
        The VPC's own `local` route is never touched.

        Raises:
            Ec2Error: EC2 refused or did not answer, and the route is not as wanted.
        """
        table = next(name for name in steering.route_tables if _resource(name, steering) == route.resource)
        if next_hop is None or next_hop.kind not in PARAMETERS:
            raise TypeError(f"{route.resource}: a VPC route cannot lead to {next_hop}")
        put(
            route,
            next_hop,
            lambda found: self._act(table, steering.destination, found, next_hop),
            lambda: self._read(steering, (table,))[0],
        )

    def _read(self, place: VpcRoute, tables: tuple[str, ...]) -> tuple[Route, ...]:
        found: dict[str, RouteTableTypeDef] = {}
        pages = self._ec2.get_paginator("describe_route_tables")
        for first in range(0, len(tables), _FILTER_LIMIT):
            asked = list(tables[first : first + _FILTER_LIMIT])
            with translated("DescribeRouteTables", ", ".join(asked)):
                for page in pages.paginate(Filters=[{"Name": "route-table-id", "Values": asked}]):
                    found |= {table.get("RouteTableId", ""): table for table in page["RouteTables"]}
        return tuple(_route(_resource(name, place), found.get(name), place.destination) for name in tables)

    def _act(self, table: str, destination: str, found: Route, next_hop: NextHop) -> None:
        wanted: dict[str, Any] = {
            "RouteTableId": table,
            _destination_parameter(destination): destination,
            PARAMETERS[next_hop.kind]: next_hop.id,
        }
        if found.exists and not found.propagated:
            with translated("ReplaceRoute", found.resource):
                self._ec2.replace_route(**wanted)
        else:
            with translated("CreateRoute", found.resource):
                self._ec2.create_route(**wanted)


def _resource(table: str, place: VpcRoute) -> str:
    return f"{table} {place.destination}"


def _route(resource: str, table: RouteTableTypeDef | None, destination: str) -> Route:
    if table is None:
        return Route(resource, unread=unreadable("there is no such route table"))
    same = [route for route in table.get("Routes", []) if _goes_to(route, destination)]
    if not same:
        return Route(resource)
    # A written and a propagated route to one destination are both listed. The written one takes priority.
    route = next((found for found in same if _is_written(found)), same[0])
    if route.get("GatewayId") == "local":
        return Route(resource, unread=unreadable("it is the VPC's own local route, which is not routekeeper's to move"))
    hops = frozenset(_next_hops(route))
    other = next((value for key in _OTHER_NEXT_HOPS if (value := dict(route).get(key))), None)
    return Route(
        resource,
        hops,
        blackhole=route.get("State") == "blackhole",
        elsewhere=None if hops else str(other or "an unknown next hop"),
        propagated=not _is_written(route),
    )


def _is_written(route: RouteTypeDef) -> bool:
    return route.get("Origin", _WRITTEN) == _WRITTEN


def _next_hops(route: RouteTypeDef) -> Iterator[NextHop]:
    """Every name of the next hop that a path could use. A route through an instance has two."""
    shown = dict(route)
    for kind, parameter in PARAMETERS.items():
        prefix = _AMONG_GATEWAYS.get(kind, "")
        name = shown.get("GatewayId" if prefix else parameter)
        if isinstance(name, str) and name and name.startswith(prefix):
            yield NextHop(kind, name)


def _destination_parameter(destination: str) -> str:
    if destination.startswith("pl-"):
        return "DestinationPrefixListId"
    return "DestinationIpv6CidrBlock" if ":" in destination else "DestinationCidrBlock"


def _goes_to(route: RouteTypeDef, destination: str) -> bool:
    """Whether the route's destination is this one. EC2 shows networks in canonical form; people may write others."""
    shown = dict(route).get(_destination_parameter(destination))
    if not isinstance(shown, str):
        return False
    if destination.startswith("pl-"):
        return shown == destination
    return ip_network(shown, strict=False) == ip_network(destination, strict=False)
