"""Far sides on loopback, each in one state that a probe must tell from the others."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from routekeeper.domain.settings import Probe
from routekeeper.probes import Result
from routekeeper.probes.prober import AsyncProber

LOOPBACK = "127.0.0.1"


def outcome(probe: Probe, prober: AsyncProber | None = None) -> Result:
    """One probe on a loop of its own."""
    return outcomes(probe, prober=prober)[0]


def outcomes(*probes: Probe, prober: AsyncProber | None = None) -> list[Result]:
    """Several probes, under way together."""
    sender = prober or AsyncProber(time.time)

    async def send() -> list[Result]:
        try:
            return list(await asyncio.gather(*(sender.probe(probe) for probe in probes)))
        finally:
            await sender.close()

    return asyncio.run(send())


@contextlib.contextmanager
def listening(host: str = LOOPBACK) -> Iterator[int]:
    """A port whose connections are completed by the kernel."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as server:
        yield server.getsockname()[1]


@contextlib.contextmanager
def refusing(host: str = LOOPBACK) -> Iterator[int]:
    """A port that is bound, so that nobody else takes it, and does not listen."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as bound:
        bound.bind((host, 0))
        yield bound.getsockname()[1]


@contextlib.contextmanager
def silent() -> Iterator[int]:
    """A port that swallows every SYN: Linux drops them while a listener's queue is full."""
    with socket.create_server((LOOPBACK, 0), backlog=0) as server, socket.socket() as occupant:
        occupant.connect(server.getsockname())
        yield server.getsockname()[1]


@dataclass(slots=True)
class Server:
    """A server that reads one request a connection and answers with the same octets whatever it was."""

    listener: socket.socket
    port: int
    answer: bytes | None
    tls: ssl.SSLContext | None = None
    hangs_up: bool = True
    requests: list[bytes] = field(default_factory=list)
    requested: threading.Event = field(default_factory=threading.Event)
    held: list[socket.socket] = field(default_factory=list)

    def serve(self) -> None:
        """Until the listener is shut down."""
        with contextlib.suppress(OSError):
            while True:
                self._answer(self.listener.accept()[0])

    def _answer(self, connection: socket.socket) -> None:
        self.held.append(connection)
        stream = connection
        try:
            if self.tls is not None:
                stream = self.tls.wrap_socket(connection, server_side=True)
                self.held.append(stream)
            self.requests.append(stream.recv(4096))
            self.requested.set()
            if self.answer is None:
                return
            stream.sendall(self.answer)
        except OSError:
            pass
        if self.hangs_up:
            stream.close()


@contextlib.contextmanager
def serving(answer: bytes | None, tls: ssl.SSLContext | None = None, *, hangs_up: bool = True) -> Iterator[Server]:
    """A server that answers with `answer`, b"" to close at once, None to fall silent after the request."""
    with socket.create_server((LOOPBACK, 0)) as listener:
        server = Server(listener, listener.getsockname()[1], answer, tls, hangs_up)
        thread = threading.Thread(target=server.serve, daemon=True)
        thread.start()
        yield server
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(timeout=5)
        for held in server.held:
            held.close()
