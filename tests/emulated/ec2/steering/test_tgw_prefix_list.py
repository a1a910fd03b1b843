from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from routekeeper.domain.errors import Ec2Error
from routekeeper.domain.refusal import About
from routekeeper.domain.routes import Route, is_on
from routekeeper.domain.settings import Group, Path
from routekeeper.domain.steering import NextHop, NextHopKind, TgwPrefixList
from routekeeper.ec2.errors import OUTRANKED
from routekeeper.ec2.steering import Steerers
from routekeeper.ec2.steering.kinds import steerers
from tests.emulated.emulated_ec2 import EmulatedEc2, ec2_in_process

CREATE = "CreateTransitGatewayPrefixListReference"
MODIFY = "ModifyTransitGatewayPrefixListReference"
DELETE = "DeleteTransitGatewayPrefixListReference"

DX = Path("dx", target="dx-router")
ON_PREMISES = "10.3.0.0/18"


@dataclass(frozen=True, slots=True)
class Gateway:
    """A transit gateway with two attachments."""

    table: str
    vpn: Path
    standby: Path


@dataclass(slots=True)
class World:
    """A group that steers a prefix list of its own."""

    ec2: EmulatedEc2
    steering: Steerers
    group: Group
    vpn: Path
    standby: Path

    def route(self) -> Route:
        (route,) = self.steering.read(self.group)
        return route

    def change(self, path: Path, route: Route | None = None) -> None:
        self.steering.change(self.group, route if route is not None else self.route(), path)

    def settle(self) -> None:
        self.ec2.wait(1.0)

    def static(self, path: Path | None, cidr: str = ON_PREMISES) -> None:
        """Somebody writes a static route beside the reference; for None it is a blackhole."""
        hop = path.next_hops[0] if path is not None else None
        target: dict[str, Any] = {"TransitGatewayAttachmentId": hop.id} if hop is not None else {"Blackhole": True}
        table = self.place().route_table
        self.ec2.client.create_transit_gateway_route(
            TransitGatewayRouteTableId=table, DestinationCidrBlock=cidr, **target
        )
        self.ec2.calls.clear()

    def place(self) -> TgwPrefixList:
        (steering,) = self.group.steering
        assert isinstance(steering, TgwPrefixList)
        return steering

    def by_hand(self, call: str, **more: object) -> None:
        """What somebody else does with the same reference."""
        place = self.place()
        getattr(self.ec2.client, call)(
            TransitGatewayRouteTableId=place.route_table, PrefixListId=place.prefix_list, **more
        )
        self.ec2.calls.clear()


ATTACHED = {"vpn": "10.1.0.0/16", "standby": "10.2.0.0/16"}


@pytest.fixture(scope="module")
def ec2() -> Iterator[EmulatedEc2]:
    with ec2_in_process() as ec2:
        yield ec2


@pytest.fixture(scope="module")
def gateway(ec2: EmulatedEc2) -> Gateway:
    name = ec2.client.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    table = ec2.client.create_transit_gateway_route_table(TransitGatewayId=name)["TransitGatewayRouteTable"]
    paths = {path: Path(path, path, (attachment(ec2, name, cidr),)) for path, cidr in ATTACHED.items()}
    return Gateway(table["TransitGatewayRouteTableId"], paths["vpn"], paths["standby"])


@pytest.fixture
def world(ec2: EmulatedEc2, gateway: Gateway) -> World:
    prefixes = ec2.client.create_managed_prefix_list(
        PrefixListName="on-premises", MaxEntries=1, AddressFamily="IPv4", Entries=[{"Cidr": ON_PREMISES}]
    )
    ec2.forget()
    group = Group("idc", (TgwPrefixList(gateway.table, prefixes["PrefixList"]["PrefixListId"]),), (DX, gateway.vpn))
    return World(ec2, steerers(ec2.client), group, gateway.vpn, gateway.standby)


