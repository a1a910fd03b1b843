"""What happened in a story: packets, and marks of what was done and seen, in epoch seconds."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from lab.network.record import Blackout, Packet, blackouts, collect, lost_between

BRIDGE_SECONDS: Final = 0.5
"""Losses with less than this between them are one blackout: a route that comes and goes has not come back."""
FAILBACK_WINDOW_SECONDS: Final = 3.0
"""Packets sent so long before and after the failback's decision count as sent around it."""


class Moment(Enum):
    """What a mark is about; the value is what people read."""

    FAULT = "fault"
    VERDICT = "verdict: UNHEALTHY"
    FAILOVER = "routes moved"
    MEND = "mended"
    RESTART = "restart"
    FAILBACK = "failback"


@dataclass(frozen=True, slots=True)
class Mark:
    at: float
    moment: Moment
    text: str


@dataclass(slots=True)
class Tale:
    """One story while it is being told. Packets and marks arrive from several threads."""

    name: str
    title: str
    marks: list[Mark] = field(default_factory=list)
    state: str = "waiting"
    path: str = ""
    carriers: list[tuple[float, str]] = field(default_factory=list)
    """The path that carried the traffic, by the time from which it did."""
    done: bool = False
    _packets: list[Packet] = field(default_factory=list)
    _recent: deque[Packet] = field(default_factory=lambda: deque(maxlen=600))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def packet(self, packet: Packet) -> None:
        with self._lock:
            self._packets.append(packet)
            self._recent.append(packet)

    def mark(self, moment: Moment, text: str, at: float | None = None) -> None:
        with self._lock:
            self.marks.append(Mark(time.time() if at is None else at, moment, text))
            self.marks.sort(key=lambda mark: mark.at)

    @property
    def packets(self) -> tuple[Packet, ...]:
        with self._lock:
            return collect(tuple(self._packets))

    def recent(self, since: float) -> tuple[Packet, ...]:
        """What became of the latest packets, for a display."""
        with self._lock:
            return tuple(packet for packet in collect(tuple(self._recent)) if packet.sent_at >= since)

    def first(self, moment: Moment) -> Mark | None:
        return next((mark for mark in self.marks if mark.moment is moment), None)


@dataclass(frozen=True, slots=True)
class Figures:
    """What a story measured. Seconds; `detection_seconds` and `steering_seconds` add up to `blackout_seconds`."""

    blackout_seconds: float
    detection_seconds: float
    steering_seconds: float
    failback_lost_packets: int
    packets_lost: int
    packets_sent: int


def failure_blackout(packets: Sequence[Packet], fault_at: float) -> Blackout | None:
    """The first blackout that the fault made; a packet on its way when it struck counts as struck."""
    found = blackouts(packets, bridge_seconds=BRIDGE_SECONDS)
    return next((blackout for blackout in found if blackout.end >= fault_at), None)


def figures(tale: Tale) -> Figures:
    """The story's figures, from its packets and, for the boundary between detecting and steering, the verdict.

    Raises ValueError where the story did not get that far; the message says how far.
    """
    fault, verdict, failback = (tale.first(m) for m in (Moment.FAULT, Moment.VERDICT, Moment.FAILBACK))
    if fault is None or verdict is None or failback is None:
        seen = ", ".join(mark.moment.value for mark in tale.marks) or "nothing"
        raise ValueError(f"{tale.name}: the story ended early; it saw {seen}")
    packets = tale.packets
    blackout = failure_blackout(packets, fault.at)
    if blackout is None or not blackout.over:
        raise ValueError(f"{tale.name}: no packet was lost, or none got through again")
    detection = min(max(verdict.at - blackout.start, 0.0), blackout.seconds)
    around = (failback.at - FAILBACK_WINDOW_SECONDS, failback.at + FAILBACK_WINDOW_SECONDS)
    return Figures(
        blackout_seconds=round(blackout.seconds, 3),
        detection_seconds=round(detection, 3),
        steering_seconds=round(blackout.seconds - detection, 3),
        failback_lost_packets=lost_between(packets, *around),
        packets_lost=sum(packet.lost for packet in packets),
        packets_sent=len(packets),
    )
