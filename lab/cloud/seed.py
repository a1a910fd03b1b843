"""Fills the emulated EC2 with the laboratory's network: two VPCs, a transit gateway, NAT instances, route tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from lab.cloud.ec2_controls import Ec2Controls
from lab.cloud.local_aws import LocalAws
from lab.world import (
    NAT_A,
    NAT_B,
    ON_PREMISES_CIDR,
    PINNED_PROBE_CIDR,
    PRIVATE_A,
    PRIVATE_B,
    REGION,
    REHEARSAL_CIDR,
    SPARE_CIDR,
    TAG_KEY,
    TAG_VALUE,
    VANTAGE_A,
    VANTAGE_B,
    VPC_CIDR,
    VPN,
    VPN_VPC_CIDR,
    Host,
    World,
)

ZONES: Final = {
    host: f"{REGION}{zone}"
    for zone, hosts in {"a": (NAT_A, VANTAGE_A, PRIVATE_A, VPN), "b": (NAT_B, VANTAGE_B, PRIVATE_B)}.items()
    for host in hosts
}
THROUGH_TRANSIT_GATEWAY: Final = (ON_PREMISES_CIDR, PINNED_PROBE_CIDR, VPN_VPC_CIDR)
ANYWHERE: Final = "0.0.0.0/0"


@dataclass(slots=True)
class _Seeding:
    """IDs as they come into being."""

    ec2: Any
    controls: Ec2Controls
    ids: dict[str, str] = field(default_factory=dict)
    subnets: dict[str, str] = field(default_factory=dict)
    instances: dict[str, str] = field(default_factory=dict)
    interfaces: dict[str, str] = field(default_factory=dict)
    route_tables: dict[str, str] = field(default_factory=dict)
    attachments: dict[str, str] = field(default_factory=dict)
    prefix_lists: dict[str, str] = field(default_factory=dict)
    spare: list[str] = field(default_factory=list)

    def tag(self, *ids: str) -> None:
        self.ec2.create_tags(Resources=list(ids), Tags=[{"Key": TAG_KEY, "Value": TAG_VALUE}])


def seed(aws: LocalAws) -> World:
    """Build the laboratory's network in the emulated EC2; everything that a deployment may change is tagged."""
    seeding = _Seeding(aws.client("ec2"), aws.ec2_controls)
    _networks(seeding)
    _instances(seeding)
    _prefix_lists(seeding)
    _transit_gateway(seeding)
    _route_tables(seeding)
    return World(
        vpc=seeding.ids["vpc"],
        vpn_vpc=seeding.ids["vpn-vpc"],
        subnets=seeding.subnets,
        instances=seeding.instances,
        interfaces=seeding.interfaces,
        route_tables=seeding.route_tables,
        spare_route_tables=tuple(seeding.spare),
        transit_gateway=seeding.ids["transit-gateway"],
        transit_gateway_route_table=seeding.ids["transit-gateway-route-table"],
        attachments=seeding.attachments,
        prefix_lists=seeding.prefix_lists,
    )


def _networks(seeding: _Seeding) -> None:
    for name, cidr in {"vpc": VPC_CIDR, "vpn-vpc": VPN_VPC_CIDR}.items():
        seeding.ids[name] = seeding.ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]
    for host, zone in ZONES.items():
        vpc = seeding.ids["vpn-vpc" if host is VPN else "vpc"]
        subnet = seeding.ec2.create_subnet(VpcId=vpc, CidrBlock=host.subnet_cidr, AvailabilityZone=zone)
        seeding.subnets[host.name] = subnet["Subnet"]["SubnetId"]


def _instances(seeding: _Seeding) -> None:
    """NAT instances and the VPN host, with the source/destination check off, as forwarding needs (requirement N5)."""
    for host in (NAT_A, NAT_B, VPN):
        answer = seeding.ec2.run_instances(
            ImageId="ami-12c6146b",
            InstanceType="t3.micro",
            MinCount=1,
            MaxCount=1,
            SubnetId=seeding.subnets[host.name],
            PrivateIpAddress=host.address,
        )
        instance = seeding.instances[host.name] = answer["Instances"][0]["InstanceId"]
        interface = answer["Instances"][0]["NetworkInterfaces"][0]["NetworkInterfaceId"]
        seeding.interfaces[host.name] = interface
        seeding.ec2.modify_instance_attribute(InstanceId=instance, SourceDestCheck={"Value": False})
        seeding.ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, SourceDestCheck={"Value": False})
        seeding.ec2.create_tags(Resources=[instance], Tags=[{"Key": "Name", "Value": host.name}])
        seeding.tag(instance)


