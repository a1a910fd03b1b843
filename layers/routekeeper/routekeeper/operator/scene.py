"""All that the vantages have told, read once for one answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from routekeeper.domain.quorum import Ballots, Verdict, about, suspected_vantages, verdicts
from routekeeper.domain.routing import GroupState, health_of_paths
from routekeeper.domain.settings import Configuration, Group
from routekeeper.domain.vantage import Board


@dataclass(frozen=True, slots=True)
class Scene:
    now: float
    board: Board
    fresh: Ballots
    suspected: frozenset[str]
    verdicts: Mapping[str, Verdict]
    braked: str | None = None
    """Why moves that can wait are held, where they are."""

    def paths(self, group: Group, state: GroupState) -> dict[str, Verdict]:
        return health_of_paths(group, state, self.verdicts, None, self.now)


def scene(configuration: Configuration, board: Board, now: float, braked: str | None = None) -> Scene:
    fresh = about(configuration.targets, board.fresh(now, configuration.stale_after_seconds))
    return Scene(now, board, fresh, suspected_vantages(fresh), verdicts(configuration.targets, fresh), braked)
