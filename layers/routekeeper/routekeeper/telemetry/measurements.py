"""What the functions measure, as values. `embedded_metrics` turns them into CloudWatch's embedded metric format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum


class Metric(Enum):
    """Every metric by its name in CloudWatch, in the namespace `routekeeper`."""

    TRANSITIONS = "Transitions"
    NO_HEALTHY_PATH = "NoHealthyPath"
    STEERING_FAILURES = "SteeringFailures"
    BARRED_PATHS = "BarredPaths"
    TELLING_FAILURES = "TellingFailures"
    DRIFT = "Drift"
    BRAKE_ENGAGED = "BrakeEngaged"
    RESTARTS_GIVEN_UP = "RestartsGivenUp"
    ICMP_UNAVAILABLE = "IcmpUnavailable"
    DETECTION_SECONDS = "DetectionSeconds"
    STEERING_SECONDS = "SteeringSeconds"
    HEARTBEAT = "Heartbeat"
    TARGET_HEALTHY = "TargetHealthy"
    LOSS_RATIO = "LossRatio"
    ROUND_TRIP_SECONDS = "RoundTripSeconds"


@dataclass(frozen=True, slots=True)
class Measurement:
    """One value. Metrics whose name ends in `Seconds` are in seconds, `LossRatio` runs from 0 to 1, the rest count."""

    metric: Metric
    value: float
    dimensions: Mapping[str, str] = field(default_factory=dict)
    """Beside `deployment`, which every measurement gets."""


Emit = Callable[[Measurement], None]


def count_untold(emit: Emit, group: str | None = None) -> None:
    """Measure that people could not be told.

    The alarm is that on routes: an alarm of its own would cost as much as everything else in a small deployment.
    """
    emit(Measurement(Metric.STEERING_FAILURES, 1))
    emit(Measurement(Metric.TELLING_FAILURES, 1))
    if group is not None:
        emit(Measurement(Metric.TELLING_FAILURES, 1, {"group": group}))
