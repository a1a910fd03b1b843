"""Static routes beside a prefix-list reference: what of it still carries traffic."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from routekeeper.domain.routes import Route
from routekeeper.domain.steering import NextHop, NextHopKind, TgwPrefixList
from routekeeper.ec2.steering.static_routes import StaticRoutes, overruled

VPN, DX, OTHER = (NextHop(NextHopKind.ATTACHMENT, f"tgw-attach-{name}") for name in ("vpn", "dx", "other"))
REFERENCE = Route("tgw-rtb-1 pl-1", frozenset({VPN}))
PLACE = TgwPrefixList("tgw-rtb-1", "pl-1")


def beside(*prefixes: str, reference: Route = REFERENCE, **static: NextHop | None) -> Route:
    """The reference for these prefixes, beside static routes to `10.<name>.0.0/16`; None is a blackhole."""
    places = {ip_network(f"10.{name[1:]}.0.0/16"): frozenset({hop} if hop else ()) for name, hop in static.items()}
    return overruled(reference, [ip_network(prefix) for prefix in prefixes], places)


def test_a_reference_outranked_for_some_of_its_prefixes_is_on_no_path() -> None:
    route = beside("10.1.0.0/16", "10.2.0.0/16", _1=DX)
    assert route.next_hops == frozenset()
    assert route.exists
    told = "the static route 10.1.0.0/16 to tgw-attach-dx outranks the reference to tgw-attach-vpn"
    assert str(route) == f"tgw-attach-dx and tgw-attach-vpn ({told})"


def test_a_reference_outranked_for_all_of_its_prefixes_is_where_the_static_routes_lead() -> None:
    route = beside("10.1.0.0/16", "10.2.0.0/16", _1=DX, _2=DX)
    assert (route.next_hops, route.written) == (frozenset({DX}), frozenset({VPN}))
    assert route.elsewhere is None


def test_static_routes_to_several_places_lead_to_no_one_of_them() -> None:
    route = beside("10.1.0.0/16", "10.2.0.0/16", _1=DX, _2=OTHER)
    assert (route.next_hops, route.elsewhere) == (frozenset(), "tgw-attach-dx and tgw-attach-other")


def test_one_blackhole_among_them_makes_the_route_one() -> None:
    route = beside("10.1.0.0/16", "10.2.0.0/16", _1=None)
    assert route.blackhole
    assert route.next_hops == frozenset()


def test_a_static_route_relieves_a_reference_that_is_a_blackhole_itself() -> None:
    blackhole = Route("tgw-rtb-1 pl-1", blackhole=True)
    route = beside("10.1.0.0/16", reference=blackhole, _1=DX)
    assert (route.next_hops, route.written) == (frozenset({DX}), frozenset())
    assert not route.blackhole
    assert "outranks the reference to a blackhole" in str(route)


@pytest.mark.parametrize("static", [{}, {"_1": VPN}, {"_9": DX}])
def test_what_leads_the_same_way_or_to_other_prefixes_outranks_nothing(static: dict[str, NextHop]) -> None:
    assert beside("10.1.0.0/16", "10.2.0.0/16", reference=REFERENCE, **static) == REFERENCE


def test_of_many_static_routes_the_first_are_named_and_the_others_counted() -> None:
    told = str(beside(*(f"10.{n}.0.0/16" for n in (10, 9, 1, 2, 3)), _1=DX, _2=DX, _3=DX, _9=DX, _10=DX))
    assert "10.1.0.0/16 to tgw-attach-dx and the static route 10.2.0.0/16 to" in told
    assert "10.3.0.0/16 to tgw-attach-dx and 2 more outrank the reference" in told
    assert "10.9.0.0/16" not in told


def test_every_page_is_read_and_a_route_that_is_being_deleted_counts_no_more() -> None:
    client = boto3.client("ec2", "eu-central-1", aws_access_key_id="test", aws_secret_access_key="test")
    attachments = [{"TransitGatewayAttachmentId": DX.id}]
    one, two = (
        {"DestinationCidrBlock": cidr, "State": state, "Type": "static", "TransitGatewayAttachments": attachments}
        for cidr, state in (("10.1.0.0/16", "deleting"), ("10.2.0.0/16", "active"))
    )
    searched: dict[str, Any] = {
        "TransitGatewayRouteTableId": "tgw-rtb-1",
        "Filters": [{"Name": "type", "Values": ["static"]}],
    }
    routes: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"Routes": [one], "AdditionalRoutesAvailable": True, "NextToken": "more"}, searched),
        ({"Routes": [two], "AdditionalRoutesAvailable": False}, searched | {"NextToken": "more"}),
    ]
    of_list: dict[str, Any] = {"PrefixListId": "pl-1"}
    entries: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"Entries": [{"Cidr": "10.1.0.0/16"}], "NextToken": "more"}, of_list),
        ({"Entries": [{"Cidr": "10.2.0.0/16"}]}, of_list | {"NextToken": "more"}),
    ]
    with Stubber(client) as stub:
        for answer, asked in routes:
            stub.add_response("search_transit_gateway_routes", answer, asked)
        for answer, asked in entries:
            stub.add_response("get_managed_prefix_list_entries", answer, asked)
        route = StaticRoutes(client).beside(PLACE, REFERENCE)
    assert route.outranked is not None
    assert "10.2.0.0/16" in route.outranked
    assert "10.1.0.0/16" not in route.outranked
