"""Reads that show for some seconds after a change what was before it."""

from __future__ import annotations

import pytest

from tests.lab.cloud.conftest import ANYWHERE, Emulation, Gateway, Site, default_route, state
from tests.lab.cloud.test_prefix_list_references import create, references, route


@pytest.fixture
def stale(emulation: Emulation, site: Site, gateway: Gateway) -> Emulation:
    """An EC2 whose reads are five seconds late. Site and gateway were made long before."""
    del site, gateway
    emulation.lab.settings = emulation.lab.settings.changed({"stale_seconds": 5, "reference_seconds": 0})
    emulation.clock.now += 100
    return emulation


def replace(emulation: Emulation, site: Site, instance: str) -> None:
    emulation.ec2.replace_route(RouteTableId=site.table, DestinationCidrBlock=ANYWHERE, InstanceId=instance)


def test_a_route_is_shown_as_it_was_until_the_time_is_over(stale: Emulation, site: Site) -> None:
    replace(stale, site, site.second)
    assert default_route(stale, site)["InstanceId"] == site.first
    stale.wait(4.9)
    assert default_route(stale, site)["InstanceId"] == site.first
    stale.wait(0.2)
    assert default_route(stale, site)["InstanceId"] == site.second


def test_each_change_is_seen_in_its_own_time(stale: Emulation, site: Site) -> None:
    replace(stale, site, site.second)
    stale.wait(3)
    replace(stale, site, site.first)
    assert default_route(stale, site)["InstanceId"] == site.first
    stale.wait(2.5)
    assert default_route(stale, site)["InstanceId"] == site.second
    stale.wait(3)
    assert default_route(stale, site)["InstanceId"] == site.first


def test_a_change_acts_on_what_is_and_not_on_what_reads_show(stale: Emulation, site: Site) -> None:
    which = {"RouteTableId": site.table, "DestinationCidrBlock": "10.8.0.0/16"}
    stale.ec2.create_route(**which, InstanceId=site.first)
    assert len(routes(stale, site)) == 2, "the local one and the default one"
    stale.ec2.replace_route(**which, InstanceId=site.second)
    stale.wait(6)
    assert len(routes(stale, site)) == 3


def test_references_and_what_follows_from_them_are_late(stale: Emulation, gateway: Gateway) -> None:
    create(stale, gateway)
    assert references(stale, gateway) == []
    assert route(stale, gateway) is None
    stale.wait(6)
    assert [shown["State"] for shown in references(stale, gateway)] == ["available"]
    assert route(stale, gateway) is not None


def test_states_of_instances_are_late(stale: Emulation, site: Site) -> None:
    stale.ec2.stop_instances(InstanceIds=[site.first])
    assert state(stale, site.first) == "running"
    stale.wait(6)
    assert state(stale, site.first) == "stopping"


def test_reads_are_not_late_unless_that_is_asked_for(emulation: Emulation, site: Site) -> None:
    replace(emulation, site, site.second)
    assert default_route(emulation, site)["InstanceId"] == site.second


def routes(emulation: Emulation, site: Site) -> list[object]:
    table = emulation.ec2.describe_route_tables(RouteTableIds=[site.table])["RouteTables"][0]
    return list(table["Routes"])
