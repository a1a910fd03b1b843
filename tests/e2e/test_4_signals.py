"""AWS says that an instance will go, and traffic has left it before the first packet is lost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from lab.cloud.user_view import wait_for
from lab.laboratory import Laboratory
from lab.network.measure import Measurement
from lab.network.record import Packet
from lab.world import INTERNET, PRIVATE_A, PRIVATE_B, Host
from tests.e2e import user

pytestmark = [pytest.mark.network, pytest.mark.e2e, pytest.mark.timeout(240)]

RATE_HZ = 50
CALM_SECONDS = 1.0
AFTERMATH_SECONDS = 2.0


@dataclass(slots=True)
class Traffic:
    packets: tuple[Packet, ...] = field(default=())

    @property
    def lost(self) -> list[Packet]:
        return [packet for packet in self.packets if packet.lost]


@contextmanager
def traffic(source: Host) -> Iterator[Traffic]:
    """A ping from the host to the internet, from a moment before until well after; complete at the end."""
    told = Traffic()
    with Measurement(source.name, INTERNET.address, RATE_HZ) as measurement:
        time.sleep(CALM_SECONDS)
        yield told
        time.sleep(AFTERMATH_SECONDS)
        told.packets = measurement.stop()


def state(lab: Laboratory, instance: str) -> str:
    [reservation] = lab.aws.client("ec2").describe_instances(InstanceIds=[instance])["Reservations"]
    return str(reservation["Instances"][0]["State"]["Name"])


def both_healthy(lab: Laboratory) -> bool:
    paths = user.status(lab, "private-b")["paths"]
    return {path["health"] for path in paths.values()} == {"HEALTHY"}


@pytest.fixture(scope="module")
def calm(lab: Laboratory) -> Laboratory:
    """Both NAT instances well, each group on its own."""
    wait_for(lambda: both_healthy(lab), 120, "both NAT instances HEALTHY")
    for group, path in (("private-a", "nat-a"), ("private-b", "nat-b")):
        wait_for(lambda g=group, p=path: user.status(lab, g)["path"] == p, 180, f"{group} on {path}")  # type: ignore[misc]
    return lab


@pytest.fixture
def stopped(calm: Laboratory) -> Laboratory:
    """NAT instance B is stopped, and its zone's traffic is on A."""
    nat_b = calm.world.instances["nat-b"]
    if state(calm, nat_b) == "running":
        calm.aws.client("ec2").stop_instances(InstanceIds=[nat_b])
    wait_for(lambda: state(calm, nat_b) == "stopped", 15, "the instance has stopped")
    wait_for(lambda: user.status(calm, "private-b")["path"] == "nat-a", 10, "private-b on nat-a")
    return calm


def plan_maintenance(lab: Laboratory, name: str, status: str) -> None:
    now = datetime.now(UTC)
    detail = {
        "eventArn": "arn:aws:health:eu-central-1::event/EC2/AWS_EC2_SYSTEM_MAINTENANCE_EVENT/MAINTENANCE_1",
        "service": "EC2",
        "eventTypeCode": "AWS_EC2_SYSTEM_MAINTENANCE_EVENT",
        "eventTypeCategory": "scheduledChange",
        "statusCode": status,
        "lastUpdatedTime": f"{now:%a, %d %b %Y %H:%M:%S GMT}",
        "startTime": f"{now:%a, %d %b %Y %H:%M:%S GMT}",
        "affectedEntities": [{"entityValue": lab.world.instances[name]}],
    }
    lab.aws.say("aws.health", "AWS Health Event", detail)


def test_an_instance_whose_maintenance_begins_is_left_and_may_be_used_again_once_that_is_called_off(
    calm: Laboratory,
) -> None:
    moves = len(user.history(calm, "private-a", "failover"))
    with traffic(PRIVATE_A) as ping:
        plan_maintenance(calm, "nat-a", "open")
        moved = user.await_event(calm, "private-a", "failover", count=moves + 1, timeout_seconds=10)
    assert f"AWS has planned maintenance of {calm.world.instances['nat-a']}" in moved["reason"]
    assert ping.lost == []
    [signal] = user.status(calm, "private-a")["paths"]["nat-a"]["signals"]
    assert (signal["kind"], signal["upcoming"]) == ("maintenance", False)
    plan_maintenance(calm, "nat-a", "closed")
    wait_for(lambda: user.status(calm, "private-a")["paths"]["nat-a"]["health"] == "HEALTHY", 10, "nat-a HEALTHY")
    assert user.ask(calm, "failback", "private-a")["ok"]
    wait_for(lambda: user.default_route(calm, calm.world.route_tables["private-a"]) == "nat-a", 10, "back on nat-a")


def test_a_stop_through_the_api_loses_no_packet_of_a_50_hz_ping(calm: Laboratory) -> None:
    nat_b = calm.world.instances["nat-b"]
    moves = len(user.history(calm, "private-b", "failover"))
    with traffic(PRIVATE_B) as ping:
        calm.aws.client("ec2").stop_instances(InstanceIds=[nat_b])
        moved = user.await_event(calm, "private-b", "failover", count=moves + 1, timeout_seconds=10)
        assert state(calm, nat_b) == "stopping", "traffic has left before the instance is down"
        wait_for(lambda: state(calm, nat_b) == "stopped", 15, "the instance has stopped")
    assert f"EC2 says that {nat_b} is stopping (instance state-change notification" in moved["reason"]
    assert (moved["to"], moved["first_loss_at"]) == ("nat-a", None)
    assert len(ping.packets) > RATE_HZ * (CALM_SECONDS + AFTERMATH_SECONDS)
    assert ping.lost == []


@pytest.mark.long
def test_once_the_instance_has_been_started_traffic_goes_back(stopped: Laboratory) -> None:
    returns = len(user.history(stopped, "private-b", "failback"))
    stopped.aws.client("ec2").start_instances(InstanceIds=[stopped.world.instances["nat-b"]])
    back = user.await_failback(stopped, "private-b", count=returns + 1, timeout_seconds=120)
    assert back["to"] == "nat-b"
    assert user.status(stopped, "private-b")["paths"]["nat-b"]["signals"] == []


@pytest.mark.long
def test_a_spot_instance_that_is_warned_is_left_at_once(calm: Laboratory) -> None:
    nat_b = calm.world.instances["nat-b"]
    moves = len(user.history(calm, "private-b", "failover"))
    with traffic(PRIVATE_B) as ping:
        detail = {"instance-id": nat_b, "instance-action": "terminate"}
        calm.aws.say("aws.ec2", "EC2 Spot Instance Interruption Warning", detail)
        moved = user.await_event(calm, "private-b", "failover", count=moves + 1, timeout_seconds=10)
    assert f"EC2 is about to terminate the spot instance {nat_b}" in moved["reason"]
    assert ping.lost == []


@pytest.mark.long
def test_a_termination_loses_no_packet_though_the_other_instance_is_announced_to_go(calm: Laboratory) -> None:
    nat_a = calm.world.instances["nat-a"]
    moves = len(user.history(calm, "private-a", "failover"))
    with traffic(PRIVATE_A) as ping:
        calm.aws.client("ec2").terminate_instances(InstanceIds=[nat_a])
        moved = user.await_event(calm, "private-a", "failover", count=moves + 1, timeout_seconds=10)
        assert state(calm, nat_a) == "shutting-down", "traffic has left before the instance is gone"
        wait_for(lambda: state(calm, nat_a) == "terminated", 15, "the instance is gone")
    assert f"EC2 says that {nat_a} is shutting-down" in moved["reason"]
    assert moved["to"] == "nat-b"
    assert ping.lost == []
