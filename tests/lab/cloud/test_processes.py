from __future__ import annotations

import contextlib
import os
import socket
import sys
import time
from pathlib import Path

import pytest

from lab.cloud.processes import Server, ServerFailedError, free_port, running

LISTEN = "import socket, time; s = socket.create_server(('127.0.0.1', {port})); print('up', flush=True); {then}"
SLEEP = "time.sleep(600)"
WITH_CHILD = (
    "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
    "print(child.pid, flush=True); " + SLEEP
)


def server(tmp_path: Path, code: str, port: int) -> Server:
    command = (sys.executable, "-c", code.replace("{port}", str(port)))
    return Server("the server", command, {"PATH": os.environ["PATH"]}, "127.0.0.1", port, tmp_path / "log")


def gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 10
    while not gone(pid):
        assert time.monotonic() < deadline, f"{pid} is still there"
        time.sleep(0.01)


def test_a_server_answers_inside_the_context_and_is_gone_with_its_children_after_it(tmp_path: Path) -> None:
    port = free_port()
    with running(server(tmp_path, LISTEN.replace("{then}", WITH_CHILD), port)):
        socket.create_connection(("127.0.0.1", port)).close()
        while len((tmp_path / "log").read_text().splitlines()) < 2:
            time.sleep(0.01)
        child = int((tmp_path / "log").read_text().splitlines()[1])
    wait_until_gone(child)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_an_interruption_leaves_no_process_behind(tmp_path: Path) -> None:
    port = free_port()
    with contextlib.suppress(KeyboardInterrupt), running(server(tmp_path, LISTEN.replace("{then}", SLEEP), port)):
        raise KeyboardInterrupt
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_a_server_that_dies_is_told_with_its_last_words(tmp_path: Path) -> None:
    dying = server(tmp_path, "import sys; print('no such table'); sys.exit(3)", free_port())
    with pytest.raises(ServerFailedError, match=r"(?s)the server ended with 3.*no such table"), running(dying):
        pass


def test_a_taken_port_is_told_before_anything_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = pytest.raises(ServerFailedError, match=f"cannot listen on 127.0.0.1:{port}")
        with told, running(server(tmp_path, LISTEN, port)):
            pass
    assert not (tmp_path / "log").exists()


def test_one_server_failing_ends_those_started_before_it(tmp_path: Path) -> None:
    port = free_port()
    good = server(tmp_path, LISTEN.replace("{then}", SLEEP), port)
    bad = server(tmp_path / "bad", "raise SystemExit(1)", free_port())
    with pytest.raises(ServerFailedError), running(good, bad):
        pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
