"""The table outlives the stack, and what it passes on never blocks what comes after."""

import json
from typing import Any

import pytest

MAPPINGS = ["RouterHealthOrIntentChanged", "RestarterHealthOrPathChanged"]


def test_the_table_is_kept_can_be_restored_and_forgets_what_has_expired(stack: dict[str, Any]) -> None:
    table = stack["Table"]
    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
    assert table["Properties"] == {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"},
        "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "DeletionProtectionEnabled": "true",
    }


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_a_poison_record_is_given_up_soon_and_kept(stack: dict[str, Any], mapping: str) -> None:
    properties = stack[mapping]["Properties"]
    assert properties["StartingPosition"] == "TRIM_HORIZON"
    assert properties["MaximumBatchingWindowInSeconds"] == 0
    assert properties["MaximumRetryAttempts"] == 3
    assert properties["MaximumRecordAgeInSeconds"] == 120
    assert properties["BisectBatchOnFunctionError"] is True
    assert properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert properties["DestinationConfig"] == {"OnFailure": {"Destination": "<StreamDeadLetters.Arn>"}}


@pytest.mark.parametrize("mapping", MAPPINGS)
@pytest.mark.parametrize(
    ("pk", "writer", "wakes"),
    [
        ("HEALTH", "monitor/1", True),
        ("GROUP", "operator/1", True),
        ("GROUP", "router/1", False),
        ("VANTAGE", "monitor/1", False),
        ("LEASE", "monitor/1", False),
        ("RESTART", "restarter/1", False),
        ("EVENT#idc", "router/1", False),
    ],
)
def test_health_and_intents_wake_and_heartbeats_and_their_own_writes_do_not(
    stack: dict[str, Any], mapping: str, pk: str, writer: str, *, wakes: bool
) -> None:
    patterns = [json.loads(f["Pattern"])["dynamodb"] for f in stack[mapping]["Properties"]["FilterCriteria"]["Filters"]]
    assert any(_passes(pattern, pk, writer) for pattern in patterns) == wakes


def _passes(pattern: dict[str, Any], pk: str, writer: str) -> bool:
    """Whether a record with this key and writer passes one filter, of the two forms that the template uses."""
    writers = pattern.get("NewImage", {}).get("writer", {}).get("S")
    wanted = writers is None or any(writer.startswith(rule["prefix"]) for rule in writers)
    return pk in pattern["Keys"]["pk"]["S"] and wanted


def test_only_router_and_restarter_read_the_stream(full_stack: dict[str, Any]) -> None:
    mappings = [name for name, item in full_stack.items() if item["Type"] == "AWS::Lambda::EventSourceMapping"]
    assert mappings == MAPPINGS


@pytest.mark.parametrize("queue", ["StreamDeadLetters", "InvocationDeadLetters"])
def test_dead_letters_are_encrypted(stack: dict[str, Any], queue: str) -> None:
    assert stack[queue]["Properties"]["SqsManagedSseEnabled"] is True


@pytest.mark.parametrize("name", ["Router", "Restarter"])
def test_a_failed_pass_is_kept(stack: dict[str, Any], name: str) -> None:
    assert stack[f"{name}EventInvokeConfig"]["Properties"]["DestinationConfig"] == {
        "OnFailure": {"Destination": "<InvocationDeadLetters.Arn>"}
    }
