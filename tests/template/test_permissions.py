"""Each role holds exactly what is listed here: a permission more or less is a change to this file."""

import re
from typing import Any

import pytest

from tests.template.rendering import ROOT, listed, of_type, render, statements, template
from trim_models import OPERATIONS

EC2 = "arn:aws-cn:ec2:cn-north-1:111122223333"
NETWORK_INTERFACES = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
]


def allow(sid: str, actions: list[str], resources: list[str], **condition: Any) -> dict[str, Any]:
    statement = {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}
    return statement | ({"Condition": condition} if condition else {})


def tagged(value: str) -> dict[str, Any]:
    return {"StringEquals": {"aws:ResourceTag/routekeeper": value}}


def logs(*groups: str) -> dict[str, Any]:
    return allow("WriteLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], [f"<{group}Logs.Arn>" for group in groups])


READ_TABLE = allow("ReadTable", ["dynamodb:GetItem", "dynamodb:Query"], ["<Table.Arn>"])


def write_table(sid: str, *keys: str) -> dict[str, Any]:
    leading = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": list(keys)}}
    return allow(sid, ["dynamodb:PutItem"], ["<Table.Arn>"], **leading)


READ_STREAM = allow(
    "ReadStream",
    ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"],
    ["<Table.Arn>/stream/*"],
)
TELL = allow("Tell", ["sns:Publish"], ["<Topic>"])
PUT_OWN_EVENTS = allow(
    "PutOwnEvents",
    ["events:PutEvents"],
    ["arn:aws-cn:events:cn-north-1:111122223333:event-bus/default"],
    StringEquals={"events:source": "routekeeper"},
)
KEEP_DEAD_LETTERS = allow(
    "KeepDeadLetters", ["sqs:SendMessage"], ["<StreamDeadLetters.Arn>", "<InvocationDeadLetters.Arn>"]
)


def monitor(vantage: str) -> list[dict[str, Any]]:
    """What a monitor may do: its own items of the table and its own log, and nothing to EC2 that only Lambda needs."""
    deny = {
        "Sid": "DenyEc2ToTheCode",
        "Effect": "Deny",
        "Action": NETWORK_INTERFACES,
        "Resource": ["*"],
        "Condition": {
            "ArnLike": {
                "lambda:SourceFunctionArn": ["arn:aws-cn:lambda:cn-north-1:111122223333:function:stack-monitor-*"]
            }
        },
    }
    return [
        READ_TABLE,
        write_table("WriteWhatWasSeen", f"VANTAGE#{vantage}", f"LEASE#{vantage}", f"HEALTH#{vantage}"),
        logs(f"Monitor{vantage.upper()}"),
        allow("AttachToVpc", NETWORK_INTERFACES, ["*"]),
        deny,
    ]


EXPECTED = {
    **{f"Monitor{vantage.upper()}Role": monitor(vantage) for vantage in "abc"},
    "RouterRole": [
        READ_TABLE,
        write_table("WriteDecisions", "GROUP", "BRAKE", "SIGNAL", "FUNCTION", "EVENT#*"),
        READ_STREAM,
        allow("ReadRoutes", ["ec2:DescribeRouteTables", "ec2:GetTransitGatewayPrefixListReferences"], ["*"]),
        allow(
            "ReadWhatOutranksTaggedReferences",
            ["ec2:GetManagedPrefixListEntries", "ec2:SearchTransitGatewayRoutes"],
            [f"{EC2}:prefix-list/*", f"{EC2}:transit-gateway-route-table/*"],
            **tagged("office"),
        ),
        allow(
            "ChangeTaggedReferences",
            [
                "ec2:CreateTransitGatewayPrefixListReference",
                "ec2:DeleteTransitGatewayPrefixListReference",
                "ec2:ModifyTransitGatewayPrefixListReference",
            ],
            [
                f"{EC2}:prefix-list/*",
                f"{EC2}:transit-gateway-attachment/*",
                f"{EC2}:transit-gateway-route-table/*",
            ],
            **tagged("office"),
        ),
        allow(
            "ChangeTaggedRoutes", ["ec2:CreateRoute", "ec2:ReplaceRoute"], [f"{EC2}:route-table/*"], **tagged("office")
        ),
        TELL,
        PUT_OWN_EVENTS,
        KEEP_DEAD_LETTERS,
        logs("Router"),
    ],
    "RestarterRole": [
        READ_TABLE,
        write_table("WriteRestarts", "RESTART", "EVENT#RESTART#*"),
        READ_STREAM,
        allow("ReadInstances", ["ec2:DescribeInstances"], ["*"]),
        allow(
            "RestartTaggedInstances",
            ["ec2:StartInstances", "ec2:StopInstances"],
            [f"{EC2}:instance/*"],
            **tagged("office"),
        ),
        allow(
            "LetEc2UseVolumeKeys",
            ["kms:CreateGrant"],
            ["arn:aws-cn:kms:cn-north-1:111122223333:key/volumes"],
            Bool={"kms:GrantIsForAWSResource": "true"},
            StringLike={"kms:ViaService": "ec2.cn-north-1.*"},
        ),
        TELL,
        PUT_OWN_EVENTS,
        KEEP_DEAD_LETTERS,
        logs("Restarter"),
    ],
    "OperatorRole": [
        READ_TABLE,
        write_table("WriteIntents", "GROUP", "BRAKE"),
        logs("Operator"),
    ],
}


@pytest.mark.parametrize("role", EXPECTED)
def test_a_role_holds_exactly_the_listed_statements(full_stack: dict[str, Any], role: str) -> None:
    held = [
        statement | {"Action": listed(statement["Action"]), "Resource": listed(statement["Resource"])}
        for statement in statements(full_stack[role]["Properties"])
    ]
    assert held == EXPECTED[role]


def test_there_is_no_other_role(full_stack: dict[str, Any]) -> None:
    roles = of_type(full_stack, "AWS::IAM::Role")
    assert set(roles) == set(EXPECTED)
    assert not any("ManagedPolicyArns" in role for role in roles.values())
    assert not of_type(full_stack, "AWS::IAM::Policy")


@pytest.mark.parametrize("role", EXPECTED)
def test_only_lambda_assumes_a_role(full_stack: dict[str, Any], role: str) -> None:
    [statement] = full_stack[role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}


def test_law_9_every_change_in_ec2_is_bound_to_the_tag(stack: dict[str, Any]) -> None:
    for name, role in of_type(stack, "AWS::IAM::Role").items():
        for statement in statements(role):
            changes = [
                action
                for action in listed(statement["Action"])
                if action.startswith("ec2:") and not action.startswith(("ec2:Describe", "ec2:Get", "ec2:Search"))
            ]
            if changes and statement["Sid"] not in {"AttachToVpc", "DenyEc2ToTheCode"}:
                assert statement["Condition"] == tagged("stack"), (name, statement["Sid"])


def test_law_9_the_tags_value_is_the_stacks_name_unless_chosen(
    stack: dict[str, Any], full_stack: dict[str, Any]
) -> None:
    for rendered, value in ((stack, "stack"), (full_stack, "office")):
        conditions = [held.get("Condition") for held in statements(rendered["RouterRole"]["Properties"])]
        assert tagged(value) in conditions


def test_a_function_in_the_vpc_may_use_its_table_its_logs_and_nothing_else(full_stack: dict[str, Any]) -> None:
    for name, function in of_type(full_stack, "AWS::Lambda::Function").items():
        if "VpcConfig" not in function:
            continue
        role = full_stack[function["Role"].strip("<>").removesuffix(".Arn")]["Properties"]
        denied = {action for held in statements(role) if held["Effect"] == "Deny" for action in held["Action"]}
        for statement in statements(role):
            usable = {action for action in listed(statement["Action"]) if action not in denied}
            assert all(action.startswith(("dynamodb:", "logs:")) for action in usable), name


def test_a_star_stands_only_behind_calls_that_know_no_resource(full_stack: dict[str, Any]) -> None:
    for role in of_type(full_stack, "AWS::IAM::Role").values():
        for statement in statements(role):
            if "*" in listed(statement["Resource"]):
                assert statement["Sid"] in {"ReadRoutes", "ReadInstances", "AttachToVpc", "DenyEc2ToTheCode"}


def test_no_partition_is_spelled_out() -> None:
    assert "arn:aws" not in (ROOT / "template.yaml").read_text()


def test_one_vantage_needs_no_roles_of_the_others() -> None:
    roles = {name for name, held in render().items() if held["Type"] == "AWS::IAM::Role"}
    assert {name for name in roles if name.startswith("Monitor")} == {"MonitorARole"}


def test_without_encrypted_volumes_nobody_may_do_anything_with_keys(stack: dict[str, Any]) -> None:
    for role in of_type(stack, "AWS::IAM::Role").values():
        actions = [action for held in statements(role) for action in listed(held["Action"])]
        assert not any(action.startswith("kms:") for action in actions)


@pytest.mark.parametrize(
    ("keys", "accepted"),
    [("", True), ("arn:aws-cn:kms:cn-north-1:111122223333:key/1a-2b", True), ("*", False), ("alias/volumes", False)],
)
def test_only_arns_of_keys_are_taken_for_the_keys_of_volumes(keys: str, *, accepted: bool) -> None:
    pattern = template()["Parameters"]["VolumeKeys"]["AllowedPattern"]
    assert bool(re.search(pattern, keys)) is accepted


PACKAGE = ROOT / "layers" / "routekeeper" / "routekeeper"
CALLS = re.compile(r"\._(?:client|ec2)\.(?:get_paginator\(\"(\w+)\"\)|(\w+)\()")
IN_IAM = {"TransactWriteItems": "PutItem"}  # each put of a transaction is authorised by itself


@pytest.mark.parametrize(
    ("role", "service", "sources"),
    [
        ("MonitorARole", "dynamodb", "store/*.py"),
        ("OperatorRole", "dynamodb", "store/*.py"),
        ("RouterRole", "ec2", "ec2/steering/*.py"),
        ("RestarterRole", "ec2", "ec2/instances.py"),
    ],
)
def test_a_role_allows_exactly_what_its_code_calls(
    full_stack: dict[str, Any], role: str, service: str, sources: str
) -> None:
    code = "".join(path.read_text() for path in sorted(PACKAGE.glob(sources)))
    called = {"".join(map(str.title, (paged or direct).split("_"))) for paged, direct in CALLS.findall(code)}
    allowed = {
        action.removeprefix(f"{service}:")
        for statement in statements(full_stack[role]["Properties"])
        for action in listed(statement["Action"])
        if action.startswith(f"{service}:")
    }
    assert {IN_IAM.get(call, call) for call in called} == allowed


def test_a_cold_start_reads_the_descriptions_of_exactly_the_calls_that_the_code_makes() -> None:
    code = "".join(path.read_text() for path in PACKAGE.rglob("*.py"))
    in_clients = re.compile(r"self\.(?:_client|_ec2|sns|events)\.(?:get_paginator\(\"(\w+)\"\)|(\w+)\()")
    called = {"".join(map(str.title, (paged or direct).split("_"))) for paged, direct in in_clients.findall(code)}
    called -= {"Append"}  # a list of events
    assert called == {operation for operations in OPERATIONS.values() for operation in operations}
