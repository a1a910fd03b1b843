"""ICMP errors that routers and hosts send back about our packets, read from a socket's error queue.

Linux keeps them if IP_RECVERR is set (ip(7), ipv6(7)): each is a `sock_extended_err` and the address of its sender.
"""

from __future__ import annotations

import os
import socket
import struct
from dataclasses import dataclass
from typing import Final

# From <linux/in.h>, <linux/in6.h> and <linux/errqueue.h>; the socket module does not name them all.
_IP_RECVERR: Final = 11
_IPV6_RECVERR: Final = 25
_MSG_ERRQUEUE: Final = 0x2000
_ORIGIN_ICMP: Final = frozenset({2, 3})
_EXTENDED_ERROR: Final = struct.Struct("=IBBBBII")
_PLACES: Final = {socket.IPPROTO_IP: (socket.AF_INET, 4, 4), socket.IPPROTO_IPV6: (socket.AF_INET6, 8, 16)}
"""By level: the family, and where in its socket address the IP address starts and how long it is."""
_BUFFER: Final = 512


@dataclass(frozen=True, slots=True)
class IcmpError:
    """One ICMP error."""

    sender: str
    """Who sent it: a router on the way, the host itself, or this machine about a silent neighbour."""
    destination: str
    """Where our packet was going."""
    words: str
    quoted: bytes
    """The start of our packet, from its transport header on: at least 8 octets (RFC 792)."""


def want_icmp_errors(sock: socket.socket) -> None:
    """Have the kernel queue ICMP errors for this socket.

    Raises:
        OSError: the kernel does not offer it.
    """
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)


def next_icmp_error(sock: socket.socket) -> IcmpError | None:
    """Take the oldest ICMP error from the socket's queue, or None when there is none."""
    while True:
        try:
            quoted, control, _, destination = sock.recvmsg(_BUFFER, _BUFFER, _MSG_ERRQUEUE)
        except OSError:
            return None
        for level, kind, data in control:
            error = _parse(level, kind, data, quoted, destination)
            if error is not None:
                return error


def _parse(level: int, kind: int, data: bytes, quoted: bytes, destination: object) -> IcmpError | None:
    if (level, kind) not in ((socket.IPPROTO_IP, _IP_RECVERR), (socket.IPPROTO_IPV6, _IPV6_RECVERR)):
        return None
    if len(data) < _EXTENDED_ERROR.size:
        return None
    code, origin, icmp_type, icmp_code, *_ = _EXTENDED_ERROR.unpack_from(data)
    if origin not in _ORIGIN_ICMP:
        return None
    words = f"{os.strerror(code).lower()} (ICMP type {icmp_type}, code {icmp_code})"
    target = str(destination[0]) if isinstance(destination, tuple) and destination else ""
    return IcmpError(_address(level, data[_EXTENDED_ERROR.size :]), target, words, quoted)


def _address(level: int, sockaddr: bytes) -> str:
    """The IP address in a raw socket address."""
    family, start, size = _PLACES[level]
    raw = sockaddr[start : start + size]
    return socket.inet_ntop(family, raw) if len(raw) == size else "an unknown router"