def attachment(ec2: EmulatedEc2, gateway: str, cidr: str) -> NextHop:
    vpc = ec2.client.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]
    subnet = ec2.client.create_subnet(VpcId=vpc, CidrBlock=cidr.replace("/16", "/24"))["Subnet"]["SubnetId"]
    made = ec2.client.create_transit_gateway_vpc_attachment(TransitGatewayId=gateway, VpcId=vpc, SubnetIds=[subnet])[
        "TransitGatewayVpcAttachment"
    ]
    return NextHop(NextHopKind.ATTACHMENT, made["TransitGatewayAttachmentId"])


def test_without_a_reference_the_path_without_an_attachment_is_in_place(world: World) -> None:
    route = world.route()

    assert not route.exists
    assert is_on(route, DX)
    assert not is_on(route, world.vpn)
    assert route.resource == f"{world.place().route_table} {world.place().prefix_list}"


def test_a_failover_creates_the_reference_and_shows_it_settled_once_aws_is_done(world: World) -> None:
    world.change(world.vpn)

    assert world.ec2.calls == [CREATE]
    assert is_on(world.route(), world.vpn)
    assert not world.route().settled
    world.settle()
    assert is_on(world.route(), world.vpn)
    assert world.route().settled


def test_a_failback_deletes_the_reference(world: World) -> None:
    world.change(world.vpn)
    world.settle()

    world.change(DX)

    assert world.ec2.calls == [CREATE, DELETE]
    assert is_on(world.route(), DX), "on its way out is as good as gone for the path that wants none"
    assert not world.route().settled
    world.settle()
    assert world.route().settled


def test_a_reference_with_another_attachment_is_retargeted_in_one_call(world: World) -> None:
    world.change(world.standby)
    world.settle()
    assert not is_on(world.route(), world.vpn)

    world.change(world.vpn)

    assert world.ec2.calls == [CREATE, MODIFY]
    assert is_on(world.route(), world.vpn)


def test_a_blackhole_reference_is_on_no_path_and_is_retargeted(world: World) -> None:
    world.by_hand("create_transit_gateway_prefix_list_reference", Blackhole=True)
    world.settle()

    route = world.route()
    assert route.blackhole
    assert not is_on(route, DX), "it swallows what Direct Connect would carry"
    assert not is_on(route, world.vpn)

    world.change(world.vpn)
    assert world.ec2.calls == [MODIFY]
    assert not world.route().blackhole


def test_a_blackhole_reference_is_deleted_for_the_path_that_wants_none(world: World) -> None:
    world.by_hand("create_transit_gateway_prefix_list_reference", Blackhole=True)
    world.settle()

    world.change(DX)

    assert is_on(world.route(), DX)


def test_a_reference_that_is_still_being_deleted_is_wanted_again_and_the_next_pass_creates_it(world: World) -> None:
    world.change(world.vpn)
    world.settle()
    world.change(DX)

    with pytest.raises(Ec2Error, match="still being deleted") as raised:
        world.change(world.vpn)

    assert raised.value.code == "IncorrectState"
    world.settle()
    world.change(world.vpn)
    assert is_on(world.route(), world.vpn)


def test_a_deletion_that_ended_since_it_was_read_lets_the_reference_be_created_at_once(world: World) -> None:
    world.change(world.vpn)
    world.settle()
    world.change(DX)
    deleting = world.route()
    world.settle()

    world.change(world.vpn, route=deleting)

    assert is_on(world.route(), world.vpn)


def test_a_refused_duplicate_is_a_success_where_the_reference_is_as_wanted(world: World) -> None:
    before = world.route()
    assert world.vpn.next_hops[0] is not None
    world.by_hand("create_transit_gateway_prefix_list_reference", TransitGatewayAttachmentId=world.vpn.next_hops[0].id)

    world.change(world.vpn, route=before)

    assert world.ec2.calls == [CREATE]


