"""Measurements to CloudWatch as embedded metric format on standard output, through Powertools.

Every measurement is flushed by itself: a monitor lives for a minute and more, and what it would have written at
its end is what an alarm needs now. Without an endpoint, too: the log is the way out of the VPC.
"""

from __future__ import annotations

from aws_lambda_powertools.metrics import MetricUnit, single_metric

from routekeeper.measurements import Emit, Measurement, Metric

NAMESPACE = "routekeeper"


def emitter(deployment: str) -> Emit:
    """What writes measurements of `deployment`."""

    def emit(measurement: Measurement) -> None:
        dimensions = {"deployment": deployment, **measurement.dimensions}
        with single_metric(
            name=measurement.metric.value,
            unit=_unit(measurement.metric),
            value=measurement.value,
            namespace=NAMESPACE,
            default_dimensions=dimensions,
        ):
            pass

    return emit


def _unit(metric: Metric) -> MetricUnit:
    if metric.value.endswith("Seconds"):
        return MetricUnit.Seconds
    if metric in (Metric.LOSS_RATIO, Metric.TARGET_HEALTHY):
        return MetricUnit.NoUnit
    return MetricUnit.Count
