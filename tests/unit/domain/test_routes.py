"""Which path the routes are on, and which of them differ; what becomes of those (law 2) is in test_drift.py."""

from routekeeper.domain.routes import Actual, actual, differing, is_on
from routekeeper.domain.settings import Path
from routekeeper.domain.steering import NextHop, NextHopKind
from tests.unit.domain.shown_routes import (
    DX_PATH,
    IDC,
    NAT_A,
    NAT_A_INTERFACE,
    NAT_B,
    PRIVATE,
    VPN,
    VPN_PATH,
    A,
    B,
    route,
    unreadable,
)


def test_a_route_is_on_a_path_by_any_name_of_its_next_hop() -> None:
    shown = route(NAT_A, NAT_A_INTERFACE)
    assert is_on(shown, A)
    assert is_on(shown, Path("by-interface", None, (NAT_A_INTERFACE,)))
    assert not is_on(shown, B)


def test_a_next_hop_of_another_kind_with_the_same_id_is_another_next_hop() -> None:
    assert not is_on(route(NextHop(NextHopKind.NETWORK_INTERFACE, "i-a")), A)


def test_a_path_without_a_next_hop_is_in_place_when_there_is_no_route() -> None:
    assert is_on(route(), DX_PATH)
    assert not is_on(route(VPN), DX_PATH)
    assert not is_on(route(), VPN_PATH)


def test_law_1_an_unreadable_route_is_on_no_path() -> None:
    assert not is_on(unreadable(), A)
    assert not is_on(unreadable(), DX_PATH), "not even on the one that is in place without a route"


def test_the_group_is_on_the_path_that_all_routes_are_on() -> None:
    assert actual(PRIVATE, [route(NAT_A), route(NAT_A, name="rtb-2")]) == Actual("nat-a")
    assert actual(PRIVATE, [route(NAT_A), route(NAT_B, name="rtb-2")]) == Actual(None)
    assert actual(IDC, [route()]) == Actual("dx")
    assert actual(IDC, [route(VPN)]) == Actual("vpn")


def test_a_route_to_a_stranger_is_on_no_path() -> None:
    assert actual(PRIVATE, [route(NextHop(NextHopKind.INSTANCE, "i-stranger"))]) == Actual(None)
    assert actual(PRIVATE, [route()]) == Actual(None), "a missing route is no path either where every path has a hop"


def test_law_11_an_unreadable_table_does_not_hide_the_others() -> None:
    assert actual(PRIVATE, [route(NAT_B), unreadable()]) == Actual("nat-b")


def test_law_1_of_routes_that_cannot_be_read_nothing_is_known() -> None:
    assert actual(PRIVATE, [unreadable("rtb-1"), unreadable()]) is None
    assert actual(PRIVATE, []) is None


def test_one_blackhole_is_told() -> None:
    assert actual(PRIVATE, [route(NAT_A), route(NAT_A, name="rtb-2", blackhole=True)]) == Actual(
        "nat-a", frozenset({"nat-a"})
    )
    mixed = [route(NAT_A, blackhole=True), route(NAT_B, name="rtb-2")]
    assert actual(PRIVATE, mixed) == Actual(None, frozenset({"nat-a"}))


def test_only_routes_that_are_elsewhere_or_unreadable_differ() -> None:
    on_a, on_b, lost = route(NAT_A), route(NAT_B, name="rtb-2"), unreadable("rtb-3")
    assert differing([on_a, on_b, lost], A) == (on_b, lost)
    assert differing([on_a], A) == ()


def test_a_route_is_told_by_every_name_of_its_next_hop() -> None:
    assert str(route(NAT_A_INTERFACE, NAT_A)) == "eni-a/i-a"
    assert str(route(NAT_A, blackhole=True)) == "i-a (blackhole)"
    assert str(route()) == "none"
    assert str(unreadable()) == "unreadable: no such table"
