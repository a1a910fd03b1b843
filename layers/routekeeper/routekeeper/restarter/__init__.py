"""The restarter: failed instances are stopped and started, one of a restart group at a time."""

from __future__ import annotations

from routekeeper.restarter.report import GroupReport, Summary
from routekeeper.restarter.restarter import Restarter
from routekeeper.restarter.visit import Means

__all__ = ["GroupReport", "Means", "Restarter", "Summary"]
