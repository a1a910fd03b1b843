"""The restart groups in turn, each on its own, for as long as a restart is under way and time is left."""

from __future__ import annotations

from dataclasses import dataclass, replace

from routekeeper.domain.errors import RoutekeeperError, VersionConflict
from routekeeper.domain.settings import Configuration, Target
from routekeeper.restarter.report import GroupReport, Summary
from routekeeper.restarter.visit import Means, Visit


@dataclass(frozen=True, slots=True)
class Restarter:
    """Restarts what the configuration allows to be restarted.

    A restart takes minutes, an invocation less than one: while a restart is under way, its group is looked at every
    `poll_seconds`, and the next invocation goes on from the table. Being killed at any line is harmless (law 10).
    """

    configuration: Configuration
    means: Means
    poll_seconds: float = 3.0
    margin_seconds: float = 10.0
    """Time that is left unused before the deadline: what one look takes when EC2 answers slowly."""

    def run(self, deadline_at: float) -> Summary:
        """Attend to every restart group until none has a restart under way, or until `deadline_at` draws near.

        Raises nothing that one group's trouble could be the cause of (law 11): see `Summary.raise_errors`.
        """
        groups = self.configuration.restart_groups()
        last_look_at = deadline_at - self.margin_seconds
        reports = {name: GroupReport(name) for name in groups}
        left = list(groups)
        while left:
            # Whoever was in trouble comes last, for trouble may take its time.
            for name in sorted(left, key=lambda name: len(reports[name].troubles)):
                if self.means.clock() >= last_look_at:
                    return Summary(tuple(reports.values()))
                reports[name] = self._attend(name, groups[name], reports[name])
            left = [name for name in left if reports[name].under_way]
            if self.means.clock() + self.poll_seconds >= last_look_at:
                break
            if left:
                self.means.sleep(self.poll_seconds)
        return Summary(tuple(reports.values()))

    def _attend(self, name: str, targets: tuple[Target, ...], report: GroupReport) -> GroupReport:
        visit = Visit(self.configuration, name, targets, self.means)
        try:
            reason = visit.run()
        except VersionConflict:
            return self._noted(report, visit, "somebody else is attending to it", left_to_others=True)
        except RoutekeeperError as error:
            visit.troubles.append(str(error))
            return self._noted(report, visit, str(error))
        return self._noted(report, visit, reason)

    def _noted(self, report: GroupReport, visit: Visit, reason: str, *, left_to_others: bool = False) -> GroupReport:
        state = visit.state
        active = state is not None and state.active is not None
        return replace(
            report,
            reason=reason,
            events=(*report.events, *visit.events),
            given_up=tuple(sorted(state.given_up & {t.name for t in visit.targets})) if state else report.given_up,
            under_way=active and not visit.held and not left_to_others,
            troubles=(*report.troubles, *visit.troubles),
            error=visit.troubles[-1] if visit.troubles else None,
        )
