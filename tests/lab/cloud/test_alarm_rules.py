from __future__ import annotations

import pytest

from lab.cloud.ministack.alarms import Missing, Point, Rule, State, datapoints, judge, rule_of

NOW = 1000.0


def rule(
    comparison: str = "GreaterThanOrEqualToThreshold",
    *,
    statistic: str = "Sum",
    periods: int = 3,
    to_alarm: int = 3,
    missing: Missing = "missing",
) -> Rule:
    return Rule(statistic, comparison, 1, 60, periods, to_alarm, missing)


def test_each_period_has_its_own_datapoint_the_latest_first() -> None:
    points = [Point(NOW - 5, 2), Point(NOW - 6, 3), Point(NOW - 65, 7)]
    assert datapoints(rule(), points, NOW) == (5, 7, None)


@pytest.mark.parametrize(
    ("statistic", "value"), [("Sum", 7), ("Average", 7 / 3), ("Minimum", 2), ("Maximum", 3), ("SampleCount", 3)]
)
def test_a_datapoint_is_the_statistic_over_all_samples(statistic: str, value: float) -> None:
    points = [Point(NOW - 5, 2, count=2), Point(NOW - 6, 3)]
    assert datapoints(rule(statistic=statistic, periods=1), points, NOW) == (value,)


def test_as_many_datapoints_as_asked_for_have_to_breach() -> None:
    two_of_three = rule(to_alarm=2)
    assert judge(two_of_three, (1, 0, 1), "OK")[0] == "ALARM"
    assert judge(two_of_three, (1, 0, 0), "ALARM")[0] == "OK"


@pytest.mark.parametrize(
    ("missing", "current", "expected"),
    [
        ("missing", "ALARM", "INSUFFICIENT_DATA"),
        ("notBreaching", "ALARM", "OK"),
        ("breaching", "OK", "ALARM"),
        ("ignore", "ALARM", "ALARM"),
        ("ignore", "OK", "OK"),
    ],
)
def test_silence_means_what_the_alarm_says_it_means(missing: Missing, current: State, expected: State) -> None:
    assert judge(rule(missing=missing), (None, None, None), current)[0] == expected


def test_one_heartbeat_clears_an_alarm_on_missing_heartbeats() -> None:
    heartbeat = rule("LessThanThreshold", periods=2, to_alarm=2, missing="breaching")
    assert judge(heartbeat, (None, None), "OK")[0] == "ALARM"
    assert judge(heartbeat, (1, None), "ALARM")[0] == "OK"


def test_an_alarm_is_read_as_ministack_keeps_it() -> None:
    alarm = {
        "AlarmName": "x",
        "Statistic": "Maximum",
        "ComparisonOperator": "LessThanThreshold",
        "Threshold": 2.0,
        "Period": 30,
        "EvaluationPeriods": 5,
        "DatapointsToAlarm": None,
        "TreatMissingData": "breaching",
    }
    assert rule_of(alarm) == Rule("Maximum", "LessThanThreshold", 2.0, 30, 5, 5, "breaching")


@pytest.mark.parametrize(
    "alarm",
    [{"ComparisonOperator": "GreaterThanUpperThreshold"}, {"ExtendedStatistic": "p99", "ComparisonOperator": "x"}],
)
def test_what_cannot_be_evaluated_is_said_aloud(alarm: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="neither bands nor percentiles"):
        rule_of(alarm)
