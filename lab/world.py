"""What the laboratory is made of: the addresses that both the network and the emulated AWS agree on.

Addresses are fixed and IDs are not: `Addresses` is known before anything runs, `World` is what seeding the
emulated EC2 hands back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

REGION: Final = "eu-central-1"
TAG_KEY: Final = "routekeeper"
TAG_VALUE: Final = "lab"

VPC_CIDR: Final = "10.0.0.0/16"
VPN_VPC_CIDR: Final = "10.1.0.0/16"
ON_PREMISES_CIDR: Final = "10.3.0.0/18"
REHEARSAL_CIDR: Final = "173.0.0.5/32"
"""An unused destination for rehearsals: moving it moves nobody's packets."""
SPARE_CIDR: Final = "173.0.0.6/32"
"""Another one, for what EC2 refuses."""
PINNED_PROBE_CIDR: Final = "10.109.2.1/32"
"""Always routed to Direct Connect, so that the probe keeps testing Direct Connect after traffic has left it."""


@dataclass(frozen=True, slots=True)
class Host:
    """One host of the network: the namespace it lives in, its address and, inside the VPC, its subnet."""

    name: str
    address: str
    subnet_cidr: str = ""


NAT_A: Final = Host("nat-a", "10.0.1.10", "10.0.1.0/24")
NAT_B: Final = Host("nat-b", "10.0.2.10", "10.0.2.0/24")
VANTAGE_A: Final = Host("vantage-a", "10.0.11.10", "10.0.11.0/24")
VANTAGE_B: Final = Host("vantage-b", "10.0.12.10", "10.0.12.0/24")
PRIVATE_A: Final = Host("private-a", "10.0.21.10", "10.0.21.0/24")
PRIVATE_B: Final = Host("private-b", "10.0.22.10", "10.0.22.0/24")
VPN: Final = Host("vpn", "10.1.0.5", "10.1.0.0/24")
DX_ROUTER: Final = Host("on-premises", "10.109.2.1")
ON_PREMISES: Final = Host("on-premises", "10.3.0.10")
INTERNET: Final = Host("internet", "203.0.113.10")

AWS_SERVICE_ADDRESS: Final = "169.254.100.1"
"""Where the emulated AWS answers, from every namespace that may reach it (the vantages' gateway endpoint)."""
MINISTACK_PORT: Final = 4566
MOTO_PORT: Final = 4567


@dataclass(frozen=True, slots=True)
class World:
    """IDs in the emulated EC2 after seeding."""

    vpc: str
    vpn_vpc: str
    subnets: dict[str, str]
    """Subnet ID by host name, for every host that has a subnet."""
    instances: dict[str, str]
    """Instance ID by host name: nat-a, nat-b, vpn."""
    interfaces: dict[str, str]
    """ID of its network interface by the same names."""
    route_tables: dict[str, str]
    """VPC route table ID by host name of the only host behind it: private-a, private-b, vantage-a, vantage-b."""
    spare_route_tables: tuple[str, ...]
    """Tagged tables that no host uses: rehearsals and breakage."""
    transit_gateway: str
    transit_gateway_route_table: str
    attachments: dict[str, str]
    """Transit gateway attachment ID by name: vpc, dx, vpn, and spare, which leads nowhere."""
    prefix_lists: dict[str, str]
    """Managed prefix list ID by name: on-premises (10.3.0.0/18), rehearsal (173.0.0.5/32) and spare (173.0.0.6/32)."""
