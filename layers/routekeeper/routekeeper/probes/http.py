"""HTTP and HTTPS: does a GET answer with an expected status? Only the status line is read; no redirect is followed.

This is a client of our own on non-blocking sockets, because the checks are few and the failures must be told apart.
What this machine could not do is UNKNOWN. Everything that the far side did or did not do is UNHEALTHY.
"""

from __future__ import annotations

import asyncio
import errno
import re
import ssl
from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar, assert_never

from routekeeper.domain.health import Health
from routekeeper.domain.settings import HttpProbe
from routekeeper.probes import Result
from routekeeper.probes.connecting import Connection, Connector, Ending
from routekeeper.probes.http_request import Request, parse_url
from routekeeper.probes.resolving import Address, Resolver, Unresolved
from routekeeper.probes.waiting import Wait, silence, wait_ready

_STATUS_LINE: Final = re.compile(rb"HTTP/\d(?:\.\d)? (\d{3})(?: |\r?$)")
"""RFC 9112, section 4; the reason phrase may be missing."""
_LINE_LIMIT: Final = 8192
_SHOWN: Final = 40
"""How much of an answer that is not HTTP a reason quotes."""
_BROKEN_FROM_OUTSIDE: Final = frozenset(
    {
        errno.ECONNRESET,
        errno.EPIPE,
        errno.ECONNREFUSED,
        errno.EHOSTUNREACH,
        errno.ENETUNREACH,
        errno.ETIMEDOUT,
    }
)

_T = TypeVar("_T")


class _Silent(Exception):
    """The deadline passed in the middle of the exchange."""

    def __init__(self, wait: Wait, during: str) -> None:
        super().__init__(during)
        self.wait = wait
        self.during = during


class HttpProber:
    """GETs URLs, each over a connection of its own."""

    def __init__(self, resolver: Resolver, connector: Connector) -> None:
        self._resolver = resolver
        self._connector = connector
        self._requests: dict[str, Request] = {}
        self._contexts: dict[bool, ssl.SSLContext] = {}

    async def probe(self, probe: HttpProbe) -> Result:
        """Look up, connect, negotiate, ask and read the status line, all within the probe's timeout."""
        deadline = asyncio.get_running_loop().time() + probe.timeout_seconds
        try:
            request = self._request(probe.url)
        except ValueError as error:
            return Result(Health.UNKNOWN, f"GET {probe.url} was not sent: {error}")
        address = await self._resolver.resolve(request.host, probe.timeout_seconds)
        if isinstance(address, Unresolved):
            return Result(Health.UNKNOWN, f"GET {request.shown} was not sent: {address.reason}")
        what = f"GET {request.shown}{address.beside(request.host)}"
        connection = self._connector.open(address.family)
        if isinstance(connection, str):
            return Result(Health.UNKNOWN, f"{what} was not sent: {connection}")
        try:
            result = await self._over(connection, probe, request, address, what, deadline)
            return result.at(address.ip)
        finally:
            connection.close()

    async def _over(
        self,
        connection: Connection,
        probe: HttpProbe,
        request: Request,
        address: Address,
        what: str,
        deadline: float,
    ) -> Result:
        attempt = await connection.connect(address, request.port, deadline)
        match attempt.ending:
            case Ending.CONNECTED:
                exchange = _Exchange(connection, deadline)
                context = self._context(verify=probe.verify_certificate) if request.tls else None
                return await exchange.run(probe, request, what, context, attempt.sent_at)
            case Ending.REFUSED | Ending.UNREACHABLE:
                return Result(Health.UNHEALTHY, f"{what}: {attempt.words}")
            case Ending.SILENT:
                allowed = deadline - attempt.sent_at
                return silence(what, "no connection", attempt.wait, probe.timeout_seconds, allowed)
            case Ending.NOT_SENT:
                return Result(Health.UNKNOWN, f"{what} was not sent: {attempt.words}")
        assert_never(attempt.ending)

    def _request(self, url: str) -> Request:
        request = self._requests.get(url)
        if request is None:
            request = self._requests[url] = parse_url(url)
        return request

    def _context(self, *, verify: bool) -> ssl.SSLContext:
        context = self._contexts.get(verify)
        if context is None:
            # Verifying reads the system's authorities, which is slow. So it is done once, and only if wanted.
            context = ssl.create_default_context() if verify else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            if not verify:
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
            self._contexts[verify] = context
        return context


