"""What can be decided for a group: to stay, or to move. Values with reasons."""

from __future__ import annotations

from dataclasses import dataclass

from routekeeper.domain.group_state import Asker, TransitionKind


@dataclass(frozen=True, slots=True)
class Stay:
    """Leave the desired path as it is."""

    reason: str
    stranded: bool = False
    """Nothing to move to, though the present path is UNHEALTHY: an alarm is due (law 3)."""
    halted: bool = False
    """Touch nothing at all, drift included: the group is paused, or what was decided may not be carried out now."""
    due_at: float | None = None
    """When a better path will be returned to if it stays HEALTHY."""
    adopt: str | None = None
    """At the very start: take the path that the routes are already on as the desired one, changing nothing."""


@dataclass(frozen=True, slots=True)
class Move:
    """Make `to` the desired path."""

    to: str
    kind: TransitionKind
    reason: str
    first_loss_at: float | None = None
    verdict_at: float | None = None
    asked: Asker | None = None
    forced: bool = False
    """Whether who asked for it wants it whatever the path's health."""
    blackhole: bool = False
    """The path is left because AWS calls its route a blackhole, whatever its probes say."""
    brakable: bool = False
    """Whether the brake may hold it (law 12): the path that is left is not UNHEALTHY, so the move can wait (law 4)."""


Decision = Stay | Move
