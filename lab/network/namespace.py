"""Working in a named network namespace: entering it, and the tools that configure it."""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

ROOT: Final = ""
"""The laboratory's own namespace, where the emulated AWS runs: the only one without a name."""

_CLONE_NEWNET: Final = 0x40000000  # linux/sched.h
_DIRECTORY: Final = Path("/run/netns")
_libc: Final = ctypes.CDLL(None, use_errno=True)


class NetworkError(RuntimeError):
    """The network could not be built or changed."""


@contextmanager
def entered(name: str) -> Iterator[None]:
    """Let this thread, and every process and socket it makes meanwhile, live in a namespace.

    Threads started meanwhile stay there. Raises NetworkError where there is no such namespace.
    """
    if name == ROOT:
        yield
        return
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        _set_namespace(_open(name), name)
        try:
            yield
        finally:
            _set_namespace(os.dup(home), "the one before")
    finally:
        os.close(home)


def run(name: str, command: Iterable[str], *, text: str = "") -> str:
    """Run a command in a namespace with `text` as its input; its output. Raises NetworkError where it fails."""
    words = list(command)
    with entered(name):
        done = subprocess.run(words, input=text, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NetworkError(f"{' '.join(words)} in {name or 'the laboratory'}: {done.stderr.strip()}\n{text}")
    return done.stdout


def ip(name: str, lines: Iterable[str]) -> None:
    """Give `ip` its commands in one batch (those that begin with -6 in another). Raises NetworkError if one fails."""
    commands = list(lines)
    for options, prefix in (([], ""), (["-6"], "-6 ")):
        batch = [line for line in commands if line.startswith("-6 ") == bool(prefix)]
        if batch:
            text = "".join(f"{line.removeprefix(prefix)}\n" for line in batch)
            run(name, [_tool("ip"), *options, "-batch", "-"], text=text)


def nft(name: str, rules: str) -> None:
    """Apply nftables rules in one transaction. Raises NetworkError, and then nothing has changed."""
    run(name, [_tool("nft"), "-f", "-"], text=rules)


def replace_table(name: str, table: str, chains: str = "") -> None:
    """Put an nftables table ("inet fault") in place of the one of that name; without chains, remove it."""
    new = f"table {table} {{\n{chains}\n}}\n" if chains else ""
    nft(name, f"add table {table}\ndelete table {table}\n{new}")


def set_kernel(name: str, settings: Mapping[str, str]) -> None:
    """Write settings below /proc/sys/net ("ipv4/ip_forward"). Raises OSError."""
    with entered(name):
        for key, value in settings.items():
            Path("/proc/sys/net", key).write_text(value)


def present() -> frozenset[str]:
    """The names of all network namespaces."""
    return frozenset(path.name for path in _DIRECTORY.iterdir())


def devices(name: str) -> frozenset[str]:
    """The network devices of a namespace."""
    with entered(name):
        return frozenset(device for _, device in socket.if_nameindex())


def _tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise NetworkError(f"{name} not found: python -m lab.host says how to install it")
    return path


def _open(name: str) -> int:
    try:
        return os.open(_DIRECTORY / name, os.O_RDONLY)
    except FileNotFoundError:
        raise NetworkError(f"no network namespace named {name}") from None


def _set_namespace(descriptor: int, name: str) -> None:
    """Move this thread; closes the descriptor."""
    try:
        if _libc.setns(descriptor, _CLONE_NEWNET) != 0:
            raise NetworkError(f"cannot enter network namespace {name}: {os.strerror(ctypes.get_errno())}")
    finally:
        os.close(descriptor)