class _Exchange:
    """One request and its status line over a connected socket."""

    def __init__(self, connection: Connection, deadline: float) -> None:
        self._connection = connection
        self._deadline = deadline
        self._loop = asyncio.get_running_loop()

    async def run(
        self, probe: HttpProbe, request: Request, what: str, context: ssl.SSLContext | None, sent_at: float
    ) -> Result:
        """Ask and judge. Local faults are UNKNOWN, everything else that goes wrong UNHEALTHY."""
        try:
            if context is not None:
                await self._negotiate(context, request.host)
            await self._send(request.octets)
            line = await self._line()
        except _Silent as silent:
            allowed = self._deadline - sent_at
            return silence(what, silent.during, silent.wait, probe.timeout_seconds, allowed)
        except ssl.SSLError as error:
            return Result(Health.UNHEALTHY, f"{what}: TLS failed: {_tls_words(error)}")
        except OSError as error:
            health = Health.UNHEALTHY if error.errno in _BROKEN_FROM_OUTSIDE else Health.UNKNOWN
            return Result(health, f"{what}: {(error.strerror or str(error)).lower()} before the status line")
        except ValueError as error:  # a host that TLS cannot name
            return Result(Health.UNKNOWN, f"{what} was not sent: {error}")
        return _judge(probe, what, line, self._loop.time() - sent_at)

    async def _negotiate(self, context: ssl.SSLContext, host: str) -> None:
        tls = context.wrap_socket(
            self._connection.socket, do_handshake_on_connect=False, server_hostname=host.rstrip(".")
        )
        self._connection.socket = tls
        await self._when_ready(tls.do_handshake, "no TLS handshake", writing=False)

    async def _send(self, octets: bytes) -> None:
        stream = self._connection.socket
        while octets:
            sent = await self._when_ready(partial(stream.send, octets), "no answer", writing=True)
            octets = octets[sent:]

    async def _line(self) -> bytes:
        """What came up to the first line feed, to the limit, or to the end of the connection."""
        receive = partial(self._connection.socket.recv, _LINE_LIMIT)
        line = b""
        while b"\n" not in line and len(line) < _LINE_LIMIT:
            more = await self._when_ready(receive, "no status line", writing=False)
            if not more:
                break
            line += more
        return line.split(b"\n", 1)[0] + (b"\n" if b"\n" in line else b"")

    async def _when_ready(self, step: Callable[[], _T], during: str, *, writing: bool) -> _T:
        """Repeat a non-blocking step until it goes through."""
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                wants_to_write = False
            except ssl.SSLWantWriteError:
                wants_to_write = True
            except BlockingIOError:
                wants_to_write = writing
            fd = self._connection.socket.fileno()
            wait = await wait_ready(self._loop, fd, self._deadline, writing=wants_to_write)
            if wait is not Wait.READY:
                raise _Silent(wait, during)


def _judge(probe: HttpProbe, what: str, line: bytes, round_trip: float) -> Result:
    if not line:
        return Result(Health.UNHEALTHY, f"{what}: the connection was closed without an answer")
    match = _STATUS_LINE.match(line.removesuffix(b"\n")) if line.endswith(b"\n") else None
    if match is None:
        shown = line[:_SHOWN].decode("latin-1")
        return Result(Health.UNHEALTHY, f"{what}: no HTTP status line: the answer begins {shown!r}")
    status = int(match.group(1))
    if status in probe.expected_status:
        return Result(Health.HEALTHY, f"{what}: status {status}", round_trip)
    expected = " or ".join(str(code) for code in probe.expected_status)
    return Result(Health.UNHEALTHY, f"{what}: status {status}, expected {expected}")


def _tls_words(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate not accepted: {error.verify_message}"
    return str(error.reason or error.strerror or error).lower().replace("_", " ")
