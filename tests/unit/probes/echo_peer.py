"""A far side for echo requests that a test holds in its hand: no kernel answers, the test does."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque
from typing import Any, cast

PACKET = struct.Struct("!BBHHHQ")
REQUEST, REPLY = 8, 0


class EchoPeer:
    """Stands in for the ICMP socket. What was sent is in `sent`; `reply` lets an answer arrive."""

    family = socket.AF_INET

    def __init__(self) -> None:
        self.sent: list[tuple[int, int, str]] = []
        """Sequence, number and address of every request."""
        self.send_errors: deque[OSError] = deque()
        self.dropped = 0
        self.reads = 0
        self.errors_read = asyncio.Event()
        self._inbox: deque[tuple[bytes, str]] = deque()
        self._errors: deque[tuple[bytes, list[tuple[int, int, bytes]], int, tuple[str, int]]] = deque()
        self._ours, self._bell = socket.socketpair()
        self._ours.setblocking(False)

    def open(self, _family: int, _kind: int, _protocol: int) -> socket.socket:
        return cast("socket.socket", self)

    def reply(self, sequence: int, number: int, source: str, kind: int = REPLY) -> None:
        self._inbox.append((PACKET.pack(kind, 0, 0, 0, sequence, number), source))
        self._bell.send(b"!")

    def unreachable(self, sequence: int, destination: str, router: str, quoted_number: int | None = None) -> None:
        quoted = PACKET.pack(REQUEST, 0, 0, 0, sequence, quoted_number or 0)
        extended = struct.pack("=IBBBBII", 113, 2, 3, 1, 0, 0, 0)
        offender = struct.pack("=HH4s8x", socket.AF_INET, 0, socket.inet_aton(router))
        control = [(socket.IPPROTO_IP, 11, extended + offender)]
        self._errors.append((quoted if quoted_number is not None else quoted[:8], control, 0, (destination, 0)))
        self._bell.send(b"!")

    # What the prober calls.
    def fileno(self) -> int:
        return self._ours.fileno()

    def setsockopt(self, *_: object) -> None: ...

    def getsockopt(self, *_: object) -> bytes:
        return struct.pack("=9I", *(0,) * 8, self.dropped)

    def sendto(self, packet: bytes, address: tuple[Any, ...]) -> None:
        if self.send_errors:
            raise self.send_errors.popleft()
        kind, _, _, _, sequence, number = PACKET.unpack(packet)
        assert kind == REQUEST
        self.sent.append((sequence, number, address[0]))

    def recvfrom(self, _size: int) -> tuple[bytes, tuple[str, int]]:
        self.reads += 1
        if not self._inbox:
            self._silence_bell()
            raise BlockingIOError
        packet, source = self._inbox.popleft()
        return packet, (source, 0)

    def recvmsg(self, *_: int) -> tuple[bytes, list[tuple[int, int, bytes]], int, tuple[str, int]]:
        if not self._errors:
            raise BlockingIOError
        if len(self._errors) == 1:
            self.errors_read.set()
        return self._errors.popleft()

    def close(self) -> None:
        self._ours.close()
        self._bell.close()

    def _silence_bell(self) -> None:
        try:
            self._ours.recv(1024)
        except BlockingIOError:
            return
