"""Rounds written to the log, for `routekeeper replay`: off by default, and never more than was asked for."""

from __future__ import annotations

import logging
from typing import Final

from routekeeper.domain.health import Health, Observation

LOG = logging.getLogger("routekeeper.monitor")

MESSAGE: Final = "rounds"
_OUTCOMES: Final = {Health.HEALTHY: "ok", Health.UNHEALTHY: "lost", Health.UNKNOWN: "unknown"}


class Recorder:
    """Keeps the rounds since the last heartbeat, at most so many of them, and writes them as one line."""

    def __init__(self, vantage: str, most: int) -> None:
        """`most`: rounds a line; 0 writes nothing."""
        self._vantage = vantage
        self._most = most
        self._rounds: list[str] = []
        self._left_out = 0

    def note(self, target: str, seen: Observation) -> None:
        """A round has ended."""
        if len(self._rounds) >= self._most:
            self._left_out += 1
            return
        took = "" if seen.round_trip_seconds is None else f"{seen.round_trip_seconds * 1000:.3f}"
        self._rounds.append(f"{seen.sent_at:.3f},{self._vantage},{target},{_OUTCOMES[seen.health]},{took}")

    def write(self) -> None:
        """Log what has ended since the last call, as rows of a trace."""
        if self._rounds:
            LOG.info(MESSAGE, extra={"vantage": self._vantage, "rounds": self._rounds, "left_out": self._left_out})
        self._rounds, self._left_out = [], 0
