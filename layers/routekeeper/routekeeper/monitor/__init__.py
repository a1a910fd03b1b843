"""The monitor: holds its vantage's lease, probes every target, folds what it sees into health, says so."""

from __future__ import annotations

from routekeeper.monitor.dependencies import Dependencies, Offload
from routekeeper.monitor.monitor import Monitor
from routekeeper.monitor.watch import Ended

__all__ = ["Dependencies", "Ended", "Monitor", "Offload"]
