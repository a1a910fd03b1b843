"""One pass over all failover groups, each on its own: one group's trouble never delays another (law 11)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from routekeeper.domain.errors import RoutekeeperError
from routekeeper.domain.quorum import Verdict, verdicts
from routekeeper.domain.settings import Configuration, Group
from routekeeper.router.group_pass import GroupPass
from routekeeper.router.means import Means

LOG = logging.getLogger("routekeeper.router")

MAXIMUM_THREADS: Final = 16


@dataclass(frozen=True, slots=True)
class GroupReport:
    """How one group fared."""

    group: str
    outcome: str
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Router:
    configuration: Configuration
    means: Means

    def run(self, worker: str, deadline_at: float) -> tuple[GroupReport, ...]:
        """Bring every group where it should be, as `worker` (unique to the invocation), until `deadline_at`.

        Raises:
            StoreError: health could not be read, so nothing was decided.
        """
        judged = self._judge()
        groups = tuple(self.configuration.groups.values())
        with ThreadPoolExecutor(min(len(groups), MAXIMUM_THREADS), "group") as threads:
            return tuple(threads.map(lambda group: self._bring(group, judged, worker, deadline_at), groups))

    def _judge(self) -> Mapping[str, Verdict]:
        board = self.means.store.load_board()
        ballots = board.fresh(self.means.clock(), self.configuration.stale_after_seconds)
        return verdicts(self.configuration.targets, ballots)

    def _bring(self, group: Group, judged: Mapping[str, Verdict], worker: str, deadline_at: float) -> GroupReport:
        """Bring one group where it should be; what goes wrong is reported and strands nobody else."""
        try:
            outcome = GroupPass(group, judged, self._judge, self.means, worker, deadline_at).run()
        except RoutekeeperError as error:
            LOG.exception("group not brought where it should be", extra={"group": group.name})
            return GroupReport(group.name, "failed", str(error))
        except Exception as error:  # the edge of one group: a defect met in it must not strand the others
            LOG.exception("defect met in group", extra={"group": group.name})
            return GroupReport(group.name, "failed", f"{type(error).__name__}: {error}")
        LOG.info("group passed", extra={"group": group.name, "outcome": outcome})
        return GroupReport(group.name, outcome)
