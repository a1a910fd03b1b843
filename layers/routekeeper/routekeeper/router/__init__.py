"""The router: from health to a verdict, to a desired path, to actual routes, and a record of it all."""

from __future__ import annotations

from routekeeper.router.dependencies import Dependencies
from routekeeper.router.noting import Noting
from routekeeper.router.router import GroupReport, Router

__all__ = ["Dependencies", "GroupReport", "Noting", "Router"]
