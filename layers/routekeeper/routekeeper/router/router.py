"""One pass over all failover groups, each on its own: one group's trouble never delays another (law 11).

A group whose calls are throttled, or whose routes take long, keeps its invocation busy for seconds. Meanwhile the
stream hands out nothing new. So as long as any group is under way, health and operators' requests are read again, and
the other groups are run again if there is news.
"""

from __future__ import annotations

import logging
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, Final

from routekeeper.domain.errors import Ec2Error, RoutekeeperError, StoreError
from routekeeper.domain.health import Health
from routekeeper.domain.settings import Configuration, Group
from routekeeper.domain.verdicts import Verdicts
from routekeeper.router.braking import Braking
from routekeeper.router.dependencies import Dependencies
from routekeeper.router.evidence import Evidence
from routekeeper.router.group_pass import Busy, GroupPass
from routekeeper.router.scope import Scope
from routekeeper.router.telling import Telling
from routekeeper.telemetry.context import bound
from routekeeper.telemetry.measurements import Measurement, Metric, count_untold

LOG = logging.getLogger("routekeeper.router")

MAXIMUM_THREADS: Final = 64
LOOK_AGAIN_SECONDS: Final = 0.25
"""The pause between two looks for news while some group is under way."""


@dataclass(frozen=True, slots=True)
class GroupReport:
    """How one group fared."""

    group: str
    outcome: str
    error: str | None = None


_Health = tuple[tuple[Health, bool], ...]
"""By path: its health, and whether AWS has only announced what speaks against it, so that it still works."""


@dataclass(slots=True)
class _Turn:
    """One group's turn: first the group is brought where it should be, then people are told.

    A new pass does not wait for the telling of the last one.
    """

    group: Group
    known: _Health
    """The health that its pass was begun on."""
    begun_at: float
    bringing: Future[GroupReport]
    telling: Future[None] | None = None

    @property
    def under_way(self) -> list[Future[Any]]:
        return [one for one in (self.bringing, self.telling) if one is not None and not one.done()]


@dataclass(frozen=True, slots=True)
class Router:
    configuration: Configuration
    dependencies: Dependencies

    def run(self, worker: str, deadline_at: float) -> tuple[GroupReport, ...]:
        """Bring every group where it should be, as `worker` (unique to the invocation), until `deadline_at`.

        Raises:
            StoreError: health could not be read, so nothing was decided.
        """
        evidence = Evidence(self.configuration, self.dependencies)
        verdicts = evidence.anew()
        groups = tuple(self.configuration.groups.values())
        braking = Braking(self.configuration.brake, self.dependencies, worker)
        with ThreadPoolExecutor(min(2 * len(groups), MAXIMUM_THREADS), "group") as threads:

            def begin(group: Group) -> Future[GroupReport]:
                return threads.submit(self._bring, group, verdicts, evidence, braking, deadline_at)

            now = self.dependencies.clock()
            turns = [_Turn(group, _health(group, verdicts), now, begin(group)) for group in groups]
            while True:
                for turn in turns:
                    if turn.bringing.done() and turn.telling is None:
                        turn.telling = threads.submit(self._tell, turn.group, braking)
                under_way = [one for turn in turns for one in turn.under_way]
                if not under_way:
                    braking.report()
                    return tuple(turn.bringing.result() for turn in turns)
                if not wait(under_way, LOOK_AGAIN_SECONDS, FIRST_COMPLETED).done:
                    verdicts = evidence.at_best()
                    for turn in turns:
                        if self._has_news(turn, verdicts):
                            turn.known, turn.begun_at = _health(turn.group, verdicts), self.dependencies.clock()
                            turn.bringing, turn.telling = begin(turn.group), None

    def _has_news(self, turn: _Turn, verdicts: Verdicts) -> bool:
        if not turn.bringing.done():
            return False
        return _health(turn.group, verdicts) != turn.known or self._asked_since(turn.group, turn.begun_at)

    def _tell(self, group: Group, braking: Braking) -> None:
        with bound(group=group.name):
            try:
                Telling(group.name, self.dependencies, braking.worker, braking).run()
            except StoreError as error:
                LOG.warning("telling failed", extra={"error": str(error)})
                count_untold(self.dependencies.emit, group.name)
            except Exception:  # the edge of one telling: nobody looks at what its future holds
                LOG.exception("telling failed")
                count_untold(self.dependencies.emit, group.name)

    def _asked_since(self, group: Group, at: float) -> bool:
        """Whether an operator has asked something of the group. If it cannot be read, the next pass says so."""
        try:
            state = self.dependencies.store.load_group(group.name)
        except StoreError:
            return False
        return any(intent.asked.at > at for intent in state.intents)

    def _bring(
        self, group: Group, verdicts: Verdicts, evidence: Evidence, braking: Braking, deadline_at: float
    ) -> GroupReport:
        """Bring one group where it should be. Its trouble is reported and strands no other group."""
        with bound(group=group.name):
            try:
                scope = Scope(group, self.dependencies, evidence, braking, deadline_at)
                outcome = GroupPass(scope, verdicts).run()
            except Busy as busy:
                LOG.info("left to another invocation")
                return GroupReport(group.name, "left to another invocation", str(busy))
            except Ec2Error as error:  # measured where it was met
                LOG.exception("routes not brought where they should be")
                return GroupReport(group.name, "failed", str(error))
            except Exception as error:  # the edge of one group: its trouble must not strand the others
                LOG.exception("group not brought where it should be")
                self.dependencies.emit(Measurement(Metric.STEERING_FAILURES, 1))
                self.dependencies.emit(Measurement(Metric.STEERING_FAILURES, 1, {"group": group.name}))
                told = str(error) if isinstance(error, RoutekeeperError) else f"{type(error).__name__}: {error}"
                return GroupReport(group.name, "failed", told)
            LOG.info("group passed", extra={"outcome": outcome})
            return GroupReport(group.name, outcome)


def _health(group: Group, verdicts: Verdicts) -> _Health:
    found = (verdicts.on(group, path) for path in group.paths)
    return tuple((verdict.health, verdict.announced) for verdict in found)
