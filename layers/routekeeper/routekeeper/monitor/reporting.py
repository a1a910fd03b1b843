"""What a vantage tells CloudWatch once a minute."""

from __future__ import annotations

from collections.abc import Iterator

from routekeeper.domain.health import Health
from routekeeper.domain.settings import Configuration, IcmpProbe
from routekeeper.domain.vantage import Vantage
from routekeeper.measurements import Measurement, Metric
from routekeeper.probes import Prober


def measurements(vantage: Vantage, configuration: Configuration, prober: Prober) -> Iterator[Measurement]:
    """The heartbeat, whether ICMP is refused here, and each target's health, loss and round-trip time."""
    here = {"vantage": vantage.name}
    yield Measurement(Metric.HEARTBEAT, 1, here)
    if prober.icmp_unavailable is not None and _uses_icmp(configuration):
        yield Measurement(Metric.ICMP_UNAVAILABLE, 1)
    for name, state in vantage.targets.items():
        dimensions = {**here, "target": name}
        if state.health is not Health.UNKNOWN:
            yield Measurement(Metric.TARGET_HEALTHY, float(state.health is Health.HEALTHY), dimensions)
        summary = vantage.summaries[name]
        if summary.sent:
            yield Measurement(Metric.LOSS_RATIO, summary.lost / summary.sent, dimensions)
        if summary.round_trip_seconds_median is not None:
            yield Measurement(Metric.ROUND_TRIP_SECONDS, summary.round_trip_seconds_median, dimensions)


def _uses_icmp(configuration: Configuration) -> bool:
    return any(isinstance(p, IcmpProbe) for target in configuration.targets.values() for p in target.probes)
