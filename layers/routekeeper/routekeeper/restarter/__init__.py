"""The restarter: it stops and starts failed instances, one of a restart group at a time."""

from __future__ import annotations

from routekeeper.restarter.dependencies import Dependencies
from routekeeper.restarter.report import RestartReport, Summary
from routekeeper.restarter.restarter import Restarter

__all__ = ["Dependencies", "RestartReport", "Restarter", "Summary"]
