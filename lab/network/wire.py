"""A wire that delays: it carries packets from one port of a line to the other in place of the bridge.

Not every kernel has the netem queueing discipline; a packet socket is everywhere. One process carries one direction:

    python -m lab.network.wire NAMESPACE FROM TO DELAY_SECONDS LOSS

It writes a line to its standard output once it carries.

Why: docs/decisions/delay-in-the-laboratory.md
"""

from __future__ import annotations

import random
import select
import socket
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from lab.network.namespace import entered

# linux/if_packet.h, linux/if_ether.h
_SOL_PACKET: Final = 263
_PACKET_VNET_HDR: Final = 15
_PACKET_OUTGOING: Final = 4
_ETH_P_ALL: Final = 3
_LARGEST: Final = 65_536 + 64
"""Bytes: a segment that the sender left for its (virtual) card to cut up arrives whole."""


@dataclass(slots=True)
class Wire:
    """One direction; packets keep their order."""

    entry: socket.socket
    exit: socket.socket
    delay_seconds: float
    loss: float
    underway: deque[tuple[float, bytes]] = field(default_factory=deque)
    """Packets with the monotonic time each is due."""

    def carry(self) -> None:
        """Wait for the next packet to arrive or come due, and deal with it."""
        timeout = max(0.0, self.underway[0][0] - time.monotonic()) if self.underway else None
        arrived, _, _ = select.select([self.entry], [], [], timeout)
        if arrived:
            self._take_in()
        while self.underway and self.underway[0][0] <= time.monotonic():
            self._let_out(self.underway.popleft()[1])

    def _take_in(self) -> None:
        packet, sender = self.entry.recvfrom(_LARGEST)
        if sender[2] != _PACKET_OUTGOING and random.random() >= self.loss:
            self.underway.append((time.monotonic() + self.delay_seconds, packet))

    def _let_out(self, packet: bytes) -> None:
        try:
            self.exit.send(packet)
        except OSError:
            return  # the port is down or its queue full: a wire loses what it cannot deliver


def attach(device: str) -> socket.socket:
    """A packet socket on a device of this thread's namespace.

    Each packet is preceded by its offload header, so that checksums left to the card stay so. Raises OSError.
    """
    port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    port.setsockopt(_SOL_PACKET, _PACKET_VNET_HDR, 1)
    port.bind((device, _ETH_P_ALL))
    return port


def main(arguments: Sequence[str]) -> None:
    """Carry packets until killed."""
    namespace, entry, exit_, delay_seconds, loss = arguments
    with entered(namespace):
        wire = Wire(attach(entry), attach(exit_), float(delay_seconds), float(loss))
    print("carrying", flush=True)
    while True:
        wire.carry()


if __name__ == "__main__":
    main(sys.argv[1:])
