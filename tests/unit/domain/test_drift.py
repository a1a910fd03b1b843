"""Which drifted routes are left where they are (laws 2 and 4), and which can wait to be put right."""

from collections.abc import Iterable

import pytest

from routekeeper.domain.drift import can_wait, left_alone
from routekeeper.domain.group_state import Asker, GroupState, Pin
from routekeeper.domain.health import Health
from routekeeper.domain.quorum import Verdict
from routekeeper.domain.routes import Route
from routekeeper.domain.settings import Group
from routekeeper.domain.steering import NextHop, NextHopKind
from routekeeper.domain.verdicts import Verdicts
from routekeeper.domain.view import View
from tests.unit.domain.shown_routes import IDC, NAT_A, NAT_B, PRIVATE, VPN, route, unreadable


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