def test_a_refused_duplicate_with_another_attachment_is_retargeted(world: World) -> None:
    before = world.route()
    assert world.standby.next_hops[0] is not None
    world.by_hand(
        "create_transit_gateway_prefix_list_reference", TransitGatewayAttachmentId=world.standby.next_hops[0].id
    )
    world.settle()

    world.change(world.vpn, route=before)

    assert world.ec2.calls == [CREATE, MODIFY]
    assert is_on(world.route(), world.vpn)


def test_a_reference_that_somebody_else_deleted_counts_as_deleted(world: World) -> None:
    world.change(world.vpn)
    world.settle()
    before = world.route()
    world.by_hand("delete_transit_gateway_prefix_list_reference")
    world.settle()

    world.change(DX, route=before)

    assert is_on(world.route(), DX)


@pytest.mark.parametrize("code", ["RequestLimitExceeded", "UnauthorizedOperation"])
def test_a_refusal_names_operation_and_resource_and_leaves_the_route_alone(world: World, code: str) -> None:
    world.ec2.refuse(CREATE, code)

    with pytest.raises(Ec2Error, match=f"{CREATE} on {world.route().resource} was refused: {code}") as raised:
        world.change(world.vpn)

    assert raised.value.code == code
    assert not world.route().exists


@pytest.mark.parametrize("operation", [CREATE, MODIFY, DELETE])
def test_a_call_that_acted_and_was_never_answered_is_a_success(world: World, operation: str) -> None:
    if operation != CREATE:
        world.change(world.standby)
        world.settle()
    world.ec2.lose_the_answer_of(operation)
    wanted = DX if operation == DELETE else world.vpn

    world.change(wanted)

    assert is_on(world.route(), wanted)


def test_a_refusal_is_told_even_where_nothing_can_be_read_afterwards(world: World) -> None:
    before = world.route()
    world.ec2.refuse(CREATE, "UnauthorizedOperation")
    world.ec2.refuse("GetTransitGatewayPrefixListReferences", "RequestLimitExceeded")

    with pytest.raises(Ec2Error) as raised:
        world.change(world.vpn, route=before)

    assert raised.value.code == "UnauthorizedOperation"


def test_a_table_that_does_not_exist_is_an_error_of_reading(world: World) -> None:
    group = Group("idc", (TgwPrefixList("tgw-rtb-0123456789abcdef0", world.place().prefix_list),), (DX, world.vpn))

    with pytest.raises(Ec2Error, match="tgw-rtb-0123456789abcdef0"):
        world.steering.read(group)


@pytest.fixture
def failed_over(world: World) -> Iterator[World]:
    """The reference leads to the VPN. The table is shared, so static routes in it are deleted in the end."""
    world.change(world.vpn)
    world.settle()
    yield world
    world.ec2.forget()
    table = world.place().route_table
    found = world.ec2.client.search_transit_gateway_routes(
        TransitGatewayRouteTableId=table, Filters=[{"Name": "type", "Values": ["static"]}]
    )
    for route in found["Routes"]:
        world.ec2.client.delete_transit_gateway_route(
            TransitGatewayRouteTableId=table, DestinationCidrBlock=route["DestinationCidrBlock"]
        )


def test_a_static_route_of_the_same_prefix_is_where_traffic_goes_and_is_named(failed_over: World) -> None:
    failed_over.static(failed_over.standby)

    route = failed_over.route()

    assert is_on(route, failed_over.standby)
    assert not is_on(route, failed_over.vpn)
    vpn, standby = failed_over.vpn.next_hops[0], failed_over.standby.next_hops[0]
    told = f"the static route 10.3.0.0/18 to {standby} outranks the reference to {vpn}"
    assert str(route) == f"{standby} ({told})"
    assert route.is_written_to(vpn)


def test_a_reference_that_is_outranked_is_not_written_again(failed_over: World) -> None:
    failed_over.static(failed_over.standby)

    with pytest.raises(Ec2Error, match="outranks the reference") as raised:
        failed_over.change(failed_over.vpn)

    assert failed_over.ec2.calls == []
    assert (raised.value.code, raised.value.refusal.about) == (OUTRANKED, About.ROUTE)


