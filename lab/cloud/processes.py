"""Server processes: started in a process group of their own, waited for, and ended together with their children."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

READY_WITHIN_SECONDS = 30.0
STOP_WITHIN_SECONDS = 5.0
SHOWN_LOG_LINES = 20


class ServerFailedError(RuntimeError):
    """A server did not come up, or died; the message shows its last log lines."""


@dataclass(frozen=True, slots=True)
class Server:
    """What it takes to start one server and to know that it answers."""

    name: str
    command: Sequence[str | Path]
    environment: Mapping[str, str]
    host: str
    port: int
    log: Path


@contextlib.contextmanager
def running(*servers: Server) -> Iterator[None]:
    """The servers, each answering on its port; ended with all their children when the context is left, however it is.

    Raises ServerFailedError where a port is taken, a process dies, or nothing answers in time.
    """
    with contextlib.ExitStack() as started:
        processes = []
        for server in servers:
            refuse_taken_port(server.name, server.host, server.port)
            processes.append(_spawn(server))
            started.callback(end_group, processes[-1])
        for server, process in zip(servers, processes, strict=True):
            _wait_for_answer(server, process)
        yield


def _spawn(server: Server) -> subprocess.Popen[bytes]:
    server.log.parent.mkdir(parents=True, exist_ok=True)
    with server.log.open("wb") as log:
        return subprocess.Popen(
            [str(part) for part in server.command],
            env=dict(server.environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def free_port() -> int:
    """A TCP port that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def refuse_taken_port(name: str, host: str, port: int) -> None:
    """Raises ServerFailedError where something already listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as err:
            raise ServerFailedError(f"{name} cannot listen on {host}:{port}: {err.strerror}") from err


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a process started with a session of its own, and its children: asked first, killed after a while."""
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal_number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_WITHIN_SECONDS)


def _wait_for_answer(server: Server, process: subprocess.Popen[bytes]) -> None:
    host = "127.0.0.1" if server.host == "0.0.0.0" else server.host
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ServerFailedError(f"{server.name} ended with {process.returncode}:\n{_last_lines(server.log)}")
        with contextlib.suppress(OSError), socket.create_connection((host, server.port), timeout=1):
            return
        time.sleep(0.05)
    raise ServerFailedError(
        f"{server.name} does not answer on {host}:{server.port} after {READY_WITHIN_SECONDS:g} s:\n"
        f"{_last_lines(server.log)}"
    )


def _last_lines(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(lines[-SHOWN_LOG_LINES:]) or "(it printed nothing)"
