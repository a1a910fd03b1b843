r"""The network as data: which namespaces there are, what joins them, and what each does.

                           internet
                              |
      private-a,b   nat-a,b  igw
              \      |      /              dx-line
vantage-a,b --------- vpc --------- tgw ------------- on-premises
    |                                 \                  |
the laboratory (emulated AWS)          vpn ---------------+
                                             vpn-line
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import Final

from lab import world
from lab.network.namespace import ROOT
from lab.network.parts import Link, Node, Port, Service, Topology
from lab.world import Host

VPC_HOSTS: Final = (
    world.NAT_A,
    world.NAT_B,
    world.VANTAGE_A,
    world.VANTAGE_B,
    world.PRIVATE_A,
    world.PRIVATE_B,
)
VANTAGES: Final = (world.VANTAGE_A, world.VANTAGE_B)
INSTANCES: Final = (world.NAT_A, world.NAT_B, world.VPN)
"""What the emulated EC2 can stop and start."""
ELASTIC_ADDRESSES: Final = {world.NAT_A.address: "203.0.113.21", world.NAT_B.address: "203.0.113.22"}
"""Public address by private address, translated one to one by the internet gateway."""


def subnet_number(host: Host) -> int:
    """The third octet of a VPC subnet: 21 for 10.0.21.0/24. The kernel's tables and IPv6 prefixes are named by it."""
    return ip_network(host.subnet_cidr).network_address.packed[2]


def ipv6_address(host: Host) -> str:
    """The IPv6 address of a host in the VPC."""
    return f"fd00:10:0:{subnet_number(host)}::{host.address.rpartition('.')[2]}"


def ipv6_router(host: Host) -> str:
    """The IPv6 address of the VPC's router in the subnet of a host."""
    return f"fd00:10:0:{subnet_number(host)}::1"


def ipv4_router(host: Host) -> str:
    """The address of the VPC's router in the subnet of a host: the first one, as in AWS."""
    return str(ip_network(host.subnet_cidr)[1])


VPC_TO_TGW: Final = Port("vpc", "tgw", ("169.254.2.1/30",))
TGW_TO_VPC: Final = Port("tgw", "vpc", ("169.254.2.2/30",))
VPC_TO_IGW: Final = Port("vpc", "igw", ("169.254.2.5/30",))
IGW_TO_VPC: Final = Port("igw", "vpc", ("169.254.2.6/30",))
TGW_TO_DX: Final = Port("tgw", "dx", ("169.254.2.9/30",))
DX_TO_TGW: Final = Port("on-premises", "dx", ("169.254.2.10/30", f"{world.DX_ROUTER.address}/32"))
TGW_TO_VPN: Final = Port("tgw", "vpn", ("169.254.2.13/30",))
VPN_TO_TGW: Final = Port("vpn", "eth0", (f"{world.VPN.address}/32", "169.254.2.14/30"))
VPN_TO_LINE: Final = Port("vpn", "line", ("169.254.2.17/30",))
LINE_TO_VPN: Final = Port("on-premises", "vpn", ("169.254.2.18/30",))
IGW_TO_INTERNET: Final = Port("igw", "internet", ("203.0.113.1/32",))
INTERNET: Final = Port("internet", "eth0", (f"{world.INTERNET.address}/32",))

DX_LINE: Final = Link(TGW_TO_DX, DX_TO_TGW, line="dx-line")
VPN_LINE: Final = Link(VPN_TO_LINE, LINE_TO_VPN, line="vpn-line")


def _subnet_link(host: Host) -> Link:
    length, ipv6_length = host.subnet_cidr.rpartition("/")[2], 64
    router = Port("vpc", host.name, (f"{ipv4_router(host)}/{length}", f"{ipv6_router(host)}/{ipv6_length}"))
    return Link(router, Port(host.name, "eth0", (f"{host.address}/{length}", f"{ipv6_address(host)}/{ipv6_length}")))


def _endpoint_link(number: int, vantage: Host) -> Link:
    """The gateway endpoint of a vantage: the emulated AWS and nothing else is behind it."""
    service = Port(ROOT, f"aws-{vantage.name}", (f"{world.AWS_SERVICE_ADDRESS}/32",))
    return Link(service, Port(vantage.name, "aws", (f"169.254.100.{10 + number}/32",)))


def _vpc_host(host: Host) -> Node:
    routes = (f"route replace default via {ipv4_router(host)}", f"route replace default via {ipv6_router(host)}")
    if host not in INSTANCES:
        return Node(host.name, routes=routes)
    rule = f'oifname "eth0" ip saddr {world.VPC_CIDR} ip daddr != {world.VPC_CIDR} masquerade'
    masquerade = f"chain postrouting {{ type nat hook postrouting priority srcnat; {rule}; }}"
    return Node(host.name, forwards=True, routes=routes, tables=(("ip nat", masquerade),))


