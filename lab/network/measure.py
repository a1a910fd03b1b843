"""Sends ICMP echo requests at a steady rate and reports what became of each, a JSON line a packet.

    python -m lab.network.measure NAMESPACE ADDRESS RATE_HZ [TIMEOUT_SECONDS]

A packet is reported when its answer comes, or as lost once the timeout has passed; should its answer come even
later, it is reported again. SIGTERM ends the sending and waits for what is underway; see `Measurement` for a handle.
"""

from __future__ import annotations

import contextlib
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

from lab import host
from lab.network.namespace import entered
from lab.network.record import Packet, collect

TIMEOUT_SECONDS: Final = 1.0
_ECHO: Final = struct.Struct("!BBHHHQ")
"""Type, code, checksum and identifier (the kernel's business), 16-bit sequence; our own number as the payload."""
_REQUEST: Final = {socket.AF_INET: 8, socket.AF_INET6: 128}  # RFC 792, RFC 4443
_ANSWER: Final = {socket.AF_INET: 0, socket.AF_INET6: 129}
_PROTOCOL: Final = {socket.AF_INET: socket.IPPROTO_ICMP, socket.AF_INET6: socket.IPPROTO_ICMPV6}


@dataclass(slots=True)
class Source:
    """A sender of echo requests on its own clock: packet n leaves at start + n / rate, however the last one fared."""

    address: str
    rate_hz: float
    report: Callable[[Packet], None]
    timeout_seconds: float = TIMEOUT_SECONDS
    stopping: bool = False
    _sent: dict[int, float] = field(default_factory=dict)
    """Monotonic time of sending by packet number, for packets underway."""
    _given_up: dict[int, float] = field(default_factory=dict)
    _epoch: float = 0.0
    """What to add to monotonic time for epoch time, fixed at the start so that a clock step spoils nothing."""

    def run(self, echo: socket.socket) -> None:
        """Send until `stopping`, then wait for the answers still due."""
        self._epoch = time.time() - time.monotonic()
        start, number = time.monotonic(), 0
        while not self.stopping or self._sent:
            due = start + number / self.rate_hz
            if not self.stopping and time.monotonic() >= due:
                self._send(echo, number)
                number += 1
                continue
            oldest = next(iter(self._sent.values()), due)
            wake = oldest + self.timeout_seconds if self.stopping else min(due, oldest + self.timeout_seconds)
            self._receive(echo, max(0.0, wake - time.monotonic()))
            self._give_up()

    def _send(self, echo: socket.socket, number: int) -> None:
        request = _ECHO.pack(_REQUEST[echo.family], 0, 0, 0, number & 0xFFFF, number)
        self._sent[number] = time.monotonic()
        with contextlib.suppress(OSError):  # not sent is not answered: it is reported as lost in its time
            echo.sendto(request, (self.address, 0))

    def _receive(self, echo: socket.socket, seconds: float) -> None:
        if not select.select([echo], [], [], seconds)[0]:
            return
        with contextlib.suppress(OSError):
            data, _ = echo.recvfrom(2048)
            now = time.monotonic()
            if len(data) < _ECHO.size or data[0] != _ANSWER[echo.family]:
                return
            number = _ECHO.unpack_from(data)[-1]
            sent = self._sent.pop(number, None) or self._given_up.pop(number, None)
            if sent is not None:
                self.report(Packet(number, sent + self._epoch, now + self._epoch))

    def _give_up(self) -> None:
        limit = time.monotonic() - self.timeout_seconds
        while self._sent and next(iter(self._sent.values())) <= limit:
            number = next(iter(self._sent))
            self._given_up[number] = self._sent.pop(number)
            self.report(Packet(number, self._given_up[number] + self._epoch))


class Measurement:
    """A running measurement in a process of its own; its packets arrive in `packets` as they are reported."""

    def __init__(
        self,
        namespace: str,
        address: str,
        rate_hz: float,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        on_packet: Callable[[Packet], None] | None = None,
    ) -> None:
        """Start sending from a namespace; `on_packet` is called for each report, in a thread of its own."""
        words = [namespace, address, str(rate_hz), str(timeout_seconds)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "lab.network.measure", *words],
            cwd=host.PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,  # the terminal's Ctrl-C is for whoever started the measurement
        )
        self._on_packet = on_packet
        self._reports: list[Packet] = []
        self._reader = threading.Thread(target=self._read, name=f"measure {address}", daemon=True)
        self._reader.start()

    @property
    def packets(self) -> tuple[Packet, ...]:
        """What is known so far, in the order of sending. A packet still underway is absent."""
        return collect(tuple(self._reports))

    def stop(self) -> tuple[Packet, ...]:
        """Stop sending, wait for what is underway, and return every packet."""
        self._process.terminate()
        self._reader.join()
        self._process.wait()
        return self.packets

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._reader.join()
        self._process.wait()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                packet = Packet.from_json(line)
                self._reports.append(packet)
                if self._on_packet is not None:
                    self._on_packet(packet)


def open_echo(address: str) -> socket.socket:
    """An unprivileged ICMP socket for the family of an address. Raises OSError."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.socket(family, socket.SOCK_DGRAM, _PROTOCOL[family])


def main(arguments: Sequence[str]) -> None:
    """Measure until SIGTERM or SIGINT."""
    namespace, address, rate_hz, *timeout = arguments
    with entered(namespace):
        echo = open_echo(address)
    source = Source(address, float(rate_hz), lambda packet: print(packet.to_json(), flush=True))
    if timeout:
        source.timeout_seconds = float(timeout[0])

    def stop(*_: object) -> None:
        source.stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    source.run(echo)


if __name__ == "__main__":
    main(sys.argv[1:])
