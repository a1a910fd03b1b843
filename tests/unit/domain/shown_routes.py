"""Two groups and their routes as AWS shows them."""

from routekeeper.domain.refusal import Refusal
from routekeeper.domain.routes import Route
from routekeeper.domain.settings import Group, Path
from routekeeper.domain.steering import NextHop, NextHopKind, TgwPrefixList, VpcRoute

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
