"""TCP connections for the probes. They are non-blocking and limited in number, and every ending is told apart.

A failure before the first packet could leave is this machine's own. What comes back later is evidence.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from routekeeper.probes.icmp_errors import next_icmp_error, want_icmp_errors
from routekeeper.probes.resolving import Address
from routekeeper.probes.waiting import Wait, wait_ready

CONNECTION_LIMIT: Final = 768
"""Connections open at once. A function has 1,024 file descriptors (Lambda quotas); others need theirs."""

_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)
"""SO_LINGER of 0 s. Closing sends a reset, so thousands of probes leave no TIME_WAIT and no port behind."""

_AFTER_THE_HANDSHAKE: Final = frozenset({errno.ECONNRESET, errno.EPIPE})
"""How a reset is reported after a connection was established. Before that it is ECONNREFUSED (tcp(7))."""
_FROM_OUTSIDE: Final = frozenset({errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ETIMEDOUT})
"""Reported after the SYN has left: by a router, or because a neighbour is silent, with or without an ICMP error."""

OpenSocket = Callable[[int, int], socket.socket]
"""Family and type to a socket. Raises OSError."""


class Ending(Enum):
    """How an attempt to connect ended."""

    CONNECTED = "connected"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    SILENT = "silent"
    NOT_SENT = "not sent"
    """This machine could not send, so nothing is known about the path."""


@dataclass(frozen=True, slots=True)
class Attempt:
    ending: Ending
    words: str
    sent_at: float
    """Loop time."""
    wait: Wait = Wait.READY


class Connection:
    """One socket and its way to a peer. The caller of `Connector.open` closes it."""

    __slots__ = ("_connector", "socket")

    def __init__(self, connector: Connector, sock: socket.socket) -> None:
        self._connector = connector
        self.socket = sock

    async def connect(self, address: Address, port: int, deadline: float) -> Attempt:
        """Connect, at most until `deadline` (loop time). A failed attempt raises nothing."""
        loop = asyncio.get_running_loop()
        sock = self.socket
        sent_at = loop.time()
        try:
            want_icmp_errors(sock)
            code = sock.connect_ex(address.at(port))
        except (OSError, OverflowError) as error:  # OverflowError: no such port
            return Attempt(Ending.NOT_SENT, str(error), sent_at)
        if code == errno.EINPROGRESS:
            wait = await wait_ready(loop, sock.fileno(), deadline, writing=True)
            if wait is not Wait.READY:
                return Attempt(Ending.SILENT, "no answer", sent_at, wait)
            return _answer(sock, address, sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), sent_at)
        if code in (0, errno.ECONNREFUSED):
            return _answer(sock, address, code, sent_at)
        return Attempt(Ending.NOT_SENT, os.strerror(code).lower(), sent_at)

    def close(self) -> None:
        """Close at once, with a reset if the peer holds a connection."""
        self._connector.release(self.socket)


class Connector:
    """Hands out sockets, never more than `limit` at once."""

    def __init__(self, limit: int = CONNECTION_LIMIT, open_socket: OpenSocket = socket.socket) -> None:
        self._limit = limit
        self._open_socket = open_socket
        self._open = 0

    def open(self, family: int) -> Connection | str:
        """A connection that is not yet connected, or why there is none."""
        if self._open >= self._limit:
            return f"no descriptor free, {self._limit} probes are connected or connecting"
        try:
            sock = self._open_socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                return f"no descriptor free, {os.strerror(error.errno).lower()}"
            return f"no socket, {error.strerror or error}"
        self._open += 1
        return Connection(self, sock)

    def release(self, sock: socket.socket) -> None:
        """Close a socket and free its place. Its owner calls this exactly once."""
        self._open -= 1
        with contextlib.suppress(OSError):  # A socket that TLS refused to take over is closed already.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        sock.close()


def _answer(sock: socket.socket, address: Address, code: int, sent_at: float) -> Attempt:
    """Judge what came back: `code` is the socket's error, 0 for a completed handshake."""
    if code == 0:
        return Attempt(Ending.CONNECTED, "connected", sent_at)
    if code in _AFTER_THE_HANDSHAKE:
        return Attempt(Ending.CONNECTED, "connected, then reset by the peer", sent_at)
    reported = next_icmp_error(sock)
    if reported is not None and not (code == errno.ECONNREFUSED and reported.sender == address.ip):
        # If a firewall on the way answers in the host's place, that proves nothing about the rest of the way.
        return Attempt(Ending.UNREACHABLE, f"{reported.sender} reports {reported.words}", sent_at)
    words = os.strerror(code).lower()
    if code == errno.ECONNREFUSED:
        return Attempt(Ending.REFUSED, words, sent_at)
    if code in _FROM_OUTSIDE:
        return Attempt(Ending.UNREACHABLE, words, sent_at)
    return Attempt(Ending.NOT_SENT, words, sent_at)
