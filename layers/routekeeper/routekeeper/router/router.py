"""One pass over all failover groups, each on its own: one group's trouble never delays another (law 11).

A group whose calls are throttled, or whose routes take long, keeps its invocation busy for seconds, and the stream
hands out nothing new meanwhile. So as long as any group is under way, health and what operators ask are read again,
and the others are brought where these say.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Final

from routekeeper.domain.errors import Ec2Error, RoutekeeperError, StoreError
from routekeeper.domain.health import Health
from routekeeper.domain.quorum import Verdict, verdicts
from routekeeper.domain.settings import Configuration, Group
from routekeeper.measurements import Measurement, Metric
from routekeeper.router.group_pass import Busy, GroupPass
from routekeeper.router.means import Means

LOG = logging.getLogger("routekeeper.router")

MAXIMUM_THREADS: Final = 16
LOOK_AGAIN_SECONDS: Final = 0.25
"""Between two looks at what is new while some group is under way."""


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
        groups = self.configuration.groups
        begun_at = dict.fromkeys(groups, self.means.clock())
        with ThreadPoolExecutor(min(len(groups), MAXIMUM_THREADS), "group") as threads:

            def begin(group: Group) -> Future[GroupReport]:
                return threads.submit(self._bring, group, judged, worker, deadline_at)

            passes = {name: begin(group) for name, group in groups.items()}
            known = {name: _health(group, judged) for name, group in groups.items()}
            while wait(passes.values(), LOOK_AGAIN_SECONDS).not_done:
                judged = self._judge_again(judged)
                for name, group in groups.items():
                    health = _health(group, judged)
                    if passes[name].done() and (health != known[name] or self._asked_since(group, begun_at[name])):
                        known[name], begun_at[name] = health, self.means.clock()
                        passes[name] = begin(group)
            return tuple(one.result() for one in passes.values())

    def _judge(self) -> Mapping[str, Verdict]:
        board = self.means.store.load_board()
        ballots = board.fresh(self.means.clock(), self.configuration.stale_after_seconds)
        return verdicts(self.configuration.targets, ballots)

    def _judge_again(self, judged: Mapping[str, Verdict]) -> Mapping[str, Verdict]:
        try:
            return self._judge()
        except StoreError as error:
            LOG.warning("health not read again", extra={"error": str(error)})
            return judged

    def _asked_since(self, group: Group, at: float) -> bool:
        """Whether an operator has asked something of the group. Where that is unreadable, the next pass says so."""
        try:
            state = self.means.store.load_group(group.name)
        except StoreError:
            return False
        return any(intent.asked.at > at for intent in state.intents)

    def _bring(self, group: Group, judged: Mapping[str, Verdict], worker: str, deadline_at: float) -> GroupReport:
        """Bring one group where it should be; what goes wrong is reported and strands nobody else."""
        try:
            outcome = GroupPass(group, judged, self._judge, self.means, worker, deadline_at).run()
        except Busy as busy:
            LOG.info("left to another invocation", extra={"group": group.name})
            return GroupReport(group.name, "left to another invocation", str(busy))
        except Ec2Error as error:  # measured where it was met
            LOG.exception("routes not brought where they should be", extra={"group": group.name})
            return GroupReport(group.name, "failed", str(error))
        except Exception as error:  # the edge of one group: what was met in it must not strand the others
            LOG.exception("group not brought where it should be", extra={"group": group.name})
            self.means.emit(Measurement(Metric.STEERING_FAILURES, 1))
            self.means.emit(Measurement(Metric.STEERING_FAILURES, 1, {"group": group.name}))
            told = str(error) if isinstance(error, RoutekeeperError) else f"{type(error).__name__}: {error}"
            return GroupReport(group.name, "failed", told)
        LOG.info("group passed", extra={"group": group.name, "outcome": outcome})
        return GroupReport(group.name, outcome)


def _health(group: Group, judged: Mapping[str, Verdict]) -> tuple[Health, ...]:
    """The health of everything that the group's paths depend on."""
    return tuple(judged[path.target].health for path in group.paths if path.target is not None)
