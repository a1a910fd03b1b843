"""The ground of the contest: every contestant's own destination behind the same line or instance.

So one occurrence of a fault measures all of them side by side, and nobody's move changes anybody else's packets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from bench.blackout.rules import RULES, Manner
from lab.laboratory import Laboratory
from lab.network import namespace
from lab.network.topology import IGW_TO_INTERNET, LINE_TO_VPN
from lab.world import DX_ROUTER, INTERNET, NAT_A, NAT_B, ON_PREMISES, ON_PREMISES_CIDR, PRIVATE_A, VANTAGE_A, VPN, World
from routekeeper.domain.settings import Group, Path
from routekeeper.domain.steering import NextHop, NextHopKind, TgwPrefixList, VpcRoute

PRODUCT: Final = "routekeeper"
THROUGH: Final = "routekeeper, probing through"
"""The product with a probe that goes through the NAT instance."""
SOURCE: Final = PRIVATE_A.name
"""Where the measured packets come from."""
VANTAGE: Final = VANTAGE_A.name
"""Where the rules probe from."""

RULES_CIDR: Final = "10.4.0.0/16"
"""On premises, beside what the product steers: a /24 for each rule."""
OUTSIDE_CIDR: Final = "198.51.100.0/24"
"""On the internet (RFC 5737): a /32 for each contestant, and two pinned to the NAT instances."""
THROUGH_ADDRESS: Final = "198.51.100.10"
PINNED: Final = {NAT_A: "198.51.100.201", NAT_B: "198.51.100.202"}
"""Always routed through its instance, from the vantages: so that a probe tests what the instance forwards.

The same as the pinned route to the Direct Connect router (requirement D7), for a NAT instance."""
NAMES: Final = tuple(rule.name for rule in RULES)


@dataclass(frozen=True, slots=True)
class Lane:
    """A contestant's own way: where its packets go, and what is steered for them."""

    name: str
    address: str
    group: Group

    @property
    def preferred(self) -> Path:
        return self.group.paths[0]

    @property
    def standby(self) -> Path:
        return self.group.paths[1]


@dataclass(frozen=True, slots=True)
class Product:
    """A group of the deployed application and the packets that it steers."""

    name: str
    group: str
    address: str


@dataclass(frozen=True, slots=True)
class Ground:
    """One part of the network: the product's groups on it, and where the rules look."""

    products: tuple[Product, ...]
    hosts: Mapping[Manner, str]
    ports: Mapping[Manner, int]


DX: Final = Ground(
    (Product(PRODUCT, "idc", ON_PREMISES.address),),
    dict.fromkeys(Manner, DX_ROUTER.address),
    {Manner.CONNECT: 179, Manner.THROUGH: 179},
)
NAT: Final = Ground(
    (Product(PRODUCT, "private-a", INTERNET.address), Product(THROUGH, "through-a", THROUGH_ADDRESS)),
    {Manner.PING: NAT_A.address, Manner.CONNECT: NAT_A.address, Manner.THROUGH: PINNED[NAT_A]},
    {Manner.CONNECT: 22, Manner.THROUGH: 443},
)


def prepare(lab: Laboratory) -> tuple[tuple[Lane, ...], tuple[Lane, ...]]:
    """Lay the contestants' ways into the network and the emulated EC2; those over Direct Connect, those over NAT."""
    lanes = tuple(_dx_lanes(lab)), tuple(_nat_lanes(lab))
    _network(lanes[0], lanes[1])
    _cloud(lab, lanes[0], lanes[1])
    lab.fabric.synchronise()
    return lanes


