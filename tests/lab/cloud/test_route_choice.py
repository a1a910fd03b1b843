from __future__ import annotations

import pytest

from lab.cloud.ec2.route_choice import Origin, Route, Target, parse, preferred, search


def route(cidr: str, origin: Origin, attachment: str = "a") -> Route:
    return Route(parse(cidr), origin, Target(attachment, "resource", "vpc") if attachment else None)


def cidrs(found: tuple[Route, ...]) -> list[str]:
    return [str(r.cidr) for r in found]


def test_of_one_cidr_only_the_route_of_the_preferred_origin_is_shown() -> None:
    every = [route("10.3.0.0/18", origin) for origin in reversed(Origin)]
    while every:
        best = min(every, key=lambda r: r.origin)
        assert preferred(every) == (best,)
        every.remove(best)


def test_a_longer_prefix_stands_beside_the_shorter_one_whatever_their_origins() -> None:
    found = preferred([route("10.3.0.0/18", Origin.PREFIX_LIST), route("10.3.1.0/24", Origin.DIRECT_CONNECT)])
    assert cidrs(found) == ["10.3.0.0/18", "10.3.1.0/24"]


def test_routes_from_a_prefix_list_count_as_propagated() -> None:
    assert route("10.3.0.0/18", Origin.PREFIX_LIST).type == "propagated"
    assert route("10.3.0.0/18", Origin.STATIC).type == "static"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("route-search.exact-match", "10.3.0.0/18", ["10.3.0.0/18"]),
        ("route-search.subnet-of-match", "10.3.0.0/18", ["10.3.0.0/18", "10.3.1.0/24"]),
        ("route-search.supernet-of-match", "10.3.1.0/24", ["10.0.0.0/8", "10.3.0.0/18", "10.3.1.0/24"]),
        ("route-search.longest-prefix-match", "10.3.1.7/32", ["10.3.1.0/24"]),
        ("route-search.longest-prefix-match", "10.3.2.7", ["10.3.0.0/18"]),
        ("route-search.longest-prefix-match", "192.0.2.1", []),
        ("type", "static", ["10.0.0.0/8"]),
        ("state", "blackhole", ["10.3.1.0/24"]),
        ("attachment.transit-gateway-attachment-id", "b", ["10.3.0.0/18"]),
        ("attachment.resource-type", "vpc", ["10.0.0.0/8", "10.3.0.0/18"]),
    ],
)
def test_filters_find_what_their_documentation_says(name: str, value: str, expected: list[str]) -> None:
    routes = preferred(
        [
            route("10.0.0.0/8", Origin.STATIC),
            route("10.3.0.0/18", Origin.DIRECT_CONNECT, "b"),
            route("10.3.1.0/24", Origin.PREFIX_LIST, ""),
        ]
    )
    assert cidrs(search(routes, {name: [value]})) == expected


def test_several_filters_have_to_be_met_together() -> None:
    routes = preferred([route("10.0.0.0/8", Origin.STATIC), route("10.3.0.0/18", Origin.VPC)])
    assert cidrs(search(routes, {"type": ["static"], "state": ["active"]})) == ["10.0.0.0/8"]
    assert search(routes, {"type": ["static"], "state": ["blackhole"]}) == ()


def test_an_unknown_filter_is_refused() -> None:
    with pytest.raises(ValueError, match="colour"):
        search((route("10.0.0.0/8", Origin.STATIC),), {"colour": ["red"]})
