"""What became of a stream of numbered packets: blackouts and losses. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet: its number, when it was sent and when its answer came (None: it did not), in epoch seconds."""

    sequence: int
    sent_at: float
    received_at: float | None = None

    @property
    def lost(self) -> bool:
        """Whether no answer came."""
        return self.received_at is None

    def to_json(self) -> str:
        """The packet as a line of the measurer's output."""
        return json.dumps({"sequence": self.sequence, "sent_at": self.sent_at, "received_at": self.received_at})

    @classmethod
    def from_json(cls, line: str) -> Packet:
        """A line of the measurer's output. Raises ValueError."""
        fields = json.loads(line)
        return cls(fields["sequence"], fields["sent_at"], fields["received_at"])


@dataclass(frozen=True, slots=True)
class Blackout:
    """A time in which packets went unanswered.

    It starts when the first lost packet was sent and ends when the first one after it was sent that was answered; with
    `over` False that had not happened by the end of the record, and `end` is the last packet's time. Epoch seconds.
    """

    start: float
    end: float
    packets_lost: int
    over: bool = True

    @property
    def seconds(self) -> float:
        """How long it lasted; exact to one interval between packets."""
        return self.end - self.start


def collect(packets: Iterable[Packet]) -> tuple[Packet, ...]:
    """The last word on each packet, in the order of sending: a late answer takes back an earlier loss."""
    by_sequence = {packet.sequence: packet for packet in packets}
    return tuple(by_sequence[sequence] for sequence in sorted(by_sequence))


def blackouts(packets: Sequence[Packet], *, bridge_seconds: float = 0.0) -> tuple[Blackout, ...]:
    """Every run of lost packets. Runs with less than `bridge_seconds` of answered packets between them are one."""
    found: list[Blackout] = []
    open_run: Blackout | None = None
    for packet in packets:
        if packet.lost and open_run is None:
            open_run = Blackout(packet.sent_at, packet.sent_at, 1, over=False)
        elif open_run is not None:
            lost = open_run.packets_lost + packet.lost
            open_run = Blackout(open_run.start, packet.sent_at, lost, over=not packet.lost)
            if open_run.over:
                _add(found, open_run, bridge_seconds)
                open_run = None
    if open_run is not None:
        _add(found, open_run, bridge_seconds)
    return tuple(found)


def longest_blackout(packets: Sequence[Packet], *, bridge_seconds: float = 0.0) -> Blackout | None:
    """The blackout that lasted longest, or None where nothing was lost."""
    return max(blackouts(packets, bridge_seconds=bridge_seconds), key=lambda one: one.seconds, default=None)


def lost_between(packets: Iterable[Packet], start: float, end: float) -> int:
    """How many of the packets sent from `start` up to but not including `end` (epoch seconds) were lost."""
    return sum(packet.lost for packet in packets if start <= packet.sent_at < end)


def _add(found: list[Blackout], new: Blackout, bridge_seconds: float) -> None:
    if found and new.start - found[-1].end < bridge_seconds:
        earlier = found.pop()
        new = Blackout(earlier.start, new.end, earlier.packets_lost + new.packets_lost, over=new.over)
    found.append(new)
