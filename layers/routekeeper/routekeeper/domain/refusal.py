"""Why a change was not made, in EC2's own words and by what it is about."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from routekeeper.domain.stored import Stored


class About(Enum):
    """What a refusal speaks of."""

    NEXT_HOP = "next-hop"
    """The path's next hop is gone or cannot be used: no route can be put onto it."""
    ROUTE = "route"
    """This route, its table, or the permission to change it: other routes may still move."""
    CALL = "call"
    """Only the call: it was throttled, not answered, or refused for a reason that says nothing about either."""


@dataclass(frozen=True, slots=True)
class Refusal(Stored):
    """Why EC2 did not do what it was asked."""

    code: str
    """EC2's error code ("Error codes for the Amazon EC2 API"), or one of our own. docs/operator.md lists those."""
    words: str
    """What was asked of what, and EC2's message."""
    about: About = About.CALL
    final: bool = False
    """Whether the same call will be refused again until somebody changes something."""

    def __str__(self) -> str:
        return self.words
