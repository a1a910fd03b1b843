"""What is sent to DynamoDB, and what its refusals are translated to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, EndpointConnectionError

from routekeeper.domain.bounds import LATEST
from routekeeper.domain.errors import LeaseLost, RoutekeeperError, StoreError, VersionConflict
from routekeeper.domain.group_state import GroupState, Transition, TransitionKind
from routekeeper.domain.health import TargetHealth
from routekeeper.domain.lease import Lease
from routekeeper.domain.vantage import VANTAGES, Vantage
from routekeeper.store.dynamodb import DynamoDbStore

STATE = GroupState("idc", version=3, path="dx")
TRANSITION = Transition("idc-3", "idc", TransitionKind.FAILOVER, "dx", "vpn", "dx is UNHEALTHY", 1_790_000_000.5)


class Client:
    """Answers each call with the next of its answers, and remembers what it was asked."""

    def __init__(self, *answers: dict[str, Any] | Exception) -> None:
        self.answers = list(answers)
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**arguments: Any) -> Any:
            self.calls.append((name, arguments))
            answer = self.answers.pop(0) if self.answers else {}
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


def store_on(client: Client, writer: str = "router/1") -> DynamoDbStore:
    return DynamoDbStore(client, "states", clock=lambda: LATEST, writer=writer)  # type: ignore[arg-type]


def refusal(code: str, *, item: Any = None) -> ClientError:
    found = {"Item": item} if item is not None else {}
    return ClientError({"Error": {"Code": code, "Message": "no"}, **found}, "PutItem")  # type: ignore[typeddict-item]


def cancelled(*reasons: str) -> ClientError:
    told: Any = {
        "Error": {"Code": "TransactionCanceledException", "Message": "cancelled"},
        "CancellationReasons": [{"Code": reason} for reason in reasons],
    }
    return ClientError(told, "TransactWriteItems")


def test_every_read_is_strongly_consistent() -> None:
    client = Client({}, {}, {}, *({"Items": []} for _ in range(8)))
    store = store_on(client)
    store.load_lease("a")
    store.load_group("a")
    store.load_restart("a")
    store.load_board()
    store.transitions("a", 1)
    store.restart_events("a", 1)
    assert len(client.calls) == 3 + 2 * len(VANTAGES) + 2
    assert all(arguments["ConsistentRead"] is True for _, arguments in client.calls)


def test_history_is_asked_for_page_by_page_and_only_as_far_as_needed() -> None:
    pages = Client(
        {"Items": [], "LastEvaluatedKey": {"pk": {"S": "EVENT#idc"}, "sk": {"S": "x"}}},
        {"Items": [], "LastEvaluatedKey": None},
    )
    assert store_on(pages).transitions("idc", 5) == ()
    assert [arguments.get("ExclusiveStartKey") for _, arguments in pages.calls] == [
        None,
        {"pk": {"S": "EVENT#idc"}, "sk": {"S": "x"}},
    ]


@pytest.mark.parametrize(
    ("err", "told"),
    [
        (refusal("ThrottlingException"), "ThrottlingException: no"),
        (refusal("ProvisionedThroughputExceededException"), "ProvisionedThroughputExceededException: no"),
        (refusal("AccessDeniedException"), "AccessDeniedException: no"),
        (refusal("ResourceNotFoundException"), "ResourceNotFoundException: no"),
        (ConnectTimeoutError(endpoint_url="https://dynamodb"), "ConnectTimeoutError: Connect timeout"),
        (EndpointConnectionError(endpoint_url="https://dynamodb"), "EndpointConnectionError: Could not connect"),
    ],
)
@pytest.mark.parametrize(
    ("call", "operation"),
    [
        (lambda store: store.load_group("idc"), "load_group of GROUP/idc: GetItem"),
        (lambda store: store.save_group(STATE), "save_group of GROUP/idc: PutItem"),
        (lambda store: store.record(STATE, TRANSITION), "record of GROUP/idc: TransactWriteItems"),
        (lambda store: store.load_board(["a"]), "load_board of VANTAGE#a: Query"),
    ],
)
def test_a_failure_names_operation_key_table_and_code(
    call: Callable[[DynamoDbStore], Any], operation: str, err: ClientError | BotoCoreError, told: str
) -> None:
    with pytest.raises(StoreError) as caught:
        call(store_on(Client(err)))
    assert type(caught.value) is StoreError
    assert str(caught.value).startswith(f"{operation} on table states failed: {told}")
    assert caught.value.__cause__ is err


@pytest.mark.parametrize(
    ("reasons", "expected"),
    [
        (("ConditionalCheckFailed", "None"), VersionConflict),
        (("ConditionalCheckFailed", "ConditionalCheckFailed"), VersionConflict),
        (("ConditionalCheckFailed", "ThrottlingError"), VersionConflict),
        (("TransactionConflict", "None"), VersionConflict),
        (("None", "TransactionConflict"), VersionConflict),
        (("ThrottlingError", "None"), StoreError),
        (("None", "ValidationError"), StoreError),
        (("None", "ItemCollectionSizeLimitExceeded"), StoreError),
    ],
)
def test_a_cancelled_transaction_is_a_lost_race_only_where_a_condition_or_contention_says_so(
    reasons: tuple[str, str], expected: type[RoutekeeperError]
) -> None:
    client = Client(cancelled(*reasons))
    with pytest.raises(StoreError) as caught:
        store_on(client).record(STATE, TRANSITION)
    assert type(caught.value) is expected
    assert len(client.calls) == 1
    if expected is StoreError:
        assert f"({reasons[0]}, {reasons[1]})" in str(caught.value)


def test_an_event_that_history_holds_leaves_the_state_to_be_saved_alone() -> None:
    client = Client(cancelled("None", "ConditionalCheckFailed"), {})
    assert store_on(client).record(STATE, TRANSITION).version == 4
    (_, transaction), (name, put) = client.calls
    assert name == "put_item"
    assert put == transaction["TransactItems"][0]["Put"]


def test_contention_of_a_single_save_is_a_lost_race_and_of_a_heartbeat_a_failure() -> None:
    with pytest.raises(VersionConflict, match="another write is under way"):
        store_on(Client(refusal("TransactionConflictException"))).save_lease(Lease("a"))
    with pytest.raises(StoreError, match="another write is under way") as caught:
        store_on(Client(refusal("TransactionConflictException"))).save_vantage(Vantage("a", 1, 0.0))
    assert not isinstance(caught.value, LeaseLost)


def test_the_same_transaction_has_the_same_token_and_another_one_another() -> None:
    def token(state: GroupState, transition: Transition, writer: str = "router/1") -> str:
        client = Client()
        store_on(client, writer).record(state, transition)
        return str(client.calls[0][1]["ClientRequestToken"])

    other = Transition("idc-3", "idc", TransitionKind.FAILBACK, "vpn", "dx", "again", 1_790_000_000.5)
    assert token(STATE, TRANSITION) == token(STATE, TRANSITION)
    assert len(token(STATE, TRANSITION)) <= 36
    different = {
        token(STATE, TRANSITION),
        token(STATE, other),
        token(STATE, TRANSITION, "router/2"),
        token(GroupState("idc", version=4, path="dx"), TRANSITION),
    }
    assert len(different) == 4


def test_a_stale_item_under_our_own_numbers_as_dynamodb_writes_them_is_ours() -> None:
    sent = Client()
    store_on(sent).save_lease(Lease("a", owner="me", expires_at=1.5))
    item = {**sent.calls[0][1]["Item"], "lease_expires_at": {"N": "1.50"}}
    again = Client(refusal("ConditionalCheckFailedException", item=item))
    assert store_on(again).save_lease(Lease("a", owner="me", expires_at=1.5)).version == 1


def test_a_health_change_is_fenced_by_the_epoch_it_was_seen_under() -> None:
    client = Client()
    store_on(client).save_health("a", 7, "dx-router", TargetHealth())
    ((name, put),) = client.calls
    assert name == "put_item"
    assert put["ConditionExpression"] == "attribute_not_exists(#held) OR #held <= :own"
    assert put["ExpressionAttributeNames"] == {"#held": "epoch"}
    assert put["ExpressionAttributeValues"] == {":own": {"N": "7"}}
    assert put["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD"


def test_writers_that_are_not_named_differ() -> None:
    names = set()
    for _ in range(2):
        client = Client()
        DynamoDbStore(client, "states", clock=lambda: LATEST).save_lease(Lease("a"))  # type: ignore[arg-type]
        names.add(client.calls[0][1]["Item"]["written_by"]["S"])
    assert len(names) == 2
