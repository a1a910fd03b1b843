"""What can be steered, and what a path's traffic is handed to: one value for each kind of steering."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class NextHopKind(Enum):
    """What a path's traffic is handed to; the value is the key in the configuration."""

    ATTACHMENT = "attachment"
    INSTANCE = "instance"
    NETWORK_INTERFACE = "network_interface"
    NAT_GATEWAY = "nat_gateway"
    TRANSIT_GATEWAY = "transit_gateway"
    VPC_ENDPOINT = "vpc_endpoint"
    VIRTUAL_PRIVATE_GATEWAY = "virtual_private_gateway"


@dataclass(frozen=True, slots=True)
class NextHop:
    kind: NextHopKind
    id: str

    def __str__(self) -> str:
        return self.id


@dataclass(frozen=True, slots=True)
class TgwPrefixList:
    """Steer by a prefix-list reference in a transit gateway route table."""

    route_table: str
    prefix_list: str

    def __str__(self) -> str:
        return f"{self.route_table} {self.prefix_list}"


@dataclass(frozen=True, slots=True)
class VpcRoute:
    """Steer by the route to `destination` (IPv4, IPv6 or a prefix list ID) in every one of `route_tables`."""

    route_tables: tuple[str, ...]
    destination: str

    def __str__(self) -> str:
        return f"{', '.join(self.route_tables)} {self.destination}"


Steering = TgwPrefixList | VpcRoute
