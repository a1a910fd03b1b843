"""What the restarter works with; everything here is passed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from routekeeper.domain.restart_event import RestartEvent
from routekeeper.ec2.instances import Instances
from routekeeper.store import Store


@dataclass(frozen=True, slots=True)
class Dependencies:
    store: Store
    instances: Instances
    announce: Callable[[RestartEvent], None]
    """Tells people. What it raises is reported and stops nothing."""
    clock: Callable[[], float]
    """Seconds since the epoch."""
    sleep: Callable[[float], None]
