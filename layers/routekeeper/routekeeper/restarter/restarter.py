"""Attends to the restart groups side by side, for as long as a restart is under way and time is left."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from routekeeper.domain.errors import Ec2Error, RoutekeeperError, VersionConflict
from routekeeper.domain.restart import RestartState, is_stuck
from routekeeper.domain.settings import Configuration, Target
from routekeeper.restarter.dependencies import Dependencies
from routekeeper.restarter.report import RestartReport, Summary
from routekeeper.restarter.visit import Visit
from routekeeper.telemetry.context import bound

Look = Callable[[Visit], str]
"""One look at a group. Returns what was done, or what it waits for."""

LOG = logging.getLogger("routekeeper.restarter")

MAXIMUM_THREADS: Final = 64
"""Each holds a connection to EC2 and three to the table while it looks."""


@dataclass(frozen=True, slots=True)
class Restarter:
    """Restarts what the configuration allows to be restarted.

    A restart takes minutes and an invocation less than one. While a restart is under way, its group is looked at every
    `poll_seconds`, and the next invocation goes on from the table. Being killed at any line is harmless (law 10).
    """

    configuration: Configuration
    dependencies: Dependencies
    poll_seconds: float = 3.0
    margin_seconds: float = 16.0
    """Time before the deadline in which no look begins. A look makes two calls to EC2, and both may go unanswered for
    as long as the client waits (`bootstrap.clients`)."""

    def run(self, deadline_at: float, done: Callable[[RestartReport], object] = id) -> Summary:
        """Attend to every restart group until none has a restart under way, or until `deadline_at` draws near.

        Every group has a thread of its own, because each waits at its own pace (law 11). If there are more groups than
        threads, all have one look before any restart is followed. `done` is called in the thread as soon as the group
        has been attended to, so that no group's news waits for another group.

        One group's trouble raises nothing here (law 11): see `Summary.raise_errors`.
        """
        groups = self.configuration.restart_groups()
        if not groups:
            return Summary(())
        last_look_at = deadline_at - self.margin_seconds

        def first(name: str) -> RestartReport:
            with bound(restart_group=name):
                report = RestartReport(name)
                if self.dependencies.clock() < last_look_at:
                    report = self._look(self._visit(name, groups[name]), report, partial(Visit.run, first=True))
                report = self._beside(report, groups[name], last_look_at)
                if not report.under_way:
                    done(report)
                return report

        def follow(report: RestartReport) -> RestartReport:
            with bound(restart_group=report.group):
                followed = self._follow(report, groups[report.group], last_look_at)
                if report.under_way:
                    done(followed)
                return followed

        with ThreadPoolExecutor(min(len(groups), MAXIMUM_THREADS), "restart") as threads:
            if len(groups) <= MAXIMUM_THREADS:
                return Summary(tuple(threads.map(lambda name: follow(first(name)), groups)))
            return Summary(tuple(threads.map(follow, tuple(threads.map(first, groups)))))

    def _follow(self, report: RestartReport, targets: tuple[Target, ...], last_look_at: float) -> RestartReport:
        """Look again and again while a restart is under way and time is left."""
        clock = self.dependencies.clock
        while report.under_way and clock() + self.poll_seconds < last_look_at:
            self.dependencies.sleep(self.poll_seconds)
            if clock() < last_look_at:
                report = self._look(self._visit(report.group, targets), report)
        return report

    def _beside(self, report: RestartReport, targets: tuple[Target, ...], last_look_at: float) -> RestartReport:
        """What an invocation does once for the group, beside the restart: starts that are owed, and news untold.

        The starts come in the order in which they are due. That EC2 refuses one is told and has its alarm, and is no
        error of the invocation; nor is it that people cannot be told, which is counted. That the table does not answer
        is one: what has come of the look may be lost.
        """
        looks: list[Look] = [partial(Visit.start_owed, instance=instance) for instance in report.owed]
        if report.waiting and not report.untold:
            looks.append(partial(Visit.tell_again, until=last_look_at))
        found = report
        for look in looks:
            if self.dependencies.clock() < last_look_at:
                visit = self._visit(report.group, targets)
                noted = self._look(visit, found, look)
                error = noted.error if visit.failed else found.error
                reason = f"{report.reason}; {noted.reason}"
                found = replace(noted, under_way=report.under_way, reason=reason, error=error)
        return found

    def _visit(self, name: str, targets: tuple[Target, ...]) -> Visit:
        return Visit(self.configuration, name, targets, self.dependencies)

    def _look(self, visit: Visit, report: RestartReport, look: Look = Visit.run) -> RestartReport:
        try:
            reason = look(visit)
        except VersionConflict:
            return self._noted(report, visit, "somebody else is attending to it", left_to_others=True)
        except Ec2Error as error:
            visit.troubles.append(str(error))
            return self._noted(report, visit, str(error))
        except RoutekeeperError as error:
            visit.failed = True
            visit.troubles.append(str(error))
            return self._noted(report, visit, str(error))
        except Exception as error:  # the edge of one group: its trouble must not strand the others
            LOG.exception("restart group not attended to")
            visit.failed = True
            visit.troubles.append(f"{type(error).__name__}: {error}")
            return self._noted(report, visit, visit.troubles[-1])
        return self._noted(report, visit, reason)

    def _noted(
        self, report: RestartReport, visit: Visit, reason: str, *, left_to_others: bool = False
    ) -> RestartReport:
        state = visit.state
        active = state is not None and state.active is not None and not is_stuck(state)
        return replace(
            report,
            reason=reason,
            events=(*report.events, *visit.events),
            given_up=_given_up(state, visit.targets) if state else report.given_up,
            waiting=len(state.untold) if state else report.waiting,
            owed=tuple(sorted(state.owed, key=lambda one: state.owed[one].next_at)) if state else report.owed,
            under_way=active and not visit.paused and not left_to_others,
            troubles=(*report.troubles, *visit.troubles),
            untold=report.untold + visit.untold,
            error=visit.troubles[-1] if visit.troubles else None,
        )


def _given_up(state: RestartState, targets: tuple[Target, ...]) -> tuple[str, ...]:
    configured = {target.name for target in targets}
    return tuple(sorted(state.given_up & configured | {start.target for start in state.owed.values()}))
