"""From packets and moves to figures, and from runs to medians. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Final

from lab.network.record import Packet, blackouts, lost_between

BRIDGE_SECONDS: Final = 0.5
"""Losses with less than this between them are one blackout."""
FAILBACK_WINDOW_SECONDS: Final = 3.0
"""Packets sent so long before and after a failback count as sent around it."""


@dataclass(frozen=True, slots=True)
class Move:
    """One change of path, in epoch seconds."""

    away: bool
    verdict_at: float
    applied_at: float


@dataclass(frozen=True, slots=True)
class Fault:
    """When a fault struck and when it was over, in epoch seconds, and when looking on ended."""

    struck_at: float
    mended_at: float
    watched_until: float


@dataclass(frozen=True, slots=True)
class Figures:
    """How one contestant fared in one run.

    `blackout_seconds` is the longest that the fault made; with `seen` False nobody moved anything, and it lasted as
    long as the fault. `detection_seconds` ends with the verdict and `steering_seconds` with the first answered packet;
    they add up to the blackout, and are None where nothing was moved in it.
    """

    blackout_seconds: float
    seen: bool
    detection_seconds: float | None
    steering_seconds: float | None
    moves_away: int
    moves_back: int
    packets_sent: int
    packets_lost: int
    failback_lost_packets: int | None = None


def figures(
    packets: Sequence[Packet], fault: Fault, moves: Sequence[Move], failback_at: float | None = None
) -> Figures:
    """One contestant's figures, from its packets and what it did. A packet on its way when it struck counts."""
    within = [packet for packet in packets if fault.struck_at - 1 <= packet.sent_at < fault.watched_until]
    during = [move for move in moves if fault.struck_at <= move.verdict_at < fault.watched_until]
    found = [one for one in blackouts(within, bridge_seconds=BRIDGE_SECONDS) if one.end >= fault.struck_at]
    longest = max(found, key=lambda one: one.seconds, default=None)
    first = next((move for move in during if move.away), None)
    detection = steering = None
    if longest is not None and first is not None and longest.start <= first.verdict_at <= longest.end:
        detection = first.verdict_at - longest.start
        steering = longest.seconds - detection
    around = FAILBACK_WINDOW_SECONDS
    return Figures(
        blackout_seconds=round(longest.seconds, 3) if longest else 0.0,
        seen=first is not None,
        detection_seconds=_rounded(detection),
        steering_seconds=_rounded(steering),
        moves_away=sum(move.away for move in during),
        moves_back=sum(not move.away for move in during),
        packets_sent=len(within),
        packets_lost=sum(packet.lost for packet in within),
        failback_lost_packets=None
        if failback_at is None
        else lost_between(packets, failback_at - around, failback_at + around),
    )


@dataclass(frozen=True, slots=True)
class Spread:
    """Several runs of one figure."""

    median: float
    least: float
    most: float


def spread(values: Iterable[float | None]) -> Spread | None:
    """Median and range of what was measured; None where nothing was."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    return Spread(round(median(known), 3), min(known), max(known))


def summary(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Several runs of one contestant in one scenario, as the JSON has them, in one entry."""
    spreads = {
        name: spread(run[name] for run in runs)
        for name in ("blackout_seconds", "detection_seconds", "steering_seconds", "packets_lost")
    }
    failbacks = [run["failback_lost_packets"] for run in runs if run["failback_lost_packets"] is not None]
    return {
        **{name: None if s is None else asdict(s) for name, s in spreads.items()},
        "runs": len(runs),
        "runs_seen": sum(run["seen"] for run in runs),
        "moves_away": sum(run["moves_away"] for run in runs),
        "moves_back": sum(run["moves_back"] for run in runs),
        "failbacks": len(failbacks),
        "failback_lost_packets": sum(failbacks),
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
