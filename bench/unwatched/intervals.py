"""From arrivals to intervals. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

ROUND_SECONDS = 0.02
"""Probes of one target this close together were sent as one round (an ICMP and a TCP probe, say)."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A time without a probe, in epoch seconds."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.start


def rounds(arrivals: Iterable[float]) -> list[float]:
    """When each round arrived: arrivals close together are one."""
    begun: list[float] = []
    for at in sorted(arrivals):
        if not begun or at - begun[-1] > ROUND_SECONDS:
            begun.append(at)
    return begun


def intervals(arrivals: Iterable[float], start: float, end: float) -> Iterator[Interval]:
    """The times between rounds from `start` to `end`, both of which count as if a round had arrived then."""
    within = [at for at in rounds(arrivals) if start < at < end]
    for earlier, later in pairwise([start, *within, end]):
        yield Interval(earlier, later)
