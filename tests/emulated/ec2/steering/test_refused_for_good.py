"""What EC2 refuses until somebody changes something, as the adapters hand it on: the code and what it is about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends

from routekeeper.domain.errors import Ec2Error
from routekeeper.domain.refusal import About
from routekeeper.domain.routes import is_on
from routekeeper.domain.settings import Group, Path
from routekeeper.domain.steering import NextHop, NextHopKind, TgwPrefixList, VpcRoute
from routekeeper.ec2.steering.kinds import steerers
from tests.emulated.emulated_ec2 import IMAGE, EmulatedEc2, ec2_in_process

FINAL = True


@pytest.fixture(scope="module")
def ec2() -> Iterator[EmulatedEc2]:
    with ec2_in_process() as ec2:
        yield ec2


@dataclass(frozen=True, slots=True)
class Vpc:
    """A VPC with a subnet and a route table, in which everything is made anew."""

    ec2: EmulatedEc2
    subnet: str
    table: str

    def nat_instance(self) -> NextHop:
        answer = self.ec2.client.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1, SubnetId=self.subnet)
        return NextHop(NextHopKind.INSTANCE, answer["Instances"][0]["InstanceId"])

    def nat_gateway(self) -> NextHop:
        answer = self.ec2.client.create_nat_gateway(SubnetId=self.subnet, ConnectivityType="private")
        return NextHop(NextHopKind.NAT_GATEWAY, answer["NatGateway"]["NatGatewayId"])

    def interface(self) -> NextHop:
        answer = self.ec2.client.create_network_interface(SubnetId=self.subnet)
        return NextHop(NextHopKind.NETWORK_INTERFACE, answer["NetworkInterface"]["NetworkInterfaceId"])

    def attach(self, interface: NextHop, instance: NextHop) -> str:
        answer = self.ec2.client.attach_network_interface(
            NetworkInterfaceId=interface.id, InstanceId=instance.id, DeviceIndex=1
        )
        return answer["AttachmentId"]

    def put(self, next_hop: NextHop, destination: str = "0.0.0.0/0") -> None:
        """Put the route to the destination onto this next hop, as the router does."""
        group, path = self._group(next_hop, destination)
        (route,) = steerers(self.ec2.client).read(group)
        steerers(self.ec2.client).change(group, route, path)

    def is_on(self, next_hop: NextHop) -> tuple[bool, bool]:
        """Whether the default route is on this next hop, and whether it is a blackhole."""
        group, path = self._group(next_hop, "0.0.0.0/0")
        (route,) = steerers(self.ec2.client).read(group)
        return is_on(route, path), route.blackhole

    def _group(self, next_hop: NextHop, destination: str) -> tuple[Group, Path]:
        path = Path("there", next_hops=(next_hop,))
        return Group("private", (VpcRoute((self.table,), destination),), (path,)), path


@pytest.fixture
def vpc(ec2: EmulatedEc2) -> Vpc:
    made = ec2.client.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.client.create_subnet(VpcId=made, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    table = ec2.client.create_route_table(VpcId=made)["RouteTable"]["RouteTableId"]
    return Vpc(ec2, subnet, table)


def refused(error: pytest.ExceptionInfo[Ec2Error]) -> tuple[str, About, bool]:
    refusal = error.value.refusal
    return refusal.code, refusal.about, refusal.final


def test_a_deleted_nat_gateway(vpc: Vpc) -> None:
    nat = vpc.nat_gateway()
    vpc.put(nat)
    vpc.ec2.client.delete_nat_gateway(NatGatewayId=nat.id)
    assert vpc.is_on(nat) == (True, True)
    vpc.put(vpc.nat_instance())
    with pytest.raises(Ec2Error, match="does not exist") as error:
        vpc.put(nat)
    assert refused(error) == ("InvalidNatGatewayID.NotFound", About.NEXT_HOP, FINAL)


def test_a_deleted_network_interface(vpc: Vpc) -> None:
    interface, nat = vpc.interface(), vpc.nat_instance()
    attachment = vpc.attach(interface, nat)
    vpc.put(interface)
    vpc.ec2.client.detach_network_interface(AttachmentId=attachment)
    assert vpc.is_on(interface) == (True, True)
    vpc.ec2.client.delete_network_interface(NetworkInterfaceId=interface.id)
    assert vpc.is_on(interface) == (True, True)
    vpc.put(nat)
    with pytest.raises(Ec2Error) as error:
        vpc.put(interface)
    assert refused(error) == ("InvalidNetworkInterfaceID.NotFound", About.NEXT_HOP, FINAL)


def test_an_instance_with_several_interfaces(vpc: Vpc) -> None:
    nat, other = vpc.nat_instance(), vpc.nat_instance()
    vpc.put(nat)
    attachment = vpc.attach(vpc.interface(), nat)
    assert vpc.is_on(nat) == (True, False)
    vpc.put(other)
    with pytest.raises(Ec2Error, match="There are multiple interfaces attached to instance") as error:
        vpc.put(nat)
    assert refused(error) == ("InvalidInstanceID", About.NEXT_HOP, FINAL)
    vpc.ec2.client.detach_network_interface(AttachmentId=attachment)
    vpc.put(nat)


def test_a_terminated_instance(vpc: Vpc) -> None:
    nat = vpc.nat_instance()
    vpc.put(nat)
    vpc.ec2.client.terminate_instances(InstanceIds=[nat.id])
    vpc.ec2.wait(60)
    assert vpc.is_on(nat) == (False, True), "nothing names the instance any more"
    with pytest.raises(Ec2Error, match="The terminated instance") as error:
        vpc.put(nat)
    assert refused(error) == ("InvalidInstanceID", About.NEXT_HOP, FINAL)


def test_a_full_route_table(vpc: Vpc) -> None:
    nat, before = vpc.nat_instance(), vpc.ec2.lab.settings
    vpc.put(nat)
    vpc.ec2.lab.settings = replace(before, routes_per_table=2)
    with pytest.raises(Ec2Error) as error:
        vpc.put(nat, "10.9.0.0/16")
    assert refused(error) == ("RouteLimitExceeded", About.ROUTE, FINAL)
    vpc.put(vpc.nat_instance())
    vpc.ec2.lab.settings = before
    vpc.put(nat, "10.9.0.0/16")


def test_a_deleted_prefix_list_as_destination(vpc: Vpc) -> None:
    prefixes = prefix_list(vpc.ec2)
    vpc.ec2.client.delete_managed_prefix_list(PrefixListId=prefixes)
    with pytest.raises(Ec2Error) as error:
        vpc.put(vpc.nat_instance(), prefixes)
    assert refused(error) == ("InvalidPrefixListID.NotFound", About.ROUTE, FINAL)


# --- prefix-list references


@dataclass(frozen=True, slots=True)
class Line:
    """A reference that can lead to either of two attachments."""

    ec2: EmulatedEc2
    place: TgwPrefixList
    near: NextHop
    far: NextHop

    def put(self, next_hop: NextHop) -> None:
        group, path = self._group(next_hop)
        (route,) = steerers(self.ec2.client).read(group)
        steerers(self.ec2.client).change(group, route, path)
        self.ec2.wait(1)

    def is_on(self, next_hop: NextHop) -> tuple[bool, bool]:
        group, path = self._group(next_hop)
        (route,) = steerers(self.ec2.client).read(group)
        return is_on(route, path), route.blackhole

    def put_into(self, attachment: NextHop, state: str) -> None:
        backend: Any = ec2_backends[DEFAULT_ACCOUNT_ID]["eu-central-1"]
        backend.transit_gateway_attachments[attachment.id].state = state

    def _group(self, next_hop: NextHop) -> tuple[Group, Path]:
        path = Path("there", next_hops=(next_hop,))
        return Group("idc", (self.place,), (path,)), path


def prefix_list(ec2: EmulatedEc2) -> str:
    answer = ec2.client.create_managed_prefix_list(
        PrefixListName="x", MaxEntries=1, AddressFamily="IPv4", Entries=[{"Cidr": "10.3.0.0/18"}]
    )
    return answer["PrefixList"]["PrefixListId"]


@pytest.fixture
def line(ec2: EmulatedEc2) -> Line:
    client = ec2.client
    gateway = client.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    table = client.create_transit_gateway_route_table(TransitGatewayId=gateway)["TransitGatewayRouteTable"]
    attachments = []
    for cidr in ("10.1.0.0/16", "10.2.0.0/16"):
        made = client.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]
        subnet = client.create_subnet(VpcId=made, CidrBlock=cidr)["Subnet"]["SubnetId"]
        answer = client.create_transit_gateway_vpc_attachment(TransitGatewayId=gateway, VpcId=made, SubnetIds=[subnet])
        name = answer["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]
        attachments.append(NextHop(NextHopKind.ATTACHMENT, name))
    near, far = attachments
    return Line(ec2, TgwPrefixList(table["TransitGatewayRouteTableId"], prefix_list(ec2)), near, far)


def test_a_deleted_attachment(line: Line) -> None:
    line.put(line.far)
    line.put_into(line.far, "deleted")
    assert line.is_on(line.far) == (False, True)
    line.put(line.near)
    with pytest.raises(Ec2Error) as error:
        line.put(line.far)
    assert refused(error) == ("InvalidTransitGatewayAttachmentID.NotFound", About.NEXT_HOP, FINAL)


@pytest.mark.parametrize("state", ["pendingAcceptance", "rejected"])
def test_an_attachment_that_is_not_accepted(line: Line, state: str) -> None:
    line.put_into(line.far, state)
    with pytest.raises(Ec2Error, match=f"{line.far} is in invalid state") as error:
        line.put(line.far)
    assert refused(error) == ("IncorrectState", About.NEXT_HOP, FINAL)
    line.put_into(line.far, "available")
    line.put(line.far)


def test_a_deleted_prefix_list_of_a_reference(line: Line) -> None:
    line.ec2.client.delete_managed_prefix_list(PrefixListId=line.place.prefix_list)
    with pytest.raises(Ec2Error) as error:
        line.put(line.far)
    assert refused(error) == ("InvalidPrefixListID.NotFound", About.ROUTE, FINAL)