def _vpc_router() -> Node:
    """The implicit router: local routes first, then the table of the subnet that a packet comes from."""
    rules = tuple(
        f"rule add pref {200 + subnet_number(host)} iif {host.name} lookup {1000 + subnet_number(host)}"
        for host in VPC_HOSTS
    )
    # What the VPC has no host for, and what no table routes, vanishes: a router would answer with an ICMP error.
    return Node(
        "vpc",
        forwards=True,
        routes=(f"route replace blackhole {world.VPC_CIDR}",),
        rules=(*_both_families(("rule add pref 100 lookup main", *rules)), "rule add pref 1000 blackhole"),
    )


def _both_families(rules: tuple[str, ...]) -> tuple[str, ...]:
    return rules + tuple(f"-6 {rule}" for rule in rules)


def _transit_gateway() -> Node:
    rules = ("rule add pref 100 lookup 1000", "rule add pref 200 blackhole")
    return Node("tgw", forwards=True, rules=rules)


def _internet_gateway() -> Node:
    outward = ", ".join(f"{private} : {public}" for private, public in ELASTIC_ADDRESSES.items())
    inward = ", ".join(f"{public} : {private}" for private, public in ELASTIC_ADDRESSES.items())
    private = ", ".join(ELASTIC_ADDRESSES)
    chains = f"""
chain prerouting {{
    type nat hook prerouting priority dstnat
    iifname "internet" dnat to ip daddr map {{ {inward} }}
}}
chain postrouting {{
    type nat hook postrouting priority srcnat
    oifname "internet" snat to ip saddr map {{ {outward} }}
}}
chain forward {{
    type filter hook forward priority filter
    iifname "vpc" ip saddr != {{ {private} }} drop
}}
"""
    route = f"route replace {world.VPC_CIDR} via {VPC_TO_IGW.address}"
    return Node("igw", forwards=True, routes=(route,), tables=(("ip nat", chains),))


def _vpn_host() -> Node:
    routes = (
        f"route replace default via {TGW_TO_VPN.address}",
        f"route replace {world.ON_PREMISES_CIDR} via {LINE_TO_VPN.address}",
    )
    return Node("vpn", forwards=True, routes=routes)


def _on_premises() -> Node:
    """Answers go back by the way that the newest packet of their flow came in.

    That is what BGP does when it withdraws a dead line on both ends.
    """
    routes = (
        f"address replace {world.ON_PREMISES.address}/32 dev lo",
        f"route replace default via {TGW_TO_DX.address}",
        # With the port to Direct Connect shut, the kernel still needs some route before the marks below choose one.
        f"route replace default via {VPN_TO_LINE.address} metric 200",
        f"route replace default via {TGW_TO_DX.address} table 1",
        f"route replace default via {VPN_TO_LINE.address} table 2",
    )
    rules = ("rule add pref 100 fwmark 1 lookup 1", "rule add pref 101 fwmark 2 lookup 2")
    chains = """
chain prerouting {
    type filter hook prerouting priority mangle
    iifname "dx" ct mark set 1
    iifname "vpn" ct mark set 2
}
chain output { type route hook output priority mangle; meta mark set ct mark; }
"""
    return Node("on-premises", forwards=True, routes=routes, rules=rules, tables=(("inet way-back", chains),))


TOPOLOGY: Final = Topology(
    nodes=(
        *(_vpc_host(host) for host in VPC_HOSTS),
        _vpc_router(),
        _internet_gateway(),
        Node("internet", routes=(f"route replace default via {IGW_TO_INTERNET.address}",)),
        _transit_gateway(),
        _vpn_host(),
        _on_premises(),
    ),
    links=(
        *(_subnet_link(host) for host in VPC_HOSTS),
        *(_endpoint_link(number, vantage) for number, vantage in enumerate(VANTAGES, start=1)),
        Link(VPC_TO_TGW, TGW_TO_VPC),
        Link(VPC_TO_IGW, IGW_TO_VPC),
        Link(IGW_TO_INTERNET, INTERNET),
        DX_LINE,
        Link(TGW_TO_VPN, VPN_TO_TGW),
        VPN_LINE,
    ),
    services=(
        Service(world.NAT_A.name, 22),
        Service(world.NAT_B.name, 22),
        Service(world.VPN.name, 22),
        Service(world.DX_ROUTER.name, 179),
        Service(world.INTERNET.name, 80, http=True),
        Service(world.INTERNET.name, 443, http=True),
    ),
)
