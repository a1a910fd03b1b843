import json
from collections.abc import Iterable
from typing import Any

import pytest

from routekeeper.bootstrap.environment import Environment
from routekeeper.domain.group_state import LONGEST_TURN_SECONDS
from routekeeper.domain.signals import STATES
from tests.template.patterns import matches
from tests.template.rendering import ROOT, of_type, render

MONITORS = {"MonitorA": "a", "MonitorB": "b", "MonitorC": "c"}
OTHERS = ("Router", "Restarter", "Operator")


def test_each_vantage_has_a_monitor_and_the_rest_is_there_once(full_stack: dict[str, Any]) -> None:
    assert set(of_type(full_stack, "AWS::Lambda::Function")) == {*MONITORS, *OTHERS}


def test_second_and_third_vantage_are_optional(stack: dict[str, Any]) -> None:
    assert set(of_type(stack, "AWS::Lambda::Function")) == {"MonitorA", *OTHERS}
    assert "MonitorB" in render(VantageSubnetB="subnet-b")
    assert not [name for name in stack if name.endswith(("B", "C", "BLogs", "CLogs", "BAlarm", "CAlarm"))]


@pytest.mark.parametrize(("name", "vantage"), MONITORS.items())
def test_a_monitor_probes_from_its_own_subnet(full_stack: dict[str, Any], name: str, vantage: str) -> None:
    function = full_stack[name]["Properties"]
    assert function["Code"]["S3Key"] == "functions/monitor/"
    assert function["Environment"]["Variables"]["ROUTEKEEPER_VANTAGE"] == vantage
    assert function["VpcConfig"]["SubnetIds"] == [f"subnet-{vantage}" if vantage != "a" else "<VantageSubnetA>"]
    assert function["VpcConfig"]["SecurityGroupIds"] == ["<MonitorSecurityGroup>"]


@pytest.mark.parametrize("name", OTHERS)
def test_what_repairs_a_path_does_not_cross_it(full_stack: dict[str, Any], name: str) -> None:
    assert "VpcConfig" not in full_stack[name]["Properties"]


@pytest.mark.parametrize(
    ("names", "variables"),
    [
        (MONITORS, {"ROUTEKEEPER_VANTAGE"}),
        (("Router", "Restarter"), {"ROUTEKEEPER_TOPIC_ARN", "ROUTEKEEPER_VANTAGES"}),
        (("Operator",), {"ROUTEKEEPER_VANTAGES"}),
    ],
)
def test_a_function_is_told_what_it_reads_and_no_more(
    full_stack: dict[str, Any], names: Iterable[str], variables: set[str]
) -> None:
    for name in names:
        told = full_stack[name]["Properties"]["Environment"]["Variables"]
        assert set(told) == {"ROUTEKEEPER_TABLE", "ROUTEKEEPER_DEPLOYMENT", *variables}, name
        assert Environment(told).table == "<Table>"
        assert Environment(told).deployment == "stack"


def test_no_turn_of_the_router_is_longer_than_others_believe(stack: dict[str, Any]) -> None:
    assert stack["Router"]["Properties"]["Timeout"] <= LONGEST_TURN_SECONDS


@pytest.mark.parametrize("name", [*MONITORS, *OTHERS])
def test_logs_are_kept_as_long_as_was_chosen(full_stack: dict[str, Any], name: str) -> None:
    group = full_stack[name]["Properties"]["LoggingConfig"]["LogGroup"]
    assert full_stack[group.strip("<>")]["Properties"] == {
        "LogGroupName": f"/aws/lambda/{full_stack[name]['Properties']['FunctionName']}",
        "RetentionInDays": "7",
    }


@pytest.mark.parametrize("name", [*MONITORS, "Router", "Restarter"])
def test_a_tick_comes_every_minute_and_is_never_repeated_late(full_stack: dict[str, Any], name: str) -> None:
    rule = full_stack[f"{name}EveryMinute"]["Properties"]
    assert rule["ScheduleExpression"] == "rate(1 minute)"
    assert [target["RetryPolicy"] for target in rule["Targets"]] == [
        {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 0}
    ]
    asynchronous = full_stack[f"{name}EventInvokeConfig"]["Properties"]
    # The router is also told what AWS says but once, and drops ticks that are over by itself.
    expected = (2, 3600) if name == "Router" else (0, 60)
    assert (asynchronous["MaximumRetryAttempts"], asynchronous["MaximumEventAgeInSeconds"]) == expected


