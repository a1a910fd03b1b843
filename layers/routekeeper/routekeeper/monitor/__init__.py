"""The monitor: holds its vantage's lease, probes every target, folds what it sees into health, says so."""

from __future__ import annotations

from routekeeper.monitor.means import Means, Offload
from routekeeper.monitor.monitor import Monitor
from routekeeper.monitor.shift import Ended

__all__ = ["Ended", "Means", "Monitor", "Offload"]
