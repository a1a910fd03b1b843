"""The table outlives the stack, and what it passes on never blocks what comes after."""

import json
from typing import Any

import pytest

from routekeeper.domain.brake import Ledger
from routekeeper.domain.group_state import GroupState
from routekeeper.domain.health import TargetHealth
from routekeeper.domain.lease import Lease
from routekeeper.domain.restart import RestartState
from routekeeper.domain.signals import state_change
from routekeeper.domain.vantage import Vantage
from routekeeper.store import items
from routekeeper.store.codec import Item
from tests.template.patterns import matches

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


RECORDS: dict[str, Item] = {
    "health": items.health_item("a", 1, "dx-router", TargetHealth()),
    "operator's intent": items.group_item(GroupState("idc"), "operator/1"),
    "router's decision": items.group_item(GroupState("idc"), "router/1"),
    "operator's acknowledgement": items.brake_item(Ledger(), "operator/1"),
    "router's count": items.brake_item(Ledger(), "router/1"),
    "signal": items.signal_item(state_change("i-1", "stopping", 0.0)),
    "restart": items.restart_item(RestartState("nat"), "restarter/1"),
    "lease": items.lease_item(Lease("a"), "monitor/1"),
    "heartbeat": items.vantage_items(Vantage("a", 1, 0.0))[0],
    "history": {"pk": {"S": "EVENT#idc"}, "sk": {"S": "2026-01-01T00:00:00.000000Z#1"}},
}


@pytest.mark.parametrize("record", RECORDS)
@pytest.mark.parametrize(
    ("mapping", "wakes_for"),
    [
        (MAPPINGS[0], {"health", "operator's intent", "operator's acknowledgement"}),
        (MAPPINGS[1], {"health", "router's decision"}),
    ],
)
def test_functions_wake_for_news_and_never_for_their_own_writes(
    stack: dict[str, Any], mapping: str, wakes_for: set[str], record: str
) -> None:
    item = RECORDS[record]
    event = {"dynamodb": {"Keys": {"pk": item["pk"], "sk": item["sk"]}, "NewImage": item}}
    filters = stack[mapping]["Properties"]["FilterCriteria"]["Filters"]
    assert any(matches(json.loads(rule["Pattern"]), event) for rule in filters) == (record in wakes_for)


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
