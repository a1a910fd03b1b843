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
    ("pk", "wakes"),
    [("HEALTH", True), ("GROUP", True), ("VANTAGE", False), ("LEASE", False), ("RESTART", False), ("EVENT#idc", False)],
)
def test_health_and_intents_wake_and_heartbeats_do_not(
    stack: dict[str, Any], mapping: str, pk: str, *, wakes: bool
) -> None:
    [only] = stack[mapping]["Properties"]["FilterCriteria"]["Filters"]
    assert (pk in json.loads(only["Pattern"])["dynamodb"]["Keys"]["pk"]["S"]) == wakes


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
