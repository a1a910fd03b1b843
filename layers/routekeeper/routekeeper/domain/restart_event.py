"""One line of a restart group's history."""

from __future__ import annotations

from dataclasses import dataclass

from routekeeper.domain.bounds import Time
from routekeeper.domain.restart import Action, RestartOutcome


@dataclass(frozen=True, slots=True)
class RestartEvent:
    id: str
    """`<group>-<version>`. It is deterministic, so that recording twice is recording once."""
    group: str
    target: str
    instance: str
    at: Time
    outcome: RestartOutcome
    reason: str
    action: Action | None = None
