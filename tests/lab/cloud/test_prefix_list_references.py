from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.lab.cloud.conftest import Emulation, Gateway, refusal


def references(emulation: Emulation, gateway: Gateway, **filters: str) -> list[dict[str, Any]]:
    answer = emulation.ec2.get_transit_gateway_prefix_list_references(
        TransitGatewayRouteTableId=gateway.table,
        Filters=[{"Name": name.replace("_", "-"), "Values": [value]} for name, value in filters.items()],
    )
    return list(answer["TransitGatewayPrefixListReferences"])


def route(emulation: Emulation, gateway: Gateway, cidr: str = "10.3.0.0/18") -> dict[str, Any] | None:
    answer = emulation.ec2.search_transit_gateway_routes(
        TransitGatewayRouteTableId=gateway.table,
        Filters=[{"Name": "route-search.exact-match", "Values": [cidr]}],
    )
    return next(iter(answer["Routes"]), None)


def create(emulation: Emulation, gateway: Gateway, **other: Any) -> dict[str, Any]:
    which = {"TransitGatewayRouteTableId": gateway.table, "PrefixListId": gateway.prefix_list}
    target = {} if other.get("Blackhole") else {"TransitGatewayAttachmentId": gateway.far}
    answer = emulation.ec2.create_transit_gateway_prefix_list_reference(**which | target | other)
    return dict(answer["TransitGatewayPrefixListReference"])


def test_a_new_reference_is_pending_and_routes_nothing_before_it_is_available(
    emulation: Emulation, gateway: Gateway
) -> None:
    assert create(emulation, gateway)["State"] == "pending"
    assert references(emulation, gateway)[0]["State"] == "pending"
    assert route(emulation, gateway) is None

    emulation.wait(2)
    shown = references(emulation, gateway)[0]
    assert (shown["State"], shown["Blackhole"]) == ("available", False)
    assert shown["TransitGatewayAttachment"]["TransitGatewayAttachmentId"] == gateway.far
    found = route(emulation, gateway)
    assert found is not None
    assert (found["Type"], found["State"], found["PrefixListId"]) == ("propagated", "active", gateway.prefix_list)


def test_a_modified_reference_keeps_its_old_route_until_it_is_available_again(
    emulation: Emulation, gateway: Gateway
) -> None:
    create(emulation, gateway)
    emulation.wait(2)
    answer = emulation.ec2.modify_transit_gateway_prefix_list_reference(
        TransitGatewayRouteTableId=gateway.table,
        PrefixListId=gateway.prefix_list,
        TransitGatewayAttachmentId=gateway.near,
    )
    assert answer["TransitGatewayPrefixListReference"]["State"] == "modifying"
    before = route(emulation, gateway)
    emulation.wait(2)
    after = route(emulation, gateway)

    assert before is not None
    assert after is not None
    assert before["TransitGatewayAttachments"][0]["TransitGatewayAttachmentId"] == gateway.far
    assert after["TransitGatewayAttachments"][0]["TransitGatewayAttachmentId"] == gateway.near


def test_a_deleted_reference_is_deleting_and_then_absent(emulation: Emulation, gateway: Gateway) -> None:
    create(emulation, gateway)
    emulation.wait(2)
    which = {"TransitGatewayRouteTableId": gateway.table, "PrefixListId": gateway.prefix_list}
    answer = emulation.ec2.delete_transit_gateway_prefix_list_reference(**which)
    assert answer["TransitGatewayPrefixListReference"]["State"] == "deleting"

    emulation.wait(2)
    assert references(emulation, gateway) == []
    assert route(emulation, gateway) is None


def test_a_blackhole_reference_has_no_attachment(emulation: Emulation, gateway: Gateway) -> None:
    assert create(emulation, gateway, Blackhole=True)["Blackhole"] is True
    emulation.wait(2)
    found = route(emulation, gateway)
    assert found is not None
    assert found["State"] == "blackhole"


