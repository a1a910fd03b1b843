"""What the router works with; everything here is passed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from routekeeper.announcing import Announcer
from routekeeper.domain.presence import Release
from routekeeper.ec2.steering import Steerers
from routekeeper.store import Store
from routekeeper.telemetry.measurements import Emit


@dataclass(frozen=True, slots=True)
class Dependencies:
    store: Store
    steerers: Steerers
    announcer: Announcer
    clock: Callable[[], float]
    """Seconds since the epoch."""
    sleep: Callable[[float], None]
    emit: Emit
    release: Release = field(default_factory=Release)
    """What this router runs."""
