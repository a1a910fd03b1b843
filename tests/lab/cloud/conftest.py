from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends

from lab.cloud.ec2.emulation import emulated_ec2
from lab.cloud.ec2.timeline import Timeline
from lab.cloud.ec2.world import LabWorld, Settings
from lab.world import REGION

ANYWHERE = "0.0.0.0/0"


@dataclass(slots=True)
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass(slots=True)
class Emulation:
    """moto's EC2 in process, with the laboratory's additions and a clock moved by hand."""

    ec2: Any
    lab: LabWorld
    clock: Clock

    @property
    def backend(self) -> Any:
        """moto's own objects."""
        return ec2_backends[DEFAULT_ACCOUNT_ID][REGION]

    def wait(self, seconds: float) -> None:
        self.clock.now += seconds
        self.lab.timeline.run_due()


@pytest.fixture(scope="module")
def moto_ec2() -> Iterator[Any]:
    """One moto for all tests of a file, because its start takes most of their time; everything in it has its own ID."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "test")
        yield boto3.client("ec2", region_name=REGION, config=Config(retries={"max_attempts": 0}))


@pytest.fixture
def emulation(moto_ec2: Any) -> Iterator[Emulation]:
    clock = Clock()
    settings = Settings(stop_seconds=60, start_seconds=30, reference_seconds=2)
    with emulated_ec2(LabWorld(timeline=Timeline(clock), settings=settings)) as lab:
        yield Emulation(moto_ec2, lab, clock)


@dataclass(frozen=True, slots=True)
class Gateway:
    """A transit gateway with a route table, two VPCs attached and propagating, and a prefix list."""

    table: str
    near: str
    far: str
    prefix_list: str


@pytest.fixture
def gateway(emulation: Emulation) -> Gateway:
    ec2 = emulation.ec2
    gateway = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    answer = ec2.create_transit_gateway_route_table(TransitGatewayId=gateway)
    table = answer["TransitGatewayRouteTable"]["TransitGatewayRouteTableId"]
    attachments = []
    for cidr in ("10.0.0.0/16", "10.1.0.0/16"):
        vpc = ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=cidr)["Subnet"]["SubnetId"]
        answer = ec2.create_transit_gateway_vpc_attachment(TransitGatewayId=gateway, VpcId=vpc, SubnetIds=[subnet])
        attachments.append(answer["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"])
        ec2.enable_transit_gateway_route_table_propagation(
            TransitGatewayRouteTableId=table, TransitGatewayAttachmentId=attachments[-1]
        )
    answer = ec2.create_managed_prefix_list(
        PrefixListName="x", AddressFamily="IPv4", MaxEntries=5, Entries=[{"Cidr": "10.3.0.0/18"}]
    )
    return Gateway(table, attachments[0], attachments[1], answer["PrefixList"]["PrefixListId"])


def refusal(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


@dataclass(frozen=True, slots=True)
class Site:
    """Two instances, a route table, and a NAT gateway."""

    first: str
    second: str
    first_interface: str
    table: str
    nat_gateway: str


@pytest.fixture
def site(emulation: Emulation) -> Site:
    ec2 = emulation.ec2
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    answer = ec2.run_instances(ImageId="ami-12c6146b", MinCount=2, MaxCount=2, SubnetId=subnet)
    first, second = answer["Instances"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock=ANYWHERE, InstanceId=first["InstanceId"])
    nat = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]["NatGatewayId"]
    interface = first["NetworkInterfaces"][0]["NetworkInterfaceId"]
    return Site(first["InstanceId"], second["InstanceId"], interface, table, nat)


def state(emulation: Emulation, instance: str) -> str:
    answer = emulation.ec2.describe_instances(InstanceIds=[instance])
    return str(answer["Reservations"][0]["Instances"][0]["State"]["Name"])


def default_route(emulation: Emulation, site: Site) -> dict[str, Any]:
    table = emulation.ec2.describe_route_tables(RouteTableIds=[site.table])["RouteTables"][0]
    return next(r for r in table["Routes"] if r.get("DestinationCidrBlock") == ANYWHERE)
