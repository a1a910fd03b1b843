"""Probes as other systems send them: one at a time, from a namespace, each with its own patience."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import time
from collections.abc import Callable, Sequence
from typing import Final

from bench.blackout.rules import Rule
from lab.network.measure import open_echo
from lab.network.namespace import entered

_ECHO: Final = struct.Struct("!BBHHHQ")
"""Type, code, checksum and identifier (the kernel's business), sequence; our own number as the payload."""
_REQUEST: Final = 8  # RFC 792
Probe = Callable[[float], bool]
"""Takes its patience in seconds and tells whether it was answered."""


class Echo:
    """Numbered ICMP echo requests on one socket; an answer counts for the request that it belongs to."""

    def __init__(self, namespace: str, address: str) -> None:
        """Open the socket. Raises OSError, NetworkError."""
        with entered(namespace):
            self._socket = open_echo(address)
        self._address = address
        self._number = 0

    def send(self) -> int:
        """Send one request; its number. One that cannot be sent will not be answered."""
        self._number += 1
        request = _ECHO.pack(_REQUEST, 0, 0, 0, self._number & 0xFFFF, self._number)
        with contextlib.suppress(OSError):
            self._socket.sendto(request, (self._address, 0))
        return self._number

    def receive(self, seconds: float) -> int | None:
        """The number of the next answer, if one comes within so many seconds."""
        if not select.select([self._socket], [], [], max(0.0, seconds))[0]:
            return None
        try:
            data = self._socket.recv(2048)
        except OSError:
            return None
        return int(_ECHO.unpack_from(data)[-1]) if len(data) >= _ECHO.size else None

    def __call__(self, timeout_seconds: float) -> bool:
        """Send one request and wait for its answer, no longer than the timeout."""
        number, deadline = self.send(), time.monotonic() + timeout_seconds
        while (left := deadline - time.monotonic()) > 0:
            if self.receive(left) == number:
                return True
        return False

    def close(self) -> None:
        self._socket.close()


class Connect:
    """A TCP connection a probe; a refusal is no answer here."""

    def __init__(self, namespace: str, address: str, port: int) -> None:
        self._namespace = namespace
        self._place = (address, port)

    def __call__(self, timeout_seconds: float) -> bool:
        with entered(self._namespace):
            connection = socket.socket()
        with connection:
            connection.settimeout(timeout_seconds)
            try:
                connection.connect(self._place)
            except OSError:
                return False
        return True

    def close(self) -> None:
        """Nothing stays open."""


def play(rule: Rule, probes: Sequence[Probe]) -> bool:
    """Send one round of a rule, its probes in turn; whether it counts as answered."""
    answered = False
    for number in range(rule.probes):
        begun = time.monotonic()
        answered = probes[number % len(probes)](rule.timeout_seconds) or answered
        if answered and rule.first_answer_ends:
            break
        if number + 1 < rule.probes:
            time.sleep(max(0.0, begun + rule.spacing_seconds - time.monotonic()))
    return answered
