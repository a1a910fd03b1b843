"""CloudWatch alarms by their own rules: dimensions, periods, datapoints to alarm, missing data.

Source: "Using Amazon CloudWatch alarms", sections "Evaluating an alarm" and "Configuring how CloudWatch alarms treat
missing data". Simplified: periods end now instead of on whole minutes, so that an alarm needs no extra minute.
"""

from __future__ import annotations

import operator
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
Missing = Literal["missing", "ignore", "breaching", "notBreaching"]

LOOK_EVERY_SECONDS: Final = 1.0
COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


@dataclass(frozen=True, slots=True)
class Rule:
    """What an alarm compares; times in seconds."""

    statistic: str
    comparison: str
    threshold: float
    period: int
    periods: int
    to_alarm: int
    """How many of the periods have to breach."""
    missing: Missing


@dataclass(frozen=True, slots=True)
class Point:
    """Samples published at one time (Unix seconds) with one value each, `count` times."""

    at: float
    value: float
    count: float = 1.0


def rule_of(alarm: Mapping[str, Any]) -> Rule:
    """The rule in an alarm as MiniStack stores it.

    Raises ValueError for comparisons and statistics that this laboratory does not evaluate (bands, percentiles).
    """
    comparison = alarm.get("ComparisonOperator") or ""
    if comparison not in COMPARISONS or alarm.get("ExtendedStatistic"):
        raise ValueError(f"alarm {alarm.get('AlarmName')}: this laboratory evaluates neither bands nor percentiles")
    periods = int(alarm.get("EvaluationPeriods") or 1)
    return Rule(
        statistic=alarm.get("Statistic") or "Average",
        comparison=comparison,
        threshold=float(alarm.get("Threshold") or 0),
        period=int(alarm.get("Period") or 60),
        periods=periods,
        to_alarm=int(alarm.get("DatapointsToAlarm") or periods),
        missing=alarm.get("TreatMissingData") or "missing",
    )


def datapoints(rule: Rule, points: Sequence[Point], now: float) -> tuple[float | None, ...]:
    """The statistic of each evaluation period, the latest first; None where nothing was published."""
    windows = [(now - rule.period * (n + 1), now - rule.period * n) for n in range(rule.periods)]
    return tuple(_statistic(rule.statistic, [p for p in points if start < p.at <= end]) for start, end in windows)


def judge(rule: Rule, values: Sequence[float | None], current: State) -> tuple[State, str]:
    """The state that follows from the datapoints, and why."""
    present = [v for v in values if v is not None]
    gaps = len(values) - len(present)
    if not present and rule.missing == "missing":
        return "INSUFFICIENT_DATA", f"no datapoints in {rule.periods} periods of {rule.period} s"
    if not present and rule.missing == "ignore":
        return current, "no datapoints, and missing data are ignored"
    breaching = sum(COMPARISONS[rule.comparison](v, rule.threshold) for v in present)
    breaching += gaps if rule.missing == "breaching" else 0
    what = f"{breaching} of {len(values)} datapoints {list(values)} were {rule.comparison} {rule.threshold}"
    return ("ALARM" if breaching >= rule.to_alarm else "OK"), f"Threshold Crossed: {what}"


def install(cloudwatch: Any, responses: Any, account: str, region: str) -> None:
    """Put this module's evaluation in the place of MiniStack's, and look at all alarms every second."""

    def evaluate(alarm: dict[str, Any]) -> None:
        if not alarm.get("MetricName"):
            return
        rule = rule_of(alarm)
        state, why = judge(rule, datapoints(rule, _points(cloudwatch, alarm), time.time()), alarm["StateValue"])
        if state != alarm["StateValue"]:
            _move(cloudwatch, alarm, state, why)

    def watch() -> None:
        responses.set_request_account_id(account)
        responses.set_request_region(region)
        while True:
            time.sleep(LOOK_EVERY_SECONDS)
            cloudwatch._evaluate_all_alarms()

    cloudwatch._evaluate_alarm = evaluate
    threading.Thread(target=watch, daemon=True, name="alarm-evaluation").start()


def _points(cloudwatch: Any, alarm: Mapping[str, Any]) -> list[Point]:
    dimensions = {d["Name"]: d["Value"] for d in alarm.get("Dimensions") or []}
    key = (alarm["Namespace"], alarm["MetricName"], cloudwatch._dims_key(dimensions))
    return [
        Point(stored["Timestamp"], total / count, count)
        for stored in list(cloudwatch._metrics.get(key) or [])
        for count, total, _, _ in [cloudwatch._point_stats(stored)]
        if count
    ]


def _move(cloudwatch: Any, alarm: dict[str, Any], state: State, why: str) -> None:
    old = alarm["StateValue"]
    alarm |= {"StateValue": state, "StateReason": why, "StateUpdatedTimestamp": int(time.time())}
    cloudwatch._record_history(alarm["AlarmName"], old, state, why)
    cloudwatch._dispatch_alarm_actions(alarm, old, state, why)
    cloudwatch._evaluate_parent_alarms(alarm)


def _statistic(name: str, points: Sequence[Point]) -> float | None:
    if not points:
        return None
    count = sum(p.count for p in points)
    total = sum(p.value * p.count for p in points)
    values = [p.value for p in points]
    return {
        "Sum": total,
        "SampleCount": count,
        "Average": total / count,
        "Minimum": min(values),
        "Maximum": max(values),
    }[name]
