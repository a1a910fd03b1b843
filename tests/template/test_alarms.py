import json
import re
from typing import Any

import pytest

from routekeeper.telemetry.embedded_metrics import emitter
from routekeeper.telemetry.measurements import Measurement, Metric
from tests.template.rendering import ROOT, of_type

OF_THE_PLATFORM = {
    "AWS/Lambda": {"Errors", "Invocations"},
    "AWS/SQS": {"ApproximateNumberOfMessagesVisible"},
}
PER_TARGET = {"TargetHealthy", "LossRatio", "RoundTripSeconds"}
DEPLOYMENT = {"deployment": "stack"}


@pytest.fixture
def alarms(full_stack: dict[str, Any]) -> dict[str, Any]:
    return of_type(full_stack, "AWS::CloudWatch::Alarm")


def watched(alarm: dict[str, Any]) -> tuple[str, dict[str, str]]:
    return alarm["MetricName"], {pair["Name"]: pair["Value"] for pair in alarm["Dimensions"]}


@pytest.mark.parametrize(
    ("alarm", "metric", "dimensions"),
    [
        ("TransitionAlarm", "Transitions", DEPLOYMENT),
        ("NoHealthyPathAlarm", "NoHealthyPath", DEPLOYMENT),
        ("SteeringFailureAlarm", "SteeringFailures", DEPLOYMENT),
        ("BrakeAlarm", "BrakeEngaged", DEPLOYMENT),
        ("RestartGivenUpAlarm", "RestartsGivenUp", DEPLOYMENT),
        ("HeartbeatAAlarm", "Heartbeat", DEPLOYMENT | {"vantage": "a"}),
        ("HeartbeatBAlarm", "Heartbeat", DEPLOYMENT | {"vantage": "b"}),
        ("HeartbeatCAlarm", "Heartbeat", DEPLOYMENT | {"vantage": "c"}),
        (
            "StreamDeadLettersAlarm",
            "ApproximateNumberOfMessagesVisible",
            {"QueueName": "<StreamDeadLetters.QueueName>"},
        ),
        (
            "InvocationDeadLettersAlarm",
            "ApproximateNumberOfMessagesVisible",
            {"QueueName": "<InvocationDeadLetters.QueueName>"},
        ),
        *(
            (f"{name}ErrorsAlarm", "Errors", {"FunctionName": f"<{name}>"})
            for name in ("MonitorA", "MonitorB", "MonitorC", "Router", "Restarter", "Operator")
        ),
        ("RouterSilentAlarm", "Invocations", {"FunctionName": "<Router>"}),
        ("RestarterSilentAlarm", "Invocations", {"FunctionName": "<Restarter>"}),
    ],
)
def test_there_is_an_alarm_for(alarms: dict[str, Any], alarm: str, metric: str, dimensions: dict[str, str]) -> None:
    assert watched(alarms[alarm]) == (metric, dimensions)


def test_every_alarm_watches_a_metric_that_exists(alarms: dict[str, Any]) -> None:
    known = OF_THE_PLATFORM | {"routekeeper": {metric.value for metric in Metric}}
    assert all(alarm["MetricName"] in known[alarm["Namespace"]] for alarm in alarms.values())


@pytest.mark.parametrize("metric", [metric for metric in Metric if metric.value not in PER_TARGET])
def test_what_an_alarm_watches_is_what_a_function_writes(
    full_stack: dict[str, Any],
    alarms: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    metric: Metric,
) -> None:
    told = full_stack["MonitorA"]["Properties"]["Environment"]["Variables"]
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    vantage = {"vantage": "a"} if metric is Metric.HEARTBEAT else {}
    emitter(told["ROUTEKEEPER_DEPLOYMENT"])(Measurement(metric, 1, vantage))
    written = json.loads(capsys.readouterr().out)
    [directive] = written["_aws"]["CloudWatchMetrics"]
    [names] = directive["Dimensions"]
    of_this = [alarm for alarm in alarms.values() if alarm["MetricName"] == metric.value]
    assert directive["Namespace"] == "routekeeper"
    assert not of_this or watched(of_this[0]) == (metric.value, {name: written[name] for name in names})


def test_every_alarm_is_told_to_the_topic(alarms: dict[str, Any]) -> None:
    assert all(alarm["AlarmActions"] == ["<Topic>"] for alarm in alarms.values())


def test_one_transition_within_a_minute_is_told(alarms: dict[str, Any]) -> None:
    alarm = alarms["TransitionAlarm"]
    assert (alarm["Statistic"], alarm["Period"], alarm["EvaluationPeriods"], alarm["Threshold"]) == ("Sum", 60, 1, 1)


def test_silence_alarms_where_there_should_be_a_sign_of_life_and_nowhere_else(alarms: dict[str, Any]) -> None:
    signs_of_life = {name for name, alarm in alarms.items() if alarm["TreatMissingData"] == "breaching"}
    assert signs_of_life == {name for name in alarms if name.startswith("Heartbeat") or "Silent" in name}


def test_what_happened_is_told_once_and_what_lasts_is_told_when_it_ends(alarms: dict[str, Any]) -> None:
    told_once = {name for name, alarm in alarms.items() if "OKActions" not in alarm}
    assert told_once == {"TransitionAlarm", "RestartGivenUpAlarm"}


def test_every_description_says_what_it_means_and_where_to_read_on(alarms: dict[str, Any]) -> None:
    for name, alarm in alarms.items():
        assert re.fullmatch(r"[A-Z][^\n]{20,} See docs/runbook\.md#[a-z-]+", alarm["AlarmDescription"]), name


def test_the_runbook_has_a_section_for_every_alarm(alarms: dict[str, Any]) -> None:
    runbook = (ROOT / "docs" / "runbook.md").read_text()
    headings = re.findall(r"^#+ (.+)$", runbook, re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert {alarm["AlarmDescription"].split("#")[1] for alarm in alarms.values()} <= anchors