def test_a_reference_that_is_outranked_is_retargeted_and_deleted_all_the_same(failed_over: World) -> None:
    failed_over.static(None)

    failed_over.change(failed_over.standby)
    assert failed_over.route().is_written_to(failed_over.standby.next_hops[0])
    failed_over.settle()
    failed_over.change(DX)

    assert failed_over.ec2.calls == [MODIFY, DELETE]
    assert is_on(failed_over.route(), DX)


def test_a_retargeting_that_acted_and_was_never_answered_counts_as_made_although_it_is_outranked(
    failed_over: World,
) -> None:
    failed_over.static(None)
    failed_over.ec2.lose_the_answer_of(MODIFY)

    failed_over.change(failed_over.standby)

    assert failed_over.ec2.calls == [MODIFY]


def test_a_static_blackhole_swallows_what_the_reference_would_carry(failed_over: World) -> None:
    failed_over.static(None)

    route = failed_over.route()

    assert route.blackhole
    assert not is_on(route, failed_over.vpn)
    assert "the static route 10.3.0.0/18 to a blackhole outranks" in str(route)


def test_a_static_route_to_the_references_own_attachment_or_of_another_prefix_outranks_nothing(
    failed_over: World,
) -> None:
    failed_over.static(failed_over.vpn)
    failed_over.static(failed_over.standby, "10.3.0.0/16")
    failed_over.static(failed_over.standby, "10.3.0.0/24")

    route = failed_over.route()

    assert is_on(route, failed_over.vpn)
    assert route.outranked is None


def test_with_no_reference_nobody_looks_for_what_would_outrank_it(world: World) -> None:
    world.ec2.refuse("SearchTransitGatewayRoutes", "UnauthorizedOperation")

    assert is_on(world.route(), DX)
    assert world.route().unchecked is None


@pytest.mark.parametrize("call", ["SearchTransitGatewayRoutes", "GetManagedPrefixListEntries"])
@pytest.mark.parametrize("code", ["UnauthorizedOperation", "RequestLimitExceeded"])
def test_a_reference_is_read_as_it_is_where_nobody_can_look_what_outranks_it(
    failed_over: World, call: str, code: str
) -> None:
    failed_over.static(failed_over.standby)
    failed_over.ec2.refuse(call, code)

    route = failed_over.route()

    assert is_on(route, failed_over.vpn)
    assert route.outranked is None
    assert route.unchecked is not None
    assert route.unchecked.code == code


def test_other_prefix_lists_are_asked_away_and_all_pages_are_read() -> None:
    client = boto3.client("ec2", "eu-central-1", aws_access_key_id="test", aws_secret_access_key="test")
    asked = {
        "TransitGatewayRouteTableId": "tgw-rtb-1",
        "Filters": [{"Name": "prefix-list-id", "Values": ["pl-1"]}],
    }
    reference = {
        "PrefixListId": "pl-1",
        "State": "modifying",
        "TransitGatewayAttachment": {"TransitGatewayAttachmentId": "tgw-attach-1"},
    }
    group = Group("idc", (TgwPrefixList("tgw-rtb-1", "pl-1"),), (DX,))

    with Stubber(client) as stub:
        operation = "get_transit_gateway_prefix_list_references"
        stub.add_response(operation, {"TransitGatewayPrefixListReferences": [], "NextToken": "more"}, asked)
        stub.add_response(operation, {"TransitGatewayPrefixListReferences": [reference]}, asked | {"NextToken": "more"})
        stub.add_response("search_transit_gateway_routes", {"Routes": []})
        (route,) = steerers(client).read(group)

    assert route.next_hops == {NextHop(NextHopKind.ATTACHMENT, "tgw-attach-1")}
    assert not route.settled
    assert not route.blackhole
