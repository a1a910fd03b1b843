"""Which path the routes are on, and which routes must change."""

from collections.abc import Iterable

import pytest

from routekeeper.domain.drift import can_wait, left_alone
from routekeeper.domain.group_state import Asker, GroupState, Pin
from routekeeper.domain.health import Health
from routekeeper.domain.quorum import Verdict
from routekeeper.domain.refusal import Refusal
from routekeeper.domain.routes import Actual, Route, actual, differing, is_on
from routekeeper.domain.settings import Group, Path
from routekeeper.domain.steering import NextHop, NextHopKind, TgwPrefixList, VpcRoute
from routekeeper.domain.verdicts import Verdicts
from routekeeper.domain.view import View

NAT_A = NextHop(NextHopKind.INSTANCE, "i-a")
NAT_A_INTERFACE = NextHop(NextHopKind.NETWORK_INTERFACE, "eni-a")
NAT_B = NextHop(NextHopKind.INSTANCE, "i-b")
A, B = Path("nat-a", "nat-a", (NAT_A,)), Path("nat-b", "nat-b", (NAT_B,))
PRIVATE = Group("private", (VpcRoute(("rtb-1", "rtb-2"), "0.0.0.0/0"),), (A, B))

VPN = NextHop(NextHopKind.ATTACHMENT, "tgw-attach-vpn")
DX_PATH, VPN_PATH = Path("dx", "dx-router"), Path("vpn", "vpn-host", (VPN,))
IDC = Group("idc", (TgwPrefixList("tgw-rtb-1", "pl-1"),), (DX_PATH, VPN_PATH))


def route(*hops: NextHop, name: str = "rtb-1", blackhole: bool = False) -> Route:
    return Route(name, frozenset(hops), blackhole=blackhole)


def unreadable(name: str = "rtb-2") -> Route:
    return Route(name, unread=Refusal("Unreadable", "no such table"))


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
        "nat-a", blackholed=True
    )
    mixed = [route(NAT_A, blackhole=True), route(NAT_B, name="rtb-2")]
    assert actual(PRIVATE, mixed) == Actual(None, blackholed=True)


def test_only_routes_that_are_elsewhere_or_unreadable_differ() -> None:
    on_a, on_b, lost = route(NAT_A), route(NAT_B, name="rtb-2"), unreadable("rtb-3")
    assert differing([on_a, on_b, lost], A) == (on_b, lost)
    assert differing([on_a], A) == ()


def test_a_route_is_told_by_every_name_of_its_next_hop() -> None:
    assert str(route(NAT_A_INTERFACE, NAT_A)) == "eni-a/i-a"
    assert str(route(NAT_A, blackhole=True)) == "i-a (blackhole)"
    assert str(route()) == "none"
    assert str(unreadable()) == "unreadable: no such table"


def seen(group: Group, health: dict[str, Verdict]) -> View:
    """A group whose paths are so."""
    verdicts = {path.target: health[path.name] for path in group.paths if path.target is not None}
    return View(group, GroupState(group.name), Verdicts(verdicts), 100.0)


def test_drift_can_wait_where_each_route_leads_somewhere_and_onto_no_unhealthy_path() -> None:
    well, unsure, dead = (Verdict(health, "") for health in (Health.HEALTHY, Health.UNKNOWN, Health.UNHEALTHY))
    both = (route(NAT_A), route(NAT_B, name="rtb-2"))
    assert can_wait(seen(PRIVATE, {"nat-a": well, "nat-b": well}), both)
    assert can_wait(seen(PRIVATE, {"nat-a": well, "nat-b": unsure}), both)
    assert can_wait(seen(PRIVATE, {"nat-a": well, "nat-b": well}), (route(VPN),)), "another controller's next hop"
    assert can_wait(seen(IDC, {"dx": well, "vpn": dead}), (route(),))
    assert not can_wait(seen(PRIVATE, {"nat-a": well, "nat-b": dead}), both)
    assert not can_wait(seen(PRIVATE, {"nat-a": well, "nat-b": well}), (route(NAT_A, blackhole=True),))
    assert not can_wait(seen(PRIVATE, {"nat-a": well, "nat-b": well}), (route(),))


ASKED = Asker("kim", 0.0, "maintenance")
STRANGER = NextHop(NextHopKind.INSTANCE, "i-stranger")


def left(
    *routes: Route,
    health: Health = Health.UNHEALTHY,
    group: Group = PRIVATE,
    desired: str = "nat-a",
    pin: Pin | None = None,
) -> Iterable[Route]:
    """The routes that are left while the desired path has this health and the other is HEALTHY."""
    verdicts = {path.target: Verdict(Health.HEALTHY, "", 0.0) for path in group.paths if path.target is not None}
    path = group.path(desired)
    assert path is not None
    assert path.target is not None
    verdicts[path.target] = Verdict(health, "", 0.0)
    state = GroupState(group.name, path=desired, pin=pin)
    return left_alone(View.of(group, state, Verdicts(verdicts), routes, 100.0))


@pytest.mark.parametrize("health", [Health.UNHEALTHY, Health.UNKNOWN])
@pytest.mark.parametrize("hop", [NAT_B, STRANGER])
def test_law_2_drift_is_not_put_right_onto_a_path_that_is_not_healthy(health: Health, hop: NextHop) -> None:
    drifted = route(hop)
    assert left(drifted, route(NAT_A, name="rtb-2"), health=health) == (drifted,)


@pytest.mark.parametrize(
    ("other", "stays"), [(Health.UNHEALTHY, False), (Health.UNKNOWN, True), (Health.HEALTHY, True)]
)
def test_law_4_drift_onto_a_dead_path_is_put_right_onto_one_that_works_until_what_is_announced_comes(
    other: Health, stays: bool
) -> None:
    verdicts = Verdicts(
        {"nat-a": Verdict(Health.HEALTHY, "", 0.0), "nat-b": Verdict(other, "", 0.0)},
        {(PRIVATE.name, "nat-a"): Verdict(Health.UNHEALTHY, "AWS will stop it", 0.0, announced=True)},
    )
    found = left_alone(View.of(PRIVATE, GroupState(PRIVATE.name, path="nat-a"), verdicts, (route(NAT_B),), 100.0))
    assert found == ((route(NAT_B),) if stays else ())


def test_drift_is_put_right_onto_a_healthy_path() -> None:
    assert left(route(NAT_B), health=Health.HEALTHY) == ()


def test_drift_that_swallows_every_packet_is_put_right_onto_whatever_is_desired() -> None:
    assert left(route(NAT_B, blackhole=True), route(name="rtb-2")) == ()


def test_no_route_is_no_hole_where_a_path_is_in_place_without_one() -> None:
    assert left(route(), group=IDC, desired="vpn") == (route(),)


def test_drift_is_put_right_onto_what_an_operator_forces_until_that_expires() -> None:
    assert left(route(NAT_B), pin=Pin("nat-a", 101.0, ASKED, forced=True)) == ()
    assert left(route(NAT_B), pin=Pin("nat-a", 99.0, ASKED, forced=True)) == (route(NAT_B),)
    assert left(route(NAT_B), pin=Pin("nat-b", 101.0, ASKED, forced=True)) == (route(NAT_B),)
    assert left(route(NAT_B), pin=Pin("nat-a", 101.0, ASKED)) == (route(NAT_B),)


def test_law_11_an_unreadable_route_is_not_among_those_left() -> None:
    assert left(unreadable()) == ()
