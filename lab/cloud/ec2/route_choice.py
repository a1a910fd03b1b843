"""Which of a transit gateway's routes is shown and followed, and which ones a search finds: pure functions.

Order and filters are those of "How transit gateways work" (route evaluation order) in the Amazon VPC Transit
Gateways guide and of SearchTransitGatewayRoutes in the Amazon EC2 API reference.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Origin(IntEnum):
    """Where a route comes from; among routes of the same CIDR the lowest wins."""

    STATIC = 0
    PREFIX_LIST = 1
    VPC = 2
    DIRECT_CONNECT = 3
    CONNECT = 4
    VPN = 5


ORIGIN_OF_RESOURCE = {
    "vpc": Origin.VPC,
    "direct-connect-gateway": Origin.DIRECT_CONNECT,
    "connect": Origin.CONNECT,
    "vpn": Origin.VPN,
}
"""By an attachment's resource type, for routes that the attachment propagates."""


@dataclass(frozen=True, slots=True)
class Target:
    """A transit gateway attachment as a route shows it."""

    attachment: str
    resource: str
    resource_type: str


@dataclass(frozen=True, slots=True)
class Route:
    """One route of a transit gateway route table; without a target it is a black hole."""

    cidr: Network
    origin: Origin
    target: Target | None
    prefix_list: str = ""

    @property
    def type(self) -> str:
        """As AWS shows it: routes out of a prefix list count as propagated."""
        return "static" if self.origin is Origin.STATIC else "propagated"

    @property
    def state(self) -> str:
        """active or blackhole."""
        return "active" if self.target else "blackhole"


def preferred(routes: Iterable[Route]) -> tuple[Route, ...]:
    """The one route per CIDR that a transit gateway shows and follows, in the order of their CIDRs."""
    best: dict[Network, Route] = {}
    for route in routes:
        if route.cidr not in best or route.origin < best[route.cidr].origin:
            best[route.cidr] = route
    return tuple(best[cidr] for cidr in sorted(best, key=lambda c: (c.version, int(c.network_address), c.prefixlen)))


def search(routes: Sequence[Route], filters: Mapping[str, Sequence[str]]) -> tuple[Route, ...]:
    """The routes that meet every filter (values of one filter are alternatives).

    Raises ValueError for a filter that the API does not have, or a value that is no CIDR where one is needed.
    """
    found = tuple(routes)
    for name, values in filters.items():
        if name == "route-search.longest-prefix-match":
            found = tuple(r for r in found if r in {_longest(routes, parse(v)) for v in values})
        else:
            found = tuple(r for r in found if any(_meets(r, name, value) for value in values))
    return found


def parse(cidr: str) -> Network:
    """The network written as `cidr`; ValueError where it is none."""
    return ipaddress.ip_network(cidr, strict=False)


def _longest(routes: Iterable[Route], wanted: Network) -> Route | None:
    covering = [r for r in routes if _within(wanted, r.cidr)]
    return max(covering, key=lambda r: r.cidr.prefixlen, default=None)


def _within(inner: Network, outer: Network) -> bool:
    return inner.version == outer.version and inner.subnet_of(outer)  # type: ignore[arg-type]


def _meets(route: Route, name: str, value: str) -> bool:
    target = route.target
    match name:
        case "type":
            return route.type == value
        case "state":
            return route.state == value
        case "prefix-list-id":
            return route.prefix_list == value
        case "route-search.exact-match":
            return route.cidr == parse(value)
        case "route-search.subnet-of-match":
            return _within(route.cidr, parse(value))
        case "route-search.supernet-of-match":
            return _within(parse(value), route.cidr)
        case "attachment.transit-gateway-attachment-id":
            return target is not None and target.attachment == value
        case "attachment.resource-id":
            return target is not None and target.resource == value
        case "attachment.resource-type":
            return target is not None and target.resource_type == value
        case _:
            raise ValueError(f"The filter '{name}' is invalid.")
