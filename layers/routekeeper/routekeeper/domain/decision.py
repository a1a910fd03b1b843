"""What can be decided for a group: to stay, or to move. Values with reasons."""

from __future__ import annotations

from dataclasses import dataclass

from routekeeper.domain.group_state import Asker, TransitionKind


@dataclass(frozen=True, slots=True)
class Stay:
    """Leave the desired path as it is."""

    reason: str
    stranded: bool = False
    """There is nothing to move to, although the present path is UNHEALTHY: an alarm is due (law 3)."""
    halted: bool = False
    """Touch nothing at all, not even drift: the group is paused, or what was decided may not be carried out now."""
    due_at: float | None = None
    """When traffic will return to a better path if that stays HEALTHY."""
    adopt: str | None = None
    """Only at the start: make this path, which the routes are on already, the desired one. No route changes."""


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
    """Whether the operator wants it whatever the path's health."""
    blackhole: bool = False
    """Traffic leaves the path because AWS calls its route a blackhole, whatever its probes say."""
    brakable: bool = False
    """Whether the brake may hold it (law 12). The path that traffic leaves is not UNHEALTHY, so the move can wait
    (law 4)."""


Decision = Stay | Move
