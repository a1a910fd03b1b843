"""ICMP echo over unprivileged datagram sockets: one socket for each family, and any number of probes under way on it.

Linux offers these sockets if the sysctl `net.ipv4.ping_group_range` admits the process's group (icmp(7)), also for
IPv6. Lambda supports TCP and UDP only (Lambda FAQ), so a refusal is the ordinary case there. It is found out once. From
then on every probe is UNKNOWN with that reason, and never a loss (law 1).
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
from typing import Final

from routekeeper.domain.health import Health
from routekeeper.domain.settings import IcmpProbe
from routekeeper.probes import Clock, Result
from routekeeper.probes.icmp_errors import IcmpError, next_icmp_error, want_icmp_errors
from routekeeper.probes.resolving import Address, Resolver, Unresolved
from routekeeper.probes.waiting import Wait, expire, silence

_REFUSALS: Final = frozenset({errno.EACCES, errno.EPERM, errno.EPROTONOSUPPORT, errno.EAFNOSUPPORT})
_PACKET: Final = struct.Struct("!BBHHHQ")
"""Type, code, checksum and identifier (the kernel fills both in), sequence; the probe's number as data."""
_SEQUENCES: Final = 1 << 16
_NUMBERS: Final = 1 << 64
_BATCH: Final = 64
"""Replies read at one wake-up before the loop's other work has its turn."""
_READ_SIZE: Final = 256
_UNREAD_SENDS: Final = 32
"""Probes sent in one go before replies are read in between. The kernel holds a few hundred replies at most."""
_RECEIVE_BUFFER: Final = 1 << 20
"""Octets wanted for replies. The kernel grants what `net.core.rmem_max` allows."""
_HEADER: Final = 8
_SO_MEMINFO: Final = 55
_MEMINFO: Final = struct.Struct("=9I")
"""From <linux/sock_diag.h>. The last of the nine counts packets that were dropped for lack of room."""


@dataclass(frozen=True, slots=True)
class _Version:
    """What differs between ICMP and ICMPv6."""

    name: str
    family: socket.AddressFamily
    protocol: int
    request: int
    reply: int


_V4: Final = _Version("ICMP", socket.AF_INET, socket.IPPROTO_ICMP, 8, 0)
_V6: Final = _Version("ICMPv6", socket.AF_INET6, socket.IPPROTO_ICMPV6, 128, 129)

OpenSocket = Callable[[int, int, int], socket.socket]
"""Family, type and protocol to a socket. Raises OSError."""


@dataclass(slots=True)
class _Waiting:
    number: int
    ip: str
    sent_at: float
    done: asyncio.Future[Wait]
    drops: int
    """Replies known to have been dropped by this machine before the probe was sent."""
    answered_at: float = 0.0
    error: IcmpError | None = None


