"""What the emulated EC2 says about routes and instances, in the names of the laboratory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lab.world import World

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

BLACKHOLE: Final = ""
"""The next hop of packets that are to vanish."""
TRANSIT_GATEWAY: Final = "tgw"
INTERNET_GATEWAY: Final = "igw"
GONE: Final = "terminated"
"""The state of an instance that EC2 does not list any more."""


@dataclass(frozen=True, slots=True)
class CloudView:
    """One reading. A next hop is an instance, `tgw`, `igw`, an attachment (in the gateway's table) or BLACKHOLE."""

    subnet_routes: Mapping[str, Mapping[str, str]]
    """Next hop by destination, by the host whose subnet the route table serves."""
    transit_gateway_routes: Mapping[str, str]
    """Attachment by destination."""
    instance_states: Mapping[str, str]
    """EC2's state name by host."""


def read(ec2: EC2Client, world: World, pool: ThreadPoolExecutor) -> CloudView:
    """Read everything at once, three calls side by side. Raises botocore's errors."""
    tables = pool.submit(lambda: ec2.describe_route_tables()["RouteTables"])
    gateway = pool.submit(_gateway_routes, ec2, world)
    instances = _instances(ec2)
    names = {identifier: host for host, identifier in world.instances.items()} | {
        interface["NetworkInterfaceId"]: host
        for host, identifier in world.instances.items()
        for interface in instances.get(identifier, {}).get("NetworkInterfaces", ())
    }
    by_subnet = _routes_by_subnet(tables.result(), world)
    entries = _prefix_lists(ec2, [route for routes in by_subnet.values() for route in routes])
    return CloudView(
        {host: dict(_next_hops(by_subnet[host], names, entries)) for host in world.subnets},
        _gateway_next_hops(gateway.result(), world),
        {host: instances[i]["State"]["Name"] if i in instances else GONE for host, i in world.instances.items()},
    )


def _instances(ec2: EC2Client) -> dict[str, Any]:
    reservations = ec2.describe_instances()["Reservations"]
    return {one["InstanceId"]: one for reservation in reservations for one in reservation["Instances"]}


def _gateway_routes(ec2: EC2Client, world: World) -> Sequence[Any]:
    state = [{"Name": "state", "Values": ["active", "blackhole"]}]
    table = world.transit_gateway_route_table
    answer = ec2.search_transit_gateway_routes(TransitGatewayRouteTableId=table, Filters=state)  # type: ignore[arg-type]
    return answer["Routes"]


def _gateway_next_hops(routes: Sequence[Any], world: World) -> dict[str, str]:
    names = {identifier: name for name, identifier in world.attachments.items()}
    hops = {}
    for route in routes:
        attachments = route.get("TransitGatewayAttachments") or [{}]
        usable = route.get("State") == "active"
        name = names.get(attachments[0].get("TransitGatewayAttachmentId", ""), BLACKHOLE)
        hops[route["DestinationCidrBlock"]] = name if usable else BLACKHOLE
    return hops


def _routes_by_subnet(tables: Sequence[Any], world: World) -> dict[str, Sequence[Any]]:
    """Every host's routes: those of the table associated with its subnet, or of its VPC's main table."""
    associated, main = {}, {}
    for table in tables:
        for association in table.get("Associations", ()):
            if association.get("SubnetId"):
                associated[association["SubnetId"]] = table["Routes"]
            elif association.get("Main"):
                main[table["VpcId"]] = table["Routes"]
    return {host: associated.get(subnet, main.get(world.vpc, ())) for host, subnet in world.subnets.items()}


def _prefix_lists(ec2: EC2Client, routes: Sequence[Any]) -> dict[str, list[str]]:
    wanted = {route["DestinationPrefixListId"] for route in routes if _by_prefix_list(route)}
    return {
        identifier: [entry["Cidr"] for entry in ec2.get_managed_prefix_list_entries(PrefixListId=identifier)["Entries"]]
        for identifier in wanted
    }


def _by_prefix_list(route: Mapping[str, Any]) -> bool:
    """Whether a route leads to a customer's prefix list; those to gateway endpoints name a list of AWS's own."""
    return bool(route.get("DestinationPrefixListId")) and not str(route.get("GatewayId", "")).startswith("vpce-")


def _next_hops(
    routes: Sequence[Any], names: Mapping[str, str], entries: Mapping[str, list[str]]
) -> Iterator[tuple[str, str]]:
    for route in routes:
        if route.get("GatewayId") == "local":
            continue
        hop = _next_hop(route, names)
        single = route.get("DestinationCidrBlock") or route.get("DestinationIpv6CidrBlock")
        destinations = [single] if single else entries.get(route.get("DestinationPrefixListId", ""), [])
        for destination in destinations:
            yield destination, hop


def _next_hop(route: Mapping[str, Any], names: Mapping[str, str]) -> str:
    if route.get("State") == "blackhole":
        return BLACKHOLE
    if route.get("TransitGatewayId"):
        return TRANSIT_GATEWAY
    if str(route.get("GatewayId", "")).startswith("igw-"):
        return INTERNET_GATEWAY
    for key in ("InstanceId", "NetworkInterfaceId"):
        if route.get(key) in names:
            return names[route[key]]
    # A target that has no counterpart among the namespaces (a managed NAT gateway, say) leads nowhere here.
    return BLACKHOLE
