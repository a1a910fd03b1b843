"""The real router and steerer on the emulated EC2: a static route to Direct Connect beside the reference to the VPN."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from lab.memory_store import MemoryStore, MemoryTable
from routekeeper.domain.group_state import TransitionKind
from routekeeper.domain.health import Health, TargetHealth
from routekeeper.domain.settings import Configuration, Group, IcmpProbe, Path, Target
from routekeeper.domain.steering import NextHop, NextHopKind, TgwPrefixList
from routekeeper.domain.vantage import Vantage
from routekeeper.ec2.errors import OUTRANKED
from routekeeper.ec2.steering.kinds import steerers
from routekeeper.router import Dependencies, GroupReport, Router
from tests.emulated.emulated_ec2 import EmulatedEc2, ec2_in_process
from tests.fakes.routes import FakePeople

ON_PREMISES = "10.3.0.0/18"
WRITES = ["CreateTransitGatewayPrefixListReference"]


@dataclass(slots=True)
class Line:
    """A group on Direct Connect with a VPN behind it."""

    ec2: EmulatedEc2
    configuration: Configuration
    place: TgwPrefixList
    store: MemoryStore
    people: FakePeople
    dx_attachment: str

    def run(self, dx: Health) -> GroupReport:
        """A minute later, with this health of Direct Connect."""
        self.ec2.wait(60)
        now = self.ec2.clock()
        for target, health in (("dx", dx), ("vpn", Health.HEALTHY)):
            self.store.save_health("a", 1, target, TargetHealth(health, now - 5, health.value))
        self.store.save_vantage(Vantage("a", 1, now))
        dependencies = Dependencies(
            self.store, steerers(self.ec2.client), self.people, self.ec2.clock, self.ec2.wait, lambda _: None
        )
        [report] = Router(self.configuration, dependencies).run(f"run-{now}", now + 30)
        return report

    def static_route(self, call: str, **target: str) -> None:
        """Somebody creates or deletes it."""
        getattr(self.ec2.client, call)(
            TransitGatewayRouteTableId=self.place.route_table, DestinationCidrBlock=ON_PREMISES, **target
        )
        self.ec2.calls.clear()


@pytest.fixture
def line() -> Iterator[Line]:
    with ec2_in_process() as ec2:
        gateway = ec2.client.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
        table = ec2.client.create_transit_gateway_route_table(TransitGatewayId=gateway)["TransitGatewayRouteTable"]
        prefixes = ec2.client.create_managed_prefix_list(
            PrefixListName="on-premises", MaxEntries=1, AddressFamily="IPv4", Entries=[{"Cidr": ON_PREMISES}]
        )["PrefixList"]["PrefixListId"]
        place = TgwPrefixList(table["TransitGatewayRouteTableId"], prefixes)
        attachments = []
        for cidr in ("10.1.0.0/16", "10.2.0.0/16"):
            vpc = ec2.client.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]
            subnet = ec2.client.create_subnet(VpcId=vpc, CidrBlock=cidr)["Subnet"]["SubnetId"]
            made = ec2.client.create_transit_gateway_vpc_attachment(
                TransitGatewayId=gateway, VpcId=vpc, SubnetIds=[subnet]
            )
            attachments.append(made["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"])
        dx, vpn = attachments
        ec2.calls.clear()
        ec2.clock.now = 1_800_000_000.0
        paths = (Path("dx", "dx"), Path("vpn", "vpn", (NextHop(NextHopKind.ATTACHMENT, vpn),)))
        targets = {name: Target(name, (IcmpProbe(name, 0.75),)) for name in ("dx", "vpn")}
        configuration = Configuration(targets, {"idc": Group("idc", (place,), paths)})
        yield Line(ec2, configuration, place, MemoryStore(MemoryTable(), writer="test"), FakePeople(), dx)


def test_a_failover_that_a_static_route_outranks_is_told_as_not_done_until_that_route_is_gone(line: Line) -> None:
    line.static_route("create_transit_gateway_route", TransitGatewayAttachmentId=line.dx_attachment)
    assert line.run(Health.HEALTHY).error is None

    reports = [line.run(Health.UNHEALTHY) for _ in range(3)]

    words = f"the static route {ON_PREMISES} to {line.dx_attachment} outranks the reference to"
    assert [words in str(report.error) for report in reports] == [True] * 3
    assert line.ec2.calls == WRITES, "it is written once"
    [failover] = line.store.transitions("idc", 5)
    assert failover.kind is TransitionKind.FAILOVER
    assert failover.changes[0].refusal is not None
    assert failover.changes[0].refusal.code == OUTRANKED
    assert line.people.told == [failover]

    line.static_route("delete_transit_gateway_route")
    assert line.run(Health.UNHEALTHY).error is None
    completion = line.store.transitions("idc", 5)[0]
    assert (completion.kind, completion.changes[0].refusal) == (TransitionKind.COMPLETION, None)
    assert line.ec2.calls == []


def test_without_a_static_route_the_same_failover_is_done(line: Line) -> None:
    line.run(Health.HEALTHY)
    assert line.run(Health.UNHEALTHY).error is None
    [failover] = line.store.transitions("idc", 5)
    assert failover.changes[0].refusal is None
    assert line.ec2.calls == WRITES