class _EchoSocket:
    """The socket of one family and the probes that wait on it."""

    def __init__(self, version: _Version, first_number: int, open_socket: OpenSocket) -> None:
        self._version = version
        self._next = first_number
        self._open_socket = open_socket
        self._socket: socket.socket | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: dict[int, _Waiting] = {}
        self._unread_sends = 0
        self._drops = 0
        self.refusal: str | None = None

    def open(self) -> str | None:
        """Open the socket unless it is or was refused; returns why it is not open, or None."""
        if self._socket is not None or self.refusal is not None:
            return self.refusal
        try:
            sock = self._open_socket(
                self._version.family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK, self._version.protocol
            )
        except OSError as error:
            reason = f"{self._version.name} is not available here: {_words(error)}"
            if error.errno in _REFUSALS:
                self.refusal = reason
            return reason
        with contextlib.suppress(OSError):  # Without them the silence of an unreachable host still shows.
            want_icmp_errors(sock)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        self._socket, self._drops = sock, 0
        return None

    async def echo(self, what: str, address: Address, timeout_seconds: float, deadline: float) -> Result:
        """Send one request and wait for its reply until `deadline` (loop time)."""
        unopened = self.open()
        sock = self._socket
        if unopened is not None or sock is None:
            return Result(Health.UNKNOWN, f"{what} was not sent: {unopened}")
        loop = self._listen(sock)
        sequence = self._free_sequence()
        if sequence is None:
            return Result(Health.UNKNOWN, f"{what} was not sent: {_SEQUENCES} probes are under way")
        waiting = _Waiting(self._next, address.ip, loop.time(), loop.create_future(), self._drops)
        self._waiting[sequence] = waiting
        timer = loop.call_at(deadline, expire, loop, waiting.done, deadline)
        try:
            self._send(sock, address, sequence, waiting.number)
            wait = await waiting.done
        except OSError as error:
            return Result(Health.UNKNOWN, f"{what} was not sent: {_words(error)}")
        finally:
            timer.cancel()
            self._waiting.pop(sequence, None)
        if wait is Wait.SILENT and self._count_drops(sock) > waiting.drops:
            return Result(Health.UNKNOWN, f"{what}: no echo reply seen, but this machine dropped some unread")
        return _judge(what, waiting, wait, timeout_seconds, deadline)

    def close(self) -> None:
        """Close the socket. Probes under way end as UNKNOWN."""
        for waiting in self._waiting.values():
            if not waiting.done.done():
                waiting.done.set_result(Wait.CLOSED)
        if self._socket is not None:
            if self._loop is not None and not self._loop.is_closed():
                self._loop.remove_reader(self._socket.fileno())
            self._socket.close()
        self._socket = self._loop = None

    def _listen(self, sock: socket.socket) -> asyncio.AbstractEventLoop:
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop = loop
            loop.add_reader(sock.fileno(), self._read, sock)
        return loop

    def _free_sequence(self) -> int | None:
        """Move to the next number whose low 16 bits, the sequence, no waiting probe uses."""
        if len(self._waiting) >= _SEQUENCES:
            return None
        while True:
            self._next = (self._next + 1) % _NUMBERS
            if self._next % _SEQUENCES not in self._waiting:
                return self._next % _SEQUENCES

    def _send(self, sock: socket.socket, address: Address, sequence: int, number: int) -> None:
        self._unread_sends += 1
        if self._unread_sends > _UNREAD_SENDS:
            self._read(sock)
        packet = _PACKET.pack(self._version.request, 0, 0, 0, sequence, number)
        try:
            sock.sendto(packet, address.at(0))
        except OSError:
            # The kernel reports an ICMP error about an earlier probe at the next call on the socket. Take it off the
            # queue and try again. A failure then is this machine's own.
            self._read_errors(sock)
            sock.sendto(packet, address.at(0))

    def _count_drops(self, sock: socket.socket) -> int:
        """Replies that found the socket's buffer full, since it was opened."""
        with contextlib.suppress(OSError, struct.error):  # The kernel may not count them.
            self._drops = _MEMINFO.unpack(sock.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size))[-1]
        return self._drops

    def _read(self, sock: socket.socket) -> None:
        self._unread_sends = 0
        for received in range(_BATCH):
            try:
                packet, source = sock.recvfrom(_READ_SIZE)
            except OSError as error:
                if received == 0 or not isinstance(error, BlockingIOError):
                    self._read_errors(sock)
                return
            self._receive(packet, source[0])

    def _receive(self, packet: bytes, source: str) -> None:
        """Settle the probe that a reply answers. Late, doubled and foreign replies match none."""
        if len(packet) < _PACKET.size:
            return
        kind, _, _, _, sequence, number = _PACKET.unpack_from(packet)
        waiting = self._waiting.get(sequence)
        if kind != self._version.reply or waiting is None or waiting.done.done():
            return
        if waiting.number == number and waiting.ip == source:
            waiting.answered_at = waiting.done.get_loop().time()
            waiting.done.set_result(Wait.READY)

    def _read_errors(self, sock: socket.socket) -> None:
        while (error := next_icmp_error(sock)) is not None:
            waiting = self._waiting.get(int.from_bytes(error.quoted[6:8], "big"))
            if waiting is None or waiting.done.done() or waiting.ip != error.destination:
                continue
            # Routers may quote only the 8 octets of our header, without our number.
            number = error.quoted[_HEADER : _PACKET.size]
            if len(number) < _PACKET.size - _HEADER or int.from_bytes(number, "big") == waiting.number:
                waiting.error = error
                waiting.done.set_result(Wait.READY)


def _judge(what: str, waiting: _Waiting, wait: Wait, timeout_seconds: float, deadline: float) -> Result:
    if waiting.error is not None:
        reason = f"{what}: {waiting.error.sender} reports {waiting.error.words}"
        return Result(Health.UNHEALTHY, reason)
    if wait is Wait.READY:
        round_trip = waiting.answered_at - waiting.sent_at
        return Result(Health.HEALTHY, f"{what}: echo reply", round_trip)
    return silence(what, "no echo reply", wait, timeout_seconds, deadline - waiting.sent_at)


def _words(error: OSError) -> str:
    return os.strerror(error.errno).lower() if error.errno else str(error)


class IcmpProber:
    """Sends echo requests over IPv4 and IPv6."""

    def __init__(self, clock: Clock, resolver: Resolver, open_socket: OpenSocket = socket.socket) -> None:
        self._resolver = resolver
        # Numbers start at the time of day, so that a predecessor's answer never matches one of ours.
        first = int(clock() * 1e9) % _NUMBERS
        self._v4 = _EchoSocket(_V4, first, open_socket)
        self._v6 = _EchoSocket(_V6, first, open_socket)

    @property
    def unavailable(self) -> str | None:
        """Why echo requests cannot be sent from here, or None. IPv6 counts after the first probe that needs it."""
        return self._v4.open() or self._v6.refusal

    async def probe(self, probe: IcmpProbe) -> Result:
        """Send one echo request and wait for its outcome, at most its timeout."""
        deadline = asyncio.get_running_loop().time() + probe.timeout_seconds
        address = await self._resolver.resolve(probe.host, probe.timeout_seconds)
        if isinstance(address, Unresolved):
            return Result(Health.UNKNOWN, f"icmp {probe.host} was not sent: {address.reason}")
        echo = self._v4 if address.family == socket.AF_INET else self._v6
        what = f"icmp {probe.host}{address.beside(probe.host)}"
        return (await echo.echo(what, address, probe.timeout_seconds, deadline)).at(address.ip)

    def close(self) -> None:
        """Close both sockets. A later probe opens them again."""
        self._v4.close()
        self._v6.close()
