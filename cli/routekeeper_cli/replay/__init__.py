"""Replay: what this configuration would have seen and done on a recorded trace."""

from __future__ import annotations

from routekeeper_cli.replay.row import RoundOutcome, Row
from routekeeper_cli.replay.run import Braked, Event, Foreseen, HealthChange, Moved, replay
from routekeeper_cli.replay.told import as_json, as_timeline
from routekeeper_cli.replay.trace import read_trace

__all__ = [
    "Braked",
    "Event",
    "Foreseen",
    "HealthChange",
    "Moved",
    "RoundOutcome",
    "Row",
    "as_json",
    "as_timeline",
    "read_trace",
    "replay",
]
