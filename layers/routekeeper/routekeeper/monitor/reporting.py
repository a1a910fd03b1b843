"""What a vantage tells CloudWatch: one set of measurements for each watch, and there is one watch a minute."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Final

from routekeeper.domain.health import Health, TargetHealth
from routekeeper.domain.settings import Configuration, IcmpProbe, TargetFigures
from routekeeper.domain.vantage import Summary
from routekeeper.monitor.dependencies import Dependencies
from routekeeper.monitor.round_counts import RoundCounts
from routekeeper.telemetry.measurements import Measurement, Metric

LOG = logging.getLogger("routekeeper.monitor")

LONG_SECONDS: Final = 75.0
"""A watch that lasts longer than this, because no successor has come, reports in between.

This is more than the minute that a watch usually lasts. So a watch that lasts a little longer does not report twice.
"""


class Reporter:
    """A watch reports that it is alive once the table has taken what it tells, and what it has seen when it ends.

    Each round counts once. A watch that can write nothing gives no sign of life, so that the alarm rings.
    """

    def __init__(self, vantage: str, configuration: Configuration, dependencies: Dependencies) -> None:
        self._here = {"vantage": vantage}
        self._uses_icmp = any(
            isinstance(probe, IcmpProbe) for target in configuration.targets.values() for probe in target.probes
        )
        self._measures_targets = configuration.target_figures is TargetFigures.METRICS
        self._prober = dependencies.prober
        self._clock = dependencies.clock
        self._emit = dependencies.emit
        self._due_at = 0.0
        self._alive_told = False
        self._refusal_told = False
        self._counts: dict[str, RoundCounts] = {}

    def begin(self) -> None:
        """A minute of watching begins."""
        self._due_at = self._clock() + LONG_SECONDS
        self._alive_told = False

    def heartbeat_taken(self) -> None:
        """The table has taken a heartbeat: say that somebody watches, once for each minute that has begun."""
        if not self._alive_told:
            self._alive_told = True
            self._emit(Measurement(Metric.HEARTBEAT, 1, self._here))

    def count(self, target: str, rounds: RoundCounts) -> None:
        """Keep rounds that have ended for the next report."""
        self._counts.setdefault(target, RoundCounts()).take_in(rounds)

    def look(self, targets: Mapping[str, TargetHealth]) -> None:
        """Log what cannot be probed, and report if the watch has become long."""
        self._tell_refusal()
        if self._clock() >= self._due_at:
            self.report(targets)
            self.begin()

    def report(self, targets: Mapping[str, TargetHealth]) -> None:
        """Emit what has been counted since the last report, and the verdicts as they are."""
        self._tell_refusal()
        counts, self._counts = self._counts, {}
        summaries = {name: counts.get(name, RoundCounts()).summary() for name in targets}
        LOG.info("targets seen", extra={"targets": _figures(targets, summaries)})
        for measurement in self._measurements(targets, summaries):
            self._emit(measurement)

    def _tell_refusal(self) -> None:
        """Log once that ICMP is refused. For IPv6 this is known only after the first probe that needs it."""
        refusal = self._prober.icmp_unavailable if self._uses_icmp and not self._refusal_told else None
        if refusal is not None:
            self._refusal_told = True
            LOG.warning("icmp unavailable", extra={"reason": refusal})

    def _measurements(
        self, targets: Mapping[str, TargetHealth], summaries: Mapping[str, Summary]
    ) -> Iterator[Measurement]:
        if self._uses_icmp and self._prober.icmp_unavailable is not None:
            yield Measurement(Metric.ICMP_UNAVAILABLE, 1)
        for name, state in targets.items() if self._measures_targets else ():
            dimensions = {**self._here, "target": name}
            if state.health is not Health.UNKNOWN:
                yield Measurement(Metric.TARGET_HEALTHY, float(state.health is Health.HEALTHY), dimensions)
            summary = summaries[name]
            if summary.sent:
                yield Measurement(Metric.LOSS_RATIO, summary.lost / summary.sent, dimensions)
            if summary.round_trip_seconds_median is not None:
                yield Measurement(Metric.ROUND_TRIP_SECONDS, summary.round_trip_seconds_median, dimensions)


def _figures(targets: Mapping[str, TargetHealth], summaries: Mapping[str, Summary]) -> dict[str, object]:
    """What a log query asks for. Metrics of every target would cost a multiple (docs/costs.md)."""
    return {
        name: {
            "health": state.health.value,
            "loss_ratio": summaries[name].lost / summaries[name].sent if summaries[name].sent else None,
            "round_trip_seconds": summaries[name].round_trip_seconds_median,
        }
        for name, state in targets.items()
    }
