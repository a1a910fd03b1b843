"""The listeners of the network, all in one process: each socket is made in its own namespace and stays there.

    python -m lab.network.services

It writes a line to its standard output once all of them listen.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Sequence

from lab.network.namespace import entered
from lab.network.parts import Service
from lab.network.topology import TOPOLOGY

_PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n"
_PATIENCE_SECONDS = 5.0
"""How long a client may take to send its request."""


def listening(service: Service) -> socket.socket:
    """A socket that listens on every address of the service's namespace. Raises OSError, NetworkError."""
    with entered(service.namespace):
        return socket.create_server(("::", service.port), family=socket.AF_INET6, dualstack_ipv6=True)


async def answer_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer any request with 200."""
    # A client that leaves in the middle is no trouble of ours.
    with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError, asyncio.LimitOverrunError):
        await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _PATIENCE_SECONDS)
        writer.write(_PAGE)
        await writer.drain()
    writer.close()


async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take the connection and close it."""
    del reader
    writer.close()


async def serve(services: Sequence[Service]) -> None:
    """Listen and answer until cancelled."""
    for service in services:
        await asyncio.start_server(answer_http if service.http else accept, sock=listening(service))
    print("listening", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(TOPOLOGY.services))
