"""What a group remembers of one of its paths from one look to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from routekeeper.domain.barring import Bar
from routekeeper.domain.bounds import Happened
from routekeeper.domain.flaps import Flaps
from routekeeper.domain.stored import Stored


@dataclass(frozen=True, slots=True)
class PathMemory(Stored):
    """What the table keeps of one path. A field is absent if there is nothing to remember."""

    seen_healthy_at: Happened | None = None
    """Since when the router itself has seen the path HEALTHY without a break, while it was better than the present one.
    None if the last look was otherwise."""
    flaps: Flaps | None = None
    """How often it has failed lately, for damping."""
    blackholed_at: Happened | None = None
    """When traffic left it because its route was a blackhole. It is not HEALTHY until a newer verdict says so."""
    bar: Bar | None = None
    """EC2 refuses to put routes onto it. It ends once EC2 takes it, with an acknowledgement and with a deployment."""
    drifted: bool = False
    """Whether some route stays on it because somebody else put it there."""

    @property
    def holds_anything(self) -> bool:
        """Whether there is anything to remember, be it what only another version knows."""
        return self != NOTHING or bool(self.unknown_attributes)


NOTHING: Final = PathMemory()