def test_references_are_filtered(emulation: Emulation, gateway: Gateway) -> None:
    create(emulation, gateway)
    assert references(emulation, gateway, state="pending")
    assert references(emulation, gateway, prefix_list_id=gateway.prefix_list)
    assert not references(emulation, gateway, is_blackhole="true")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"PrefixListId": "pl-0"}, "InvalidPrefixListID.NotFound"),
        ({"TransitGatewayRouteTableId": "tgw-rtb-0"}, "InvalidRouteTableID.NotFound"),
        ({"TransitGatewayAttachmentId": "tgw-attach-0"}, "InvalidTransitGatewayAttachmentID.NotFound"),
        ({"TransitGatewayAttachmentId": "tgw-attach-0", "Blackhole": True}, "InvalidParameterCombination"),
        ({"DryRun": True}, "DryRunOperation"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(
    emulation: Emulation, gateway: Gateway, changed: dict[str, Any], code: str
) -> None:
    with pytest.raises(ClientError) as error:
        create(emulation, gateway, **changed)
    assert refusal(error) == code
    assert references(emulation, gateway) == []


def test_a_second_reference_to_the_same_list_is_refused(emulation: Emulation, gateway: Gateway) -> None:
    create(emulation, gateway)
    with pytest.raises(ClientError) as error:
        create(emulation, gateway)
    assert refusal(error) == "InvalidPrefixListReference.Duplicate"


def test_an_absent_reference_is_neither_modified_nor_deleted(emulation: Emulation, gateway: Gateway) -> None:
    which = {"TransitGatewayRouteTableId": gateway.table, "PrefixListId": gateway.prefix_list}
    with pytest.raises(ClientError) as error:
        emulation.ec2.delete_transit_gateway_prefix_list_reference(**which)
    assert refusal(error) == "InvalidPrefixListReference.NotFound"
    with pytest.raises(ClientError) as error:
        emulation.ec2.modify_transit_gateway_prefix_list_reference(**which, TransitGatewayAttachmentId=gateway.near)
    assert refusal(error) == "InvalidPrefixListReference.NotFound"


def test_a_reference_in_transition_cannot_be_changed(emulation: Emulation, gateway: Gateway) -> None:
    create(emulation, gateway)
    with pytest.raises(ClientError) as error:
        emulation.ec2.delete_transit_gateway_prefix_list_reference(
            TransitGatewayRouteTableId=gateway.table, PrefixListId=gateway.prefix_list
        )
    assert refusal(error) == "IncorrectState"


def test_a_static_route_outranks_a_reference_which_outranks_the_vpcs_own(
    emulation: Emulation, gateway: Gateway
) -> None:
    emulation.ec2.modify_managed_prefix_list(
        PrefixListId=gateway.prefix_list, CurrentVersion=1, AddEntries=[{"Cidr": "10.0.0.0/16"}]
    )
    own = route(emulation, gateway, "10.0.0.0/16")
    create(emulation, gateway)
    emulation.wait(2)
    referenced = route(emulation, gateway, "10.0.0.0/16")
    emulation.ec2.create_transit_gateway_route(
        TransitGatewayRouteTableId=gateway.table, DestinationCidrBlock="10.0.0.0/16", Blackhole=True
    )
    static = route(emulation, gateway, "10.0.0.0/16")

    assert own is not None
    assert own["TransitGatewayAttachments"][0]["TransitGatewayAttachmentId"] == gateway.near
    assert referenced is not None
    assert referenced["TransitGatewayAttachments"][0]["TransitGatewayAttachmentId"] == gateway.far
    assert static is not None
    assert (static["Type"], static["State"]) == ("static", "blackhole")


def test_every_transition_is_announced(emulation: Emulation, gateway: Gateway) -> None:
    version = emulation.lab.changes.version
    create(emulation, gateway)
    emulation.wait(2)
    _, changes = emulation.lab.changes.since(version)
    assert changes[0].what == "CreateTransitGatewayPrefixListReference"
    assert changes[1].what.endswith("pending is over")
