"""A small world in a bare emulated EC2: as much as the fabric looks at."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import boto3

from lab import world
from lab.network.topology import VPC_HOSTS
from lab.world import World


def client(endpoint: str) -> Any:
    return boto3.client(
        "ec2",
        endpoint_url=endpoint,
        region_name=world.REGION,
        aws_access_key_id="TEST",
        aws_secret_access_key="none",
    )


def seed(endpoint: str) -> World:
    ec2 = client(endpoint)
    vpc = ec2.create_vpc(CidrBlock=world.VPC_CIDR)["Vpc"]["VpcId"]
    vpn_vpc = ec2.create_vpc(CidrBlock=world.VPN_VPC_CIDR)["Vpc"]["VpcId"]
    subnets = {
        host.name: ec2.create_subnet(VpcId=vpc, CidrBlock=host.subnet_cidr)["Subnet"]["SubnetId"] for host in VPC_HOSTS
    }
    vpn_subnet = ec2.create_subnet(VpcId=vpn_vpc, CidrBlock=world.VPN.subnet_cidr)["Subnet"]["SubnetId"]
    instances = {
        host.name: _instance(ec2, subnet, host.address)
        for host, subnet in (
            (world.NAT_A, subnets["nat-a"]),
            (world.NAT_B, subnets["nat-b"]),
            (world.VPN, vpn_subnet),
        )
    }
    gateway = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    table = ec2.create_transit_gateway_route_table(TransitGatewayId=gateway)["TransitGatewayRouteTable"]
    attachments = {
        "vpc": _attach(ec2, gateway, vpc, subnets["private-a"]),
        "vpn": _attach(ec2, gateway, vpn_vpc, vpn_subnet),
        "dx": _attach_direct_connect(endpoint, gateway),
    }
    made = World(
        vpc=vpc,
        vpn_vpc=vpn_vpc,
        subnets=subnets,
        instances=instances,
        interfaces={},
        route_tables={
            name: _route_table(ec2, vpc, subnets[name]) for name in ("private-a", "private-b", "vantage-a", "vantage-b")
        },
        spare_route_tables=(),
        transit_gateway=gateway,
        transit_gateway_route_table=table["TransitGatewayRouteTableId"],
        attachments=attachments,
        prefix_lists={"on-premises": _prefix_list(ec2, world.ON_PREMISES_CIDR)},
    )
    _routes(ec2, endpoint, made)
    return made


def _routes(ec2: Any, endpoint: str, made: World) -> None:
    internet = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=internet, VpcId=made.vpc)
    vpc_filter = [{"Name": "vpc-id", "Values": [made.vpc]}, {"Name": "association.main", "Values": ["true"]}]
    main = ec2.describe_route_tables(Filters=vpc_filter)["RouteTables"][0]["RouteTableId"]
    ec2.create_route(RouteTableId=main, DestinationCidrBlock="0.0.0.0/0", GatewayId=internet)
    for name, table in made.route_tables.items():
        nat = made.instances["nat-b" if name.endswith("b") else "nat-a"]
        for destination in (world.VPN_VPC_CIDR, world.ON_PREMISES_CIDR, world.PINNED_PROBE_CIDR):
            ec2.create_route(
                RouteTableId=table, DestinationCidrBlock=destination, TransitGatewayId=made.transit_gateway
            )
        if name.startswith("private"):
            ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", InstanceId=nat)
    static = {
        world.VPC_CIDR: "vpc",
        world.VPN_VPC_CIDR: "vpn",
        world.PINNED_PROBE_CIDR: "dx",
    }
    for destination, name in static.items():
        ec2.create_transit_gateway_route(
            TransitGatewayRouteTableId=made.transit_gateway_route_table,
            DestinationCidrBlock=destination,
            TransitGatewayAttachmentId=made.attachments[name],
        )
    ec2.enable_transit_gateway_route_table_propagation(
        TransitGatewayRouteTableId=made.transit_gateway_route_table,
        TransitGatewayAttachmentId=made.attachments["dx"],
    )
    lab_call(endpoint, "PUT", f"advertisements/{made.attachments['dx']}", {"cidrs": [world.ON_PREMISES_CIDR]})


def lab_call(endpoint: str, method: str, path: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(f"{endpoint}/lab/{path}", json.dumps(body).encode(), method=method)
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read())


def _instance(ec2: Any, subnet: str, address: str) -> str:
    answer = ec2.run_instances(
        ImageId="ami-12c6146b", MinCount=1, MaxCount=1, SubnetId=subnet, PrivateIpAddress=address
    )
    return str(answer["Instances"][0]["InstanceId"])


def _attach(ec2: Any, gateway: str, vpc: str, subnet: str) -> str:
    answer = ec2.create_transit_gateway_vpc_attachment(TransitGatewayId=gateway, VpcId=vpc, SubnetIds=[subnet])
    return str(answer["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"])


def _attach_direct_connect(endpoint: str, gateway: str) -> str:
    body = {"transit_gateway": gateway, "resource": "dxgw-1", "resource_type": "direct-connect-gateway"}
    return str(lab_call(endpoint, "POST", "attachments", body)["attachment"])


def _route_table(ec2: Any, vpc: str, subnet: str) -> str:
    table = str(ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"])
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    return table


def _prefix_list(ec2: Any, cidr: str) -> str:
    answer = ec2.create_managed_prefix_list(
        PrefixListName="on-premises", Entries=[{"Cidr": cidr}], MaxEntries=5, AddressFamily="IPv4"
    )
    return str(answer["PrefixList"]["PrefixListId"])
