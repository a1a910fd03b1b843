"""Names to addresses, without holding up the loop or hammering the resolver.

An address costs a dictionary look-up. A name is looked up once and used while fresh. After that it is refreshed beside
the probes, so that a slow or failing resolver does not disturb the probing of a known host.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from routekeeper.probes import Clock

FRESH_SECONDS: Final = 15.0
"""After this a used address is looked up again in the background."""
USABLE_SECONDS: Final = 120.0
"""An address that could not be confirmed for this long is no longer used. The name counts as unresolved."""
RETRY_SECONDS: Final = 1.0
"""A failed look-up is not repeated sooner than this."""


@dataclass(frozen=True, slots=True)
class Address:
    """An IPv4 or IPv6 address."""

    family: int
    ip: str
    scope: int = 0
    """The interface of a link-local IPv6 address."""

    def at(self, port: int) -> tuple[str, int] | tuple[str, int, int, int]:
        """The socket address of a port (0 for ICMP)."""
        return (self.ip, port) if self.family == socket.AF_INET else (self.ip, port, 0, self.scope)

    def beside(self, host: str) -> str:
        """What a reason adds to the host: its address, if the host is a name."""
        return "" if self.ip == host else f" ({self.ip})"


@dataclass(frozen=True, slots=True)
class Unresolved:
    """No address, and why."""

    reason: str


Lookup = Callable[[str], Address]
"""It blocks and runs in a thread. It raises OSError or ValueError if the name has no address."""


def look_up(host: str, flags: int = 0) -> Address:
    """Ask the system's resolver for the address it prefers."""
    # As bytes: a str would go through the IDNA codec, whose import alone slows a cold start.
    name = host.encode("ascii" if host.isascii() else "idna")
    family, _, _, _, where = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM, flags=flags)[0]
    return Address(family, str(where[0]), int(where[-1]) if family == socket.AF_INET6 else 0)


@dataclass(slots=True)
class _Name:
    address: Address | None = None
    found_at: float = 0.0
    failure: Unresolved | None = None
    failed_at: float = 0.0
    pending: asyncio.Future[None] | None = None


class Resolver:
    """Looks names up in threads and remembers them. There is one look-up for a name at a time."""

    def __init__(self, clock: Clock, lookup: Lookup = look_up) -> None:
        self._clock = clock
        self._lookup = lookup
        self._literals: dict[str, Address] = {}
        self._names: dict[str, _Name] = {}

    async def resolve(self, host: str, timeout_seconds: float) -> Address | Unresolved:
        """The host's address: at once if it is one or is known, otherwise after at most `timeout_seconds`."""
        literal = self._literals.get(host)
        if literal is not None:
            return literal
        name = self._names.get(host)
        if name is None:
            literal = _literal(host)
            if literal is not None:
                self._literals[host] = literal
                return literal
            name = self._names[host] = _Name()
        return await self._resolve_name(host, name, timeout_seconds)

    async def _resolve_name(self, host: str, name: _Name, timeout_seconds: float) -> Address | Unresolved:
        now = self._clock()
        age = now - name.found_at
        if name.address is None or age > FRESH_SECONDS:
            self._refresh(host, name, now)
        if name.address is not None and age <= USABLE_SECONDS:
            return name.address
        if name.pending is not None:
            try:
                async with asyncio.timeout(timeout_seconds):
                    # Shielded: a probe that gives up must not end the look-up for the others.
                    await asyncio.shield(name.pending)
            except TimeoutError:
                return Unresolved(f"the name {host} did not resolve within {timeout_seconds:g} s")
        if name.failure is not None:
            return name.failure
        return name.address or Unresolved(f"the name {host} did not resolve")

    def _refresh(self, host: str, name: _Name, now: float) -> None:
        resting = name.failure is not None and now - name.failed_at < RETRY_SECONDS
        loop = asyncio.get_running_loop()
        if resting or (name.pending is not None and name.pending.get_loop() is loop):
            return
        name.pending = loop.create_future()
        work = (loop, host, name, name.pending)
        try:
            # A daemon thread: a resolver that hangs must not keep the process from ending.
            threading.Thread(target=self._run, args=work, name=f"resolve {host}", daemon=True).start()
        except RuntimeError as error:
            self._finish(name, name.pending, Unresolved(f"the name {host} could not be looked up: {error}"))

    def _run(self, loop: asyncio.AbstractEventLoop, host: str, name: _Name, pending: asyncio.Future[None]) -> None:
        outcome: Address | Unresolved
        try:
            outcome = self._lookup(host)
        except OSError as error:
            outcome = Unresolved(f"the name {host} did not resolve: {error.strerror or error}")
        except ValueError as error:
            outcome = Unresolved(f"{host!r} is not a host name: {error}")
        try:
            loop.call_soon_threadsafe(self._finish, name, pending, outcome)
        except RuntimeError:
            return  # The loop has ended, and nobody waits any more.

    def _finish(self, name: _Name, pending: asyncio.Future[None], outcome: Address | Unresolved) -> None:
        if isinstance(outcome, Address):
            name.address, name.found_at, name.failure = outcome, self._clock(), None
        else:
            name.failure, name.failed_at = outcome, self._clock()
        name.pending = None
        if not pending.done():
            pending.set_result(None)


def _literal(host: str) -> Address | None:
    try:
        return look_up(host, socket.AI_NUMERICHOST)
    except (OSError, ValueError):
        return None


def bracketed(host: str) -> str:
    """The host as it stands before a colon and a port."""
    return f"[{host}]" if ":" in host else host
