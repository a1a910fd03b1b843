"""Attends to the restart groups side by side, for as long as a restart is under way and time is left."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from routekeeper.domain.errors import RoutekeeperError, VersionConflict
from routekeeper.domain.restart import is_stuck
from routekeeper.domain.settings import Configuration, Target
from routekeeper.restarter.report import RestartReport, Summary
from routekeeper.restarter.visit import Dependencies, Visit
from routekeeper.telemetry.context import bound


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

        Every group has a thread of its own, because each waits at its own pace (law 11). `done` is called there as
        soon as the group has been attended to, so that no group's news waits for another group.

        One group's trouble raises nothing here (law 11): see `Summary.raise_errors`.
        """
        groups = self.configuration.restart_groups()
        if not groups:
            return Summary(())
        last_look_at = deadline_at - self.margin_seconds

        def attend(name: str) -> RestartReport:
            with bound(group=name):
                report = self._attend(name, groups[name], last_look_at)
                done(report)
                return report

        with ThreadPoolExecutor(len(groups), "restart") as threads:
            reports = [threads.submit(attend, name) for name in groups]
            return Summary(tuple(report.result() for report in reports))

    def _attend(self, name: str, targets: tuple[Target, ...], last_look_at: float) -> RestartReport:
        report = RestartReport(name)
        while self.dependencies.clock() < last_look_at:
            report = self._look(name, targets, report)
            if not report.under_way or self.dependencies.clock() + self.poll_seconds >= last_look_at:
                break
            self.dependencies.sleep(self.poll_seconds)
        return report

    def _look(self, name: str, targets: tuple[Target, ...], report: RestartReport) -> RestartReport:
        visit = Visit(self.configuration, name, targets, self.dependencies)
        try:
            reason = visit.run()
        except VersionConflict:
            return self._noted(report, visit, "somebody else is attending to it", left_to_others=True)
        except RoutekeeperError as error:
            visit.troubles.append(str(error))
            return self._noted(report, visit, str(error))
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
            given_up=tuple(sorted(state.given_up & {t.name for t in visit.targets})) if state else report.given_up,
            under_way=active and not visit.paused and not left_to_others,
            troubles=(*report.troubles, *visit.troubles),
            untold=report.untold + visit.untold,
            error=visit.troubles[-1] if visit.troubles else None,
        )
