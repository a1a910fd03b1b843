"""The kinds of steering as a document names them: the table of their keys and of the next hops that fit them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from routekeeper.config import addresses, aws_ids, limits
from routekeeper.config.section import Section, open_variant
from routekeeper.domain.steering import NextHopKind, Steering, TgwPrefixList, VpcRoute

Claim = Callable[[Section, str, str, str], None]
"""Told what a group steers: its section, the key to blame, the table and the destination."""


class SteeringType(Enum):
    """What stands under `type`. Each type has next hops of its own."""

    TGW_PREFIX_LIST = "tgw-prefix-list"
    VPC_ROUTE = "vpc-route"


@dataclass(frozen=True, slots=True)
class Kind:
    keys: tuple[str, ...]
    """The keys of its mapping, including `type`."""
    next_hops: tuple[str, ...]
    """The keys of a path that can be its next hop."""
    preferred_may_lack_one: bool
    """Whether the preferred path may have none: it is in place if there is no route."""
    read: Callable[[Section, Claim], Steering | None]
    """Reads it. None, with a problem noted, if it cannot be used."""


def read_steering(group: Section, claim: Claim) -> tuple[SteeringType | None, Steering | None]:
    """What a group steers, and its type, which may be known even if the rest is wrong."""
    node = group.node("steering")
    keys = {kind: known.keys for kind, known in KINDS.items()}
    variant = None if node is None else open_variant(node, group.at("steering"), group.problems, SteeringType, keys)
    if variant is None:
        return None, None
    kind, section = variant
    return kind, KINDS[kind].read(section, claim)


def _prefix_list(section: Section, claim: Claim) -> TgwPrefixList | None:
    table = section.required("route_table", aws_ids.tgw_route_table)
    prefix_list = section.required("prefix_list", aws_ids.prefix_list)
    if table is None or prefix_list is None:
        return None
    claim(section, "prefix_list", table, prefix_list)
    return TgwPrefixList(table, prefix_list)


def _vpc_route(section: Section, claim: Claim) -> VpcRoute | None:
    tables = section.distinct("route_tables", "VPC route table IDs", aws_ids.route_table, "table", limits.ROUTE_TABLES)
    destination = section.required("destination", addresses.destination)
    if destination is None:
        return None
    for table in tables:
        claim(section, "destination", table, destination)
    return VpcRoute(tables, destination) if tables else None


_ATTACHMENT: Final = NextHopKind.ATTACHMENT.value
KINDS: Final[Mapping[SteeringType, Kind]] = {
    SteeringType.TGW_PREFIX_LIST: Kind(
        keys=("type", "route_table", "prefix_list"),
        next_hops=(_ATTACHMENT,),
        preferred_may_lack_one=True,
        read=_prefix_list,
    ),
    SteeringType.VPC_ROUTE: Kind(
        keys=("type", "route_tables", "destination"),
        next_hops=tuple(kind.value for kind in NextHopKind if kind is not NextHopKind.ATTACHMENT),
        preferred_may_lack_one=False,
        read=_vpc_route,
    ),
}
