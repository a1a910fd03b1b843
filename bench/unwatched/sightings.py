"""Probes as their targets see them arrive, with the kernel's timestamps."""

from __future__ import annotations

import select
import socket
import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from lab.network.namespace import entered

_SO_TIMESTAMPNS: Final = 35  # asm-generic/socket.h
_ETH_P_IP: Final = 0x0800
_OUTGOING: Final = 4  # linux/if_packet.h
_TIME: Final = struct.Struct("qq")
_LOOK_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class Sighting:
    """A probe that arrived: when (epoch seconds), from where, where to and as what."""

    at: float
    source: str
    destination: str
    kind: str


@dataclass(frozen=True, slots=True)
class Place:
    """A target's door: a device in a namespace."""

    namespace: str
    device: str


def parse(packet: bytes, at: float) -> Sighting | None:
    """What an IPv4 packet is, if it is a probe: an echo request or the beginning of a TCP connection."""
    if len(packet) < 20:
        return None
    payload = packet[(packet[0] & 0x0F) * 4 :]
    match packet[9]:
        case 1 if payload[:1] == b"\x08":
            kind = "icmp"
        case 6 if len(payload) >= 14 and payload[13] & 0x12 == 0x02:  # SYN without ACK, RFC 9293
            kind = f"tcp {int.from_bytes(payload[2:4])}"
        case _:
            return None
    return Sighting(at, socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20]), kind)


class Lookout:
    """Looks at the targets' doors for as long as the context lasts; `seen` holds what arrived, by place."""

    def __init__(self, places: Mapping[str, Place]) -> None:
        """Look at `places`, by target. Raises OSError, NetworkError."""
        self.seen: dict[str, list[Sighting]] = {target: [] for target in places}
        self._sockets = {_open(place): target for target, place in places.items()}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, name="lookout", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        for door in self._sockets:
            door.close()

    def _look(self) -> None:
        while not self._ended.is_set():
            for door in select.select(list(self._sockets), [], [], _LOOK_SECONDS)[0]:
                packet, extra, _, sender = door.recvmsg(2048, 64)
                sighting = parse(packet, _timestamp(extra)) if sender[2] != _OUTGOING else None
                if sighting is not None:
                    self.seen[self._sockets[door]].append(sighting)


def _open(place: Place) -> socket.socket:
    with entered(place.namespace):
        door = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_IP))
        door.bind((place.device, _ETH_P_IP))
    door.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    return door


def _timestamp(extra: list[tuple[int, int, bytes]]) -> float:
    seconds, nanoseconds = next(_TIME.unpack(data) for _, kind, data in extra if kind == _SO_TIMESTAMPNS)
    return float(seconds + nanoseconds / 1e9)
