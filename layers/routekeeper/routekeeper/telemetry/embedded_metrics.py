"""Measurements to CloudWatch as embedded metric format on standard output, through Powertools.

Every measurement is flushed by itself. A monitor lives for a minute or longer, and an alarm needs now what it would
write at its end. No endpoint is needed for this, because the log is the way out of the VPC.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from routekeeper.telemetry.lines import write_line
from routekeeper.telemetry.measurements import Emit, Measurement, Metric

if TYPE_CHECKING:
    from aws_lambda_powertools.metrics import MetricUnit

NAMESPACE = "routekeeper"


def emitter(deployment: str) -> Emit:
    """A function that writes measurements of `deployment`."""

    def emit(measurement: Measurement) -> None:
        from aws_lambda_powertools.metrics import EphemeralMetrics  # noqa: PLC0415 - see `warm_up`

        metrics = EphemeralMetrics(namespace=NAMESPACE)
        for name, value in {"deployment": deployment, **measurement.dimensions}.items():
            metrics.add_dimension(name, value)
        metrics.add_metric(measurement.metric.value, _unit(measurement.metric), measurement.value)
        write_line(json.dumps(metrics.serialize_metric_set(), separators=(",", ":")))

    return emit


def warm_up() -> None:
    """Import Powertools now instead of with the first measurement.

    A function that measures all the time imports it at its start, where Lambda gives it a whole processor. A function
    that measures only what it has changed does not let its cold start wait for it.
    """
    import aws_lambda_powertools.metrics  # noqa: F401, PLC0415


def _unit(metric: Metric) -> MetricUnit:
    from aws_lambda_powertools.metrics import MetricUnit  # noqa: PLC0415 - see `warm_up`

    if metric.value.endswith("Seconds"):
        return MetricUnit.Seconds
    if metric in (Metric.LOSS_RATIO, Metric.TARGET_HEALTHY):
        return MetricUnit.NoUnit
    return MetricUnit.Count
