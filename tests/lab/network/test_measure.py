from __future__ import annotations

import time

import pytest

from lab import world
from lab.network.measure import Measurement
from lab.network.network import Network
from lab.network.record import Packet, blackouts
from lab.network.topology import ipv6_address

pytestmark = pytest.mark.network


def test_packets_leave_on_the_beat_whatever_became_of_the_ones_before(network: Network) -> None:
    with Measurement("vantage-a", world.NAT_A.address, 50) as measurement:
        time.sleep(0.4)
        network.hang("nat-a")
        time.sleep(1.2)
        packets = measurement.stop()
    drift = [packet.sent_at - packets[0].sent_at - packet.sequence / 50 for packet in packets]
    assert max(drift) < 0.03
    assert max(drift[-10:]) - max(drift[:10]) < 0.02
    assert {packet.lost for packet in packets} == {True, False}


def test_every_packet_is_reported_once_in_the_end(network: Network) -> None:
    del network
    with Measurement("vantage-a", world.NAT_A.address, 100) as measurement:
        time.sleep(0.5)
        packets = measurement.stop()
    assert [packet.sequence for packet in packets] == list(range(len(packets)))
    assert blackouts(packets) == ()


def test_a_late_answer_corrects_a_loss(routed: Network) -> None:
    routed.dx.delay(0.2)
    seen: list[Packet] = []
    with Measurement(
        "private-a", world.ON_PREMISES.address, 20, timeout_seconds=0.1, on_packet=seen.append
    ) as measurement:
        time.sleep(1)
        first = measurement.packets[0]
        measurement.stop()
    assert seen[0].lost
    assert not first.lost
    assert first.received_at is not None
    assert 0.4 <= first.received_at - first.sent_at < 0.45


def test_ipv6_is_measured_too(network: Network) -> None:
    del network
    with Measurement("vantage-a", ipv6_address(world.NAT_A), 50) as measurement:
        time.sleep(0.3)
        packets = measurement.stop()
    assert packets
    assert not any(packet.lost for packet in packets)
