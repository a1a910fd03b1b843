from __future__ import annotations

from dataclasses import replace

from lab.network.cloud_view import CloudView
from lab.network.mirror import Place, changes, kernel_routes

VIEW = CloudView(
    subnet_routes={"private-a": {"0.0.0.0/0": "nat-a", "10.3.0.0/18": "tgw"}, "nat-a": {"0.0.0.0/0": "igw"}},
    transit_gateway_routes={"10.3.0.0/18": "dx", "10.0.0.0/16": "vpc"},
    instance_states={"nat-a": "running"},
)
PRIVATE_A, NAT_A = 1021, 1001


def moved(**routes: str) -> CloudView:
    table = dict(VIEW.subnet_routes["private-a"]) | {"0.0.0.0/0": routes["default"]}
    return replace(VIEW, subnet_routes={**VIEW.subnet_routes, "private-a": table})


def test_each_subnet_follows_its_own_route_table() -> None:
    routes = kernel_routes(VIEW)
    assert routes[Place("vpc", PRIVATE_A, "0.0.0.0/0")] == "via 10.0.1.10 dev nat-a onlink"
    assert routes[Place("vpc", NAT_A, "0.0.0.0/0")] == "via 169.254.2.6 dev igw onlink"


def test_the_transit_gateway_sends_by_attachment() -> None:
    routes = kernel_routes(VIEW)
    assert routes[Place("tgw", 1000, "10.3.0.0/18")] == "via 169.254.2.10 dev dx onlink"
    assert routes[Place("tgw", 1000, "10.0.0.0/16")] == "via 169.254.2.1 dev vpc onlink"


def test_a_black_hole_swallows() -> None:
    assert kernel_routes(moved(default=""))[Place("vpc", PRIVATE_A, "0.0.0.0/0")] == "blackhole"


def test_a_destination_is_written_as_its_network() -> None:
    view = replace(VIEW, transit_gateway_routes={"10.3.0.10/18": "dx"})
    assert Place("tgw", 1000, "10.3.0.0/18") in kernel_routes(view)


def test_an_ipv6_destination_goes_by_the_instances_ipv6_address() -> None:
    view = replace(VIEW, subnet_routes={"private-a": {"::/0": "nat-b", "fd00:99::/32": "tgw"}})
    routes = kernel_routes(view)
    assert routes[Place("vpc", PRIVATE_A, "::/0")] == "via fd00:10:0:2::10 dev nat-b onlink"
    assert routes[Place("vpc", PRIVATE_A, "fd00:99::/32")] == "blackhole"


def test_nothing_is_changed_where_nothing_differs() -> None:
    assert changes(kernel_routes(VIEW), kernel_routes(VIEW)) == {}


def test_a_moved_route_is_replaced_in_one_command_and_never_deleted() -> None:
    assert changes(kernel_routes(VIEW), kernel_routes(moved(default="nat-b"))) == {
        "vpc": ["route replace 0.0.0.0/0 via 10.0.2.10 dev nat-b onlink table 1021"]
    }


def test_a_route_that_is_gone_is_deleted_after_the_new_ones_are_in() -> None:
    after = replace(VIEW, transit_gateway_routes={"10.3.0.0/17": "vpn", "10.0.0.0/16": "vpc"})
    assert changes(kernel_routes(VIEW), kernel_routes(after)) == {
        "tgw": [
            "route replace 10.3.0.0/17 via 10.1.0.5 dev vpn onlink table 1000",
            "route del 10.3.0.0/18 table 1000",
        ]
    }
