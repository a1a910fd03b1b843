"""Witnesses that look on from the first moment: probes arriving at a target, and what EC2 says of the instances."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from lab.cloud.local_aws import LocalAws
from lab.network.namespace import entered
from lab.world import Host

_ETH_P_IP = 0x0800
_PACKET_OUTGOING = 4  # linux/if_packet.h
_TCP = 6
_SYN = 0x02
_SYN_ACK = 0x12
LOOK_EVERY_SECONDS = 0.5


@dataclass(slots=True)
class Sightings:
    """When probes from each address arrived at one target's interface, in epoch seconds."""

    target: Host
    port: int
    seen: dict[str, list[float]] = field(default_factory=dict)

    def longest_gap(self, *sources: Host) -> float:
        """The longest time in seconds without a probe from any of the sources, from the first one until now."""
        times = sorted(at for source in sources for at in self.seen[source.address])
        return max(later - earlier for earlier, later in pairwise([*times, time.time()]))

    def follow(self, ended: threading.Event) -> None:
        with entered(self.target.name):
            packets = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_IP))
        packets.settimeout(LOOK_EVERY_SECONDS)
        with packets:
            while not ended.is_set():
                with contextlib.suppress(TimeoutError):
                    packet, sender = packets.recvfrom(256)
                    if sender[2] != _PACKET_OUTGOING:
                        self._look(packet)

    def _look(self, packet: bytes) -> None:
        header = (packet[0] & 0x0F) * 4
        if packet[9] != _TCP or len(packet) < header + 14:
            return
        (port,) = struct.unpack_from("!H", packet, header + 2)
        if port == self.port and packet[header + 13] & _SYN_ACK == _SYN:
            self.seen.setdefault(socket.inet_ntoa(packet[12:16]), []).append(time.time())


@dataclass(slots=True)
class InstanceStates:
    """What EC2 called each instance, look by look: state by instance ID."""

    aws: LocalAws
    looks: list[dict[str, str]] = field(default_factory=list)

    def follow(self, ended: threading.Event) -> None:
        ec2, version = self.aws.client("ec2"), 0
        while not ended.is_set():
            reservations = ec2.describe_instances()["Reservations"]
            found = (instance for reservation in reservations for instance in reservation["Instances"])
            self.looks.append({instance["InstanceId"]: instance["State"]["Name"] for instance in found})
            # With every change: an instance may be `stopped` for a moment only.
            version, _ = self.aws.ec2_controls.changes(version, LOOK_EVERY_SECONDS)

    def course(self, instance: str) -> list[str]:
        """The states of one instance in order, each as often as it was entered."""
        states = [look[instance] for look in self.looks]
        return [state for n, state in enumerate(states) if n == 0 or state != states[n - 1]]


@contextlib.contextmanager
def following(*witnesses: Callable[[threading.Event], None]) -> Iterator[None]:
    """Every witness in a thread of its own, for as long as the context lasts."""
    ended = threading.Event()
    threads = [threading.Thread(target=witness, args=(ended,), name="witness") for witness in witnesses]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()
