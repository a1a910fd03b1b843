from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from routekeeper.domain.errors import Ec2Error
from routekeeper.domain.routes import Route, is_on
from routekeeper.domain.settings import Group, Path
from routekeeper.domain.steering import NextHop, NextHopKind, VpcRoute
from routekeeper.ec2.steering import Steerers
from routekeeper.ec2.steering.kinds import steerers
from tests.emulated.emulated_ec2 import IMAGE, EmulatedEc2, ec2_in_process

CREATE, REPLACE = "CreateRoute", "ReplaceRoute"
NO_TABLE = "rtb-0123456789abcdef0"


@dataclass(frozen=True, slots=True)
class Vpc:
    id: str
    subnet: str
    nat_a: str
    nat_b: str
    internet_gateway: str


@dataclass(slots=True)
class World:
    """Two fresh route tables, and a group that steers their default routes between two NAT instances."""

    ec2: EmulatedEc2
    vpc: Vpc
    steering: Steerers
    group: Group
    a: Path
    b: Path

    @property
    def tables(self) -> tuple[str, ...]:
        (steering,) = self.group.steering
        assert isinstance(steering, VpcRoute)
        return steering.route_tables

    def read(self) -> tuple[Route, ...]:
        return self.steering.read(self.group)

    def change_all(self, path: Path) -> None:
        for route in self.read():
            self.steering.change(self.group, route, path)

    def by_hand(self, call: str, table: str, **more: str) -> None:
        """What somebody else does to the default route of a table."""
        getattr(self.ec2.client, call)(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", **more)
        self.ec2.forget()

    def on(self, destination: str, *tables: str) -> Group:
        return Group("private", (VpcRoute(tables or self.tables, destination),), (self.a, self.b))


@pytest.fixture(scope="module")
def ec2() -> Iterator[EmulatedEc2]:
    with ec2_in_process() as ec2:
        yield ec2


@pytest.fixture(scope="module")
def vpc(ec2: EmulatedEc2) -> Vpc:
    made = ec2.client.create_vpc(CidrBlock="10.0.0.0/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]["VpcId"]
    subnet = ec2.client.create_subnet(VpcId=made, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    nats = ec2.client.run_instances(ImageId=IMAGE, MinCount=2, MaxCount=2, SubnetId=subnet)["Instances"]
    internet = ec2.client.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.client.attach_internet_gateway(InternetGatewayId=internet, VpcId=made)
    return Vpc(made, subnet, nats[0]["InstanceId"], nats[1]["InstanceId"], internet)


@pytest.fixture
def world(ec2: EmulatedEc2, vpc: Vpc) -> World:
    tables = tuple(ec2.client.create_route_table(VpcId=vpc.id)["RouteTable"]["RouteTableId"] for _ in range(2))
    ec2.forget()
    a, b = (through(NextHopKind.INSTANCE, nat) for nat in (vpc.nat_a, vpc.nat_b))
    return World(ec2, vpc, steerers(ec2.client), Group("private", (VpcRoute(tables, "0.0.0.0/0"),), (a, b)), a, b)


def through(kind: NextHopKind, name: str) -> Path:
    return Path(name, next_hops=(NextHop(kind, name),))


def test_missing_routes_are_created_and_existing_ones_replaced(world: World) -> None:
    world.by_hand("create_route", world.tables[0], InstanceId=world.vpc.nat_a)

    world.change_all(world.b)

    assert world.ec2.calls == [REPLACE, CREATE]
    assert all(is_on(route, world.b) for route in world.read())
    assert [route.resource for route in world.read()] == [f"{table} 0.0.0.0/0" for table in world.tables]


def test_a_route_through_an_instance_is_known_by_its_network_interface_too(world: World) -> None:
    world.change_all(world.a)
    described = world.ec2.client.describe_instances(InstanceIds=[world.vpc.nat_a])["Reservations"][0]["Instances"][0]
    interface = described["NetworkInterfaces"][0]["NetworkInterfaceId"]

    route, _ = world.read()

    assert is_on(route, world.a)
    assert is_on(route, through(NextHopKind.NETWORK_INTERFACE, interface))


def test_a_table_that_does_not_exist_comes_back_with_its_error_and_the_others_are_read_all_the_same(
    world: World,
) -> None:
    world.change_all(world.a)

    bad, good = world.steering.read(world.on("0.0.0.0/0", NO_TABLE, world.tables[0]))

    assert bad.unread is not None
    assert is_on(good, world.a)


def test_an_unreadable_route_is_not_changed_but_complained_about(world: World) -> None:
    group = world.on("0.0.0.0/0", NO_TABLE)
    (bad,) = world.steering.read(group)

    with pytest.raises(Ec2Error, match=f"{NO_TABLE}.*no such route table"):
        world.steering.change(group, bad, world.a)

    assert world.ec2.calls == []


def test_the_vpcs_own_local_route_is_never_touched(world: World) -> None:
    group = world.on("10.0.0.0/16", world.tables[0])
    (local,) = world.steering.read(group)

    with pytest.raises(Ec2Error, match="local route"):
        world.steering.change(group, local, world.a)

    assert world.ec2.calls == []


def test_a_route_to_somewhere_no_path_can_name_is_on_no_path_and_is_replaced(world: World) -> None:
    world.by_hand("create_route", world.tables[0], GatewayId=world.vpc.internet_gateway)

    route = world.read()[0]
    assert route.exists
    assert str(route) == world.vpc.internet_gateway
    world.steering.change(world.group, route, world.a)

    assert world.ec2.calls == [REPLACE]


def test_the_route_of_a_stopped_instance_is_a_blackhole_on_its_path(world: World) -> None:
    nat = world.ec2.client.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1, SubnetId=world.vpc.subnet)
    third = through(NextHopKind.INSTANCE, nat["Instances"][0]["InstanceId"])
    world.change_all(third)
    world.ec2.client.stop_instances(InstanceIds=[third.name])

    assert not any(route.blackhole for route in world.read()), "while it is stopping nothing shows"
    world.ec2.wait(10)

    assert all(route.blackhole and is_on(route, third) for route in world.read())


def test_ipv6_destinations_are_compared_as_networks_and_not_as_text(world: World) -> None:
    group = world.on("2001:0DB8:0000::/32", world.tables[0])
    world.ec2.client.create_route(
        RouteTableId=world.tables[0], DestinationIpv6CidrBlock="2001:db8::/32", InstanceId=world.vpc.nat_a
    )

    (route,) = world.steering.read(group)

    assert is_on(route, world.a)


def test_a_route_to_a_prefix_list_is_found_and_replaced(world: World) -> None:
    prefixes = world.ec2.client.create_managed_prefix_list(
        PrefixListName="elsewhere", MaxEntries=1, AddressFamily="IPv4"
    )["PrefixList"]["PrefixListId"]
    group = world.on(prefixes, world.tables[0])
    for path in (world.a, world.b):
        (route,) = world.steering.read(group)
        world.steering.change(group, route, path)

    (route,) = world.steering.read(group)
    assert is_on(route, world.b)
    assert world.ec2.calls[-2:] == [CREATE, REPLACE]


def test_a_route_that_appeared_since_it_was_read_is_replaced(world: World) -> None:
    missing = world.read()[0]
    world.by_hand("create_route", world.tables[0], InstanceId=world.vpc.nat_a)

    world.steering.change(world.group, missing, world.b)

    assert world.ec2.calls == [CREATE, REPLACE]
    assert is_on(world.read()[0], world.b)


def test_a_route_that_vanished_since_it_was_read_is_created(world: World) -> None:
    world.change_all(world.a)
    present = world.read()[0]
    world.by_hand("delete_route", world.tables[0])

    world.steering.change(world.group, present, world.b)

    assert world.ec2.calls == [REPLACE, CREATE]
    assert is_on(world.read()[0], world.b)


def test_after_a_silence_nothing_further_is_tried_for_nobody_has_asked_whether_it_is_wanted_still(world: World) -> None:
    world.change_all(world.a)
    present = world.read()[0]
    world.by_hand("delete_route", world.tables[0])
    world.ec2.refuse(REPLACE, "ServiceUnavailable")

    with pytest.raises(Ec2Error, match="ServiceUnavailable"):
        world.steering.change(world.group, present, world.b)

    assert world.ec2.calls == [REPLACE]
    assert not world.read()[0].exists

    world.ec2.forget()
    world.steering.change(world.group, present, world.b)  # as a caller does, with what it read at first

    assert is_on(world.read()[0], world.b)


def test_a_route_that_somebody_else_has_put_there_already_is_a_success(world: World) -> None:
    missing = world.read()[0]
    world.by_hand("create_route", world.tables[0], InstanceId=world.vpc.nat_b)

    world.steering.change(world.group, missing, world.b)

    assert world.ec2.calls == [CREATE]


@pytest.mark.parametrize("operation", [CREATE, REPLACE])
def test_a_call_that_acted_and_was_never_answered_is_a_success(world: World, operation: str) -> None:
    if operation == REPLACE:
        world.change_all(world.a)
    world.ec2.lose_the_answer_of(operation)

    world.steering.change(world.group, world.read()[0], world.b)

    assert is_on(world.read()[0], world.b)


@pytest.mark.parametrize("code", ["RequestLimitExceeded", "UnauthorizedOperation"])
def test_a_refusal_names_operation_and_resource_and_leaves_the_route_alone(world: World, code: str) -> None:
    world.change_all(world.a)
    world.ec2.refuse(REPLACE, code)

    with pytest.raises(Ec2Error, match=f"{REPLACE} on {world.tables[0]} 0.0.0.0/0 was refused: {code}") as raised:
        world.steering.change(world.group, world.read()[0], world.b)

    assert raised.value.code == code
    assert is_on(world.read()[0], world.a)


def test_a_throttled_reading_is_an_error_of_the_whole_group(world: World) -> None:
    world.ec2.refuse("DescribeRouteTables", "RequestLimitExceeded")

    with pytest.raises(Ec2Error, match=world.tables[1]) as raised:
        world.read()

    assert raised.value.code == "RequestLimitExceeded"


# --- what moto does not have: told by a stubbed client


def described(*routes: Mapping[str, Any], table: str = "rtb-1") -> dict[str, Any]:
    return {"RouteTables": [{"RouteTableId": table, "Routes": list(routes)}]}


@pytest.fixture(scope="module")
def client() -> Any:
    return boto3.client("ec2", "eu-central-1", aws_access_key_id="test", aws_secret_access_key="test")


@pytest.fixture
def stub(client: Any) -> Iterator[Stubber]:
    with Stubber(client) as stub:
        yield stub
        stub.assert_no_pending_responses()


DEFAULT = {"DestinationCidrBlock": "0.0.0.0/0", "State": "active", "Origin": "CreateRoute"}
GROUP = Group("private", (VpcRoute(("rtb-1",), "0.0.0.0/0"),), ())


@pytest.mark.parametrize(
    ("shown", "parameter", "path"),
    [
        ({"InstanceId": "i-1"}, "InstanceId", through(NextHopKind.INSTANCE, "i-1")),
        ({"NetworkInterfaceId": "eni-1"}, "NetworkInterfaceId", through(NextHopKind.NETWORK_INTERFACE, "eni-1")),
        ({"NatGatewayId": "nat-1"}, "NatGatewayId", through(NextHopKind.NAT_GATEWAY, "nat-1")),
        ({"TransitGatewayId": "tgw-1"}, "TransitGatewayId", through(NextHopKind.TRANSIT_GATEWAY, "tgw-1")),
        ({"GatewayId": "vpce-1"}, "VpcEndpointId", through(NextHopKind.VPC_ENDPOINT, "vpce-1")),
        ({"GatewayId": "vgw-1"}, "GatewayId", through(NextHopKind.VIRTUAL_PRIVATE_GATEWAY, "vgw-1")),
    ],
)
def test_every_kind_of_next_hop_is_written_and_recognised(
    client: Any, stub: Stubber, shown: Mapping[str, str], parameter: str, path: Path
) -> None:
    steering = steerers(client)
    stub.add_response("describe_route_tables", {"RouteTables": [{"RouteTableId": "rtb-1", "Routes": []}]})
    wanted = {"RouteTableId": "rtb-1", "DestinationCidrBlock": "0.0.0.0/0", parameter: path.name}
    stub.add_response("create_route", {"Return": True}, wanted)
    stub.add_response("describe_route_tables", described({**DEFAULT, **shown}))

    (missing,) = steering.read(GROUP)
    steering.change(GROUP, missing, path)
    (route,) = steering.read(GROUP)

    assert is_on(route, path)


def test_a_propagated_route_is_not_replaced_but_outranked_by_a_written_one(client: Any, stub: Stubber) -> None:
    propagated = {**DEFAULT, "Origin": "EnableVgwRoutePropagation", "GatewayId": "vgw-1"}
    vgw, nat = through(NextHopKind.VIRTUAL_PRIVATE_GATEWAY, "vgw-1"), through(NextHopKind.NAT_GATEWAY, "nat-1")
    steering = steerers(client)
    stub.add_response("describe_route_tables", described(propagated))
    stub.add_response("create_route", {"Return": True})
    stub.add_response("describe_route_tables", described(propagated, {**DEFAULT, "NatGatewayId": "nat-1"}))
    stub.add_response("replace_route", {})

    (learnt,) = steering.read(GROUP)
    assert is_on(learnt, vgw)
    steering.change(GROUP, learnt, nat)

    (written,) = steering.read(GROUP)
    assert is_on(written, nat), "both are listed; the written one carries the traffic"
    steering.change(GROUP, written, vgw)


def test_a_blackhole_whose_next_hop_aws_no_longer_names_is_replaced_and_not_created(client: Any, stub: Stubber) -> None:
    nat = through(NextHopKind.NAT_GATEWAY, "nat-1")
    steering = steerers(client)
    stub.add_response("describe_route_tables", described({**DEFAULT, "State": "blackhole"}))
    stub.add_response("replace_route", {})

    (dead,) = steering.read(GROUP)
    steering.change(GROUP, dead, nat)

    assert dead.blackhole
    assert not is_on(dead, nat)


def test_all_pages_of_tables_are_read(client: Any, stub: Stubber) -> None:
    group = Group("private", (VpcRoute(("rtb-1", "rtb-2"), "0.0.0.0/0"),), ())
    asked = {"Filters": [{"Name": "route-table-id", "Values": ["rtb-1", "rtb-2"]}]}
    route = {**DEFAULT, "InstanceId": "i-1"}
    stub.add_response("describe_route_tables", {**described(route, table="rtb-2"), "NextToken": "more"}, asked)
    stub.add_response("describe_route_tables", described(route, table="rtb-1"), {**asked, "NextToken": "more"})

    routes = steerers(client).read(group)

    assert [route.resource for route in routes] == ["rtb-1 0.0.0.0/0", "rtb-2 0.0.0.0/0"]
    assert all(is_on(route, through(NextHopKind.INSTANCE, "i-1")) for route in routes)


@pytest.mark.parametrize(
    ("group", "path"),
    [
        (GROUP, Path("dx")),
        (GROUP, through(NextHopKind.ATTACHMENT, "tgw-attach-1")),
    ],
)
def test_what_no_vpc_route_can_be_is_a_defect_of_the_caller(client: Any, group: Group, path: Path) -> None:
    with pytest.raises(TypeError):
        steerers(client).change(group, Route("rtb-1 0.0.0.0/0"), path)