RULES = {
    "InstanceChangedState": "signal-state",
    "SpotInstanceWarned": "signal-spot",
    "AutoScalingTerminates": "signal-autoscaling",
    "MaintenancePlanned": "signal-maintenance",
}


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_hands_its_example_to_the_router_and_no_other_does(full_stack: dict[str, Any], rule: str) -> None:
    event = json.loads((ROOT / "events" / f"{RULES[rule]}.json").read_text())
    fitting = [n for n in RULES if matches(full_stack[f"Router{n}"]["Properties"]["EventPattern"], event)]
    assert fitting == [rule]
    [target] = full_stack[f"Router{rule}"]["Properties"]["Targets"]
    assert target["Arn"] == "<Router.Arn>"
    assert not set(target) & {"Input", "InputPath"}, "the function reads the event itself"


@pytest.mark.parametrize("rule", RULES)
def test_a_signal_is_offered_again_for_as_long_as_it_is_worth_something(full_stack: dict[str, Any], rule: str) -> None:
    [target] = full_stack[f"Router{rule}"]["Properties"]["Targets"]
    assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] == (86_400 if rule == "MaintenancePlanned" else 300)
    assert target["RetryPolicy"]["MaximumRetryAttempts"] > 0


@pytest.mark.parametrize("state", ["pending", *STATES])
def test_the_states_that_are_asked_for_are_those_that_are_understood(full_stack: dict[str, Any], state: str) -> None:
    event = json.loads((ROOT / "events" / "signal-state.json").read_text())
    event["detail"]["state"] = state
    pattern = full_stack["RouterInstanceChangedState"]["Properties"]["EventPattern"]
    assert matches(pattern, event) == (state in STATES)


def test_only_people_invoke_the_operator(full_stack: dict[str, Any]) -> None:
    assert "OperatorEveryMinute" not in full_stack


def test_a_monitor_outlives_its_minute_and_the_others_end_within_it(full_stack: dict[str, Any]) -> None:
    timeouts = {name: full_stack[name]["Properties"]["Timeout"] for name in (*MONITORS, *OTHERS)}
    assert all(timeouts[name] > 2 * 60 for name in MONITORS)
    assert all(timeouts[name] < 60 for name in OTHERS)


def test_architecture_and_runtime(stack: dict[str, Any], full_stack: dict[str, Any]) -> None:
    for rendered, architecture in ((stack, "arm64"), (full_stack, "x86_64")):
        for function in of_type(rendered, "AWS::Lambda::Function").values():
            assert function["Architectures"] == [architecture]
            assert function["Runtime"] == "python3.13"


def test_every_handler_exists_and_is_short(stack: dict[str, Any]) -> None:
    for function in of_type(stack, "AWS::Lambda::Function").values():
        source = (ROOT / function["Code"]["S3Key"] / "app.py").read_text()
        _, body = source.split("def handler(")
        assert len(body.splitlines()) <= 15


def test_nothing_comes_in_to_a_monitor(stack: dict[str, Any]) -> None:
    group = stack["MonitorSecurityGroup"]["Properties"]
    assert "SecurityGroupIngress" not in group
    assert {(rule["IpProtocol"], rule.get("CidrIp") or rule["CidrIpv6"]) for rule in group["SecurityGroupEgress"]} == {
        ("tcp", "0.0.0.0/0"),
        ("icmp", "0.0.0.0/0"),
        ("tcp", "::/0"),
        ("icmpv6", "::/0"),
        ("udp", "0.0.0.0/0"),
    }


def test_probing_over_ipv6_is_chosen(stack: dict[str, Any], full_stack: dict[str, Any]) -> None:
    assert "Ipv6AllowedForDualStack" not in stack["MonitorA"]["Properties"]["VpcConfig"]
    assert full_stack["MonitorA"]["Properties"]["VpcConfig"]["Ipv6AllowedForDualStack"] is True


def test_the_table_endpoint_is_made_only_where_route_tables_are_named(
    stack: dict[str, Any], full_stack: dict[str, Any]
) -> None:
    assert "TableEndpoint" not in stack
    assert full_stack["TableEndpoint"]["Properties"]["VpcEndpointType"] == "Gateway"
    assert full_stack["TableEndpoint"]["Properties"]["ServiceName"] == "com.amazonaws.cn-north-1.dynamodb"


def test_mail_is_sent_only_where_an_address_is_given(stack: dict[str, Any], full_stack: dict[str, Any]) -> None:
    assert "EmailSubscription" not in stack
    assert full_stack["EmailSubscription"]["Properties"]["Endpoint"] == "on-call@example.com"