def _prefix_lists(seeding: _Seeding) -> None:
    cidrs = {"on-premises": ON_PREMISES_CIDR, "rehearsal": REHEARSAL_CIDR, "spare": SPARE_CIDR}
    for name, cidr in cidrs.items():
        answer = seeding.ec2.create_managed_prefix_list(
            PrefixListName=name, AddressFamily="IPv4", MaxEntries=5, Entries=[{"Cidr": cidr}]
        )
        seeding.prefix_lists[name] = answer["PrefixList"]["PrefixListId"]
    seeding.tag(*seeding.prefix_lists.values())


def _transit_gateway(seeding: _Seeding) -> None:
    """A transit gateway with BGP routes over Direct Connect and the probe's address pinned there (requirement D7).

    The VPN ends on a host of its own VPC, as in regions where no VPN attaches to the transit gateway itself.
    """
    ec2 = seeding.ec2
    gateway = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    table = ec2.create_transit_gateway_route_table(TransitGatewayId=gateway)["TransitGatewayRouteTable"]
    table = table["TransitGatewayRouteTableId"]
    seeding.ids |= {"transit-gateway": gateway, "transit-gateway-route-table": table}
    seeding.attachments = {
        "vpc": _vpc_attachment(seeding, "vpc", (VANTAGE_A, VANTAGE_B)),
        "dx": seeding.controls.attach(gateway, "5e7f9a3c-0b1d-4c2e-8f60-7a8b9c0d1e2f", "direct-connect-gateway"),
        "vpn": _vpc_attachment(seeding, "vpn-vpc", (VPN,)),
        "spare": seeding.controls.attach(gateway, "vpn-0a1b2c3d4e5f60718", "vpn"),
    }
    for attachment in seeding.attachments.values():
        which = {"TransitGatewayRouteTableId": table, "TransitGatewayAttachmentId": attachment}
        ec2.associate_transit_gateway_route_table(**which)
        ec2.enable_transit_gateway_route_table_propagation(**which)
    ec2.create_transit_gateway_route(
        TransitGatewayRouteTableId=table,
        DestinationCidrBlock=PINNED_PROBE_CIDR,
        TransitGatewayAttachmentId=seeding.attachments["dx"],
    )
    seeding.controls.advertise(seeding.attachments["dx"], ON_PREMISES_CIDR)
    seeding.tag(table, *seeding.attachments.values())


def _vpc_attachment(seeding: _Seeding, vpc: str, hosts: tuple[Host, ...]) -> str:
    answer = seeding.ec2.create_transit_gateway_vpc_attachment(
        TransitGatewayId=seeding.ids["transit-gateway"],
        VpcId=seeding.ids[vpc],
        SubnetIds=[seeding.subnets[host.name] for host in hosts],
    )
    return str(answer["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"])


def _route_tables(seeding: _Seeding) -> None:
    for host, nat in ((PRIVATE_A, NAT_A), (PRIVATE_B, NAT_B), (VANTAGE_A, None), (VANTAGE_B, None)):
        table = seeding.route_tables[host.name] = _route_table(seeding, nat)
        seeding.ec2.associate_route_table(RouteTableId=table, SubnetId=seeding.subnets[host.name])
        for cidr in THROUGH_TRANSIT_GATEWAY:
            seeding.ec2.create_route(
                RouteTableId=table, DestinationCidrBlock=cidr, TransitGatewayId=seeding.ids["transit-gateway"]
            )
    seeding.spare = [_route_table(seeding, NAT_A) for _ in range(2)]
    _public_route_table(seeding, (NAT_A, NAT_B))


def _public_route_table(seeding: _Seeding, hosts: tuple[Host, ...]) -> None:
    """The way of the NAT instances' own subnets to the internet; nobody moves it, so it carries no tag."""
    gateway = seeding.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    seeding.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=seeding.ids["vpc"])
    table = seeding.ec2.create_route_table(VpcId=seeding.ids["vpc"])["RouteTable"]["RouteTableId"]
    seeding.ec2.create_route(RouteTableId=table, DestinationCidrBlock=ANYWHERE, GatewayId=gateway)
    for host in hosts:
        seeding.ec2.associate_route_table(RouteTableId=table, SubnetId=seeding.subnets[host.name])


def _route_table(seeding: _Seeding, nat: Host | None) -> str:
    table = str(seeding.ec2.create_route_table(VpcId=seeding.ids["vpc"])["RouteTable"]["RouteTableId"])
    seeding.tag(table)
    if nat:
        seeding.ec2.create_route(
            RouteTableId=table, DestinationCidrBlock=ANYWHERE, InstanceId=seeding.instances[nat.name]
        )
    return table
