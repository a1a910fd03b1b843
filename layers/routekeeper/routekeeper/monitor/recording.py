"""Rounds written to the log for `routekeeper replay`. This is off by default, and limited where it is on."""

from __future__ import annotations

import logging
from typing import Final

from routekeeper.domain.health import Health, Observation

LOG = logging.getLogger("routekeeper.monitor")

MESSAGE: Final = "rounds"
_OUTCOMES: Final = {Health.HEALTHY: "ok", Health.UNHEALTHY: "lost", Health.UNKNOWN: "unknown"}


class Recorder:
    """Keeps the rounds since the last heartbeat, up to a limit, and writes them as one line."""

    def __init__(self, vantage: str, most: int) -> None:
        """`most`: rounds in one line; 0 writes nothing."""
        self._vantage = vantage
        self._most = most
        self._rounds: list[str] = []
        self._left_out: dict[str, tuple[int, float, float]] = {}
        """By target: how many, and when the first and the last of them was sent."""

    def note(self, target: str, seen: Observation) -> None:
        """A round has ended."""
        if len(self._rounds) >= self._most:
            count, first, last = self._left_out.get(target, (0, seen.sent_at, seen.sent_at))
            self._left_out[target] = (count + 1, min(first, seen.sent_at), max(last, seen.sent_at))
            return
        took = "" if seen.round_trip_seconds is None else f"{seen.round_trip_seconds * 1000:.3f}"
        self._rounds.append(f"{seen.sent_at:.3f},{self._vantage},{target},{_OUTCOMES[seen.health]},{took}")

    def write(self) -> None:
        """Log what has ended since the last call.

        `rounds` are rows of a trace. `left_out` has a row for each target that had too many. It holds the target, how
        many rounds are missing, and when the first and the last of them were sent.
        """
        if self._rounds:
            left_out = [f"{target},{count},{a:.3f},{b:.3f}" for target, (count, a, b) in self._left_out.items()]
            LOG.info(MESSAGE, extra={"rounds": self._rounds, "left_out": left_out})
        self._rounds, self._left_out = [], {}