def failover_yaml(world: World) -> str:
    """What the product is deployed with: every default of detection and hold-down left alone, no restarts, no damping.

    Damping would hold the way back for an hour: here a line is cut again every few minutes, by design.
    Restarts are left out because this is about routes: the scenarios end before one would begin. Moves are counted, but
    there are more of them in an hour than any brake would let pass.
    """
    nat_a, nat_b = world.instances["nat-a"], world.instances["nat-b"]
    table = world.route_tables[SOURCE]
    return f"""\
version: 1
brake: {{moves: 1000, per: 1h}}
targets:
  dx-router:
    require: any
    probes:
      - {{type: icmp, host: {DX_ROUTER.address}}}
      - {{type: tcp, host: {DX_ROUTER.address}, port: 179}}
  vpn-host:
    probes: [{{type: tcp, host: {VPN.address}, port: 22}}]
  nat-a:
    probes: [{{type: tcp, host: {NAT_A.address}, port: 22}}]
  nat-b:
    probes: [{{type: tcp, host: {NAT_B.address}, port: 22}}]
  through-a:
    require: all
    probes:
      - {{type: tcp, host: {NAT_A.address}, port: 22}}
      - {{type: tcp, host: {PINNED[NAT_A]}, port: 443}}
  through-b:
    require: all
    probes:
      - {{type: tcp, host: {NAT_B.address}, port: 22}}
      - {{type: tcp, host: {PINNED[NAT_B]}, port: 443}}
groups:
  idc:
    steering:
      type: tgw-prefix-list
      route_table: {world.transit_gateway_route_table}
      prefix_list: {world.prefix_lists["on-premises"]}
    paths:
      - {{name: dx, target: dx-router}}
      - {{name: vpn, target: vpn-host, attachment: {world.attachments["vpn"]}}}
    failback: {{damping: off}}
  private-a:
    steering: {{type: vpc-route, route_tables: [{table}], destination: 0.0.0.0/0}}
    paths:
      - {{name: nat-a, target: nat-a, instance: {nat_a}}}
      - {{name: nat-b, target: nat-b, instance: {nat_b}}}
    failback: {{damping: off}}
  through-a:
    steering: {{type: vpc-route, route_tables: [{table}], destination: {THROUGH_ADDRESS}/32}}
    paths:
      - {{name: nat-a, target: through-a, instance: {nat_a}}}
      - {{name: nat-b, target: through-b, instance: {nat_b}}}
    failback: {{damping: off}}
"""


def _dx_lanes(lab: Laboratory) -> Iterator[Lane]:
    world, ec2 = lab.world, lab.aws.client("ec2")
    vpn = NextHop(NextHopKind.ATTACHMENT, world.attachments["vpn"])
    for number, name in enumerate(NAMES, start=1):
        answer = ec2.create_managed_prefix_list(
            PrefixListName=f"rule-{number}",
            AddressFamily="IPv4",
            MaxEntries=1,
            Entries=[{"Cidr": f"10.4.{number}.0/24"}],
        )
        steering = TgwPrefixList(world.transit_gateway_route_table, answer["PrefixList"]["PrefixListId"])
        group = Group(f"dx-{number}", (steering,), (Path("dx"), Path("vpn", next_hops=(vpn,))))
        yield Lane(name, f"10.4.{number}.10", group)


def _nat_lanes(lab: Laboratory) -> Iterator[Lane]:
    world = lab.world
    paths = tuple(
        Path(host.name, next_hops=(NextHop(NextHopKind.INSTANCE, world.instances[host.name]),))
        for host in (NAT_A, NAT_B)
    )
    for number, name in enumerate(NAMES, start=1):
        address = f"198.51.100.{100 + number}"
        yield Lane(
            name, address, Group(f"nat-{number}", (VpcRoute((world.route_tables[SOURCE],), f"{address}/32"),), paths)
        )


def _network(dx: tuple[Lane, ...], nat: tuple[Lane, ...]) -> None:
    namespace.ip("on-premises", [f"address replace {lane.address}/32 dev lo" for lane in dx])
    namespace.ip("vpn", [f"route replace {RULES_CIDR} via {LINE_TO_VPN.address}"])
    outside = [lane.address for lane in nat] + [THROUGH_ADDRESS, *PINNED.values()]
    namespace.ip("internet", [f"address replace {address}/32 dev lo" for address in outside])
    namespace.ip(IGW_TO_INTERNET.namespace, [f"route replace {OUTSIDE_CIDR} via {INTERNET.address}"])


def _cloud(lab: Laboratory, dx: tuple[Lane, ...], nat: tuple[Lane, ...]) -> None:
    world, ec2 = lab.world, lab.aws.client("ec2")
    behind = [f"{lane.address.rpartition('.')[0]}.0/24" for lane in dx]
    lab.aws.ec2_controls.advertise(world.attachments["dx"], ON_PREMISES_CIDR, *behind)
    table = world.route_tables[SOURCE]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock=RULES_CIDR, TransitGatewayId=world.transit_gateway)
    for address in [lane.address for lane in nat] + [THROUGH_ADDRESS]:
        nat_a = world.instances[NAT_A.name]
        ec2.create_route(RouteTableId=table, DestinationCidrBlock=f"{address}/32", InstanceId=nat_a)
    for host, address in PINNED.items():
        for vantage in ("vantage-a", "vantage-b"):
            ec2.create_route(
                RouteTableId=world.route_tables[vantage],
                DestinationCidrBlock=f"{address}/32",
                InstanceId=world.instances[host.name],
            )
