"""The store on a DynamoDB table.

Every read is strongly consistent. Several puts go out as one transaction, whose ClientRequestToken follows from what it
writes. For ten minutes a repetition of a transaction that took effect is answered as a success. Without the token it
would fail the condition that it has itself outdated ("TransactWriteItems", Amazon DynamoDB API reference). Single puts
have no such token. For them, and after the ten minutes, the refused item itself shows what happened (`over_items`).

Needs dynamodb:GetItem, PutItem and Query on the table.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, TypeVar, assert_never
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from routekeeper.domain.errors import StoreError
from routekeeper.domain.vantage import VANTAGES
from routekeeper.store.codec import Attribute, Item
from routekeeper.store.items import HISTORY_SECONDS
from routekeeper.store.over_items import ItemStore
from routekeeper.store.writes import Condition, IfAbsent, IfEpochAtMost, IfVersion, Key, Put, Refusal, Refused

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

T = TypeVar("T")

_CONDITION_FAILED: Final = ("ConditionalCheckFailedException", "ConditionalCheckFailed")
"""The error of a single put, and the reason of a put in a cancelled transaction."""
_CONTENDED: Final = ("TransactionConflictException", "TransactionConflict")
_TOKEN_CHARACTERS: Final = 36


class DynamoDbStore(ItemStore):
    """The `Store` on one table, through a low-level client. It is safe to use from several threads, as the client is.

    Retries and timeouts are the client's. `writer` tells this writer from every other one; by default it is random.
    """

    def __init__(
        self,
        client: DynamoDBClient,
        table: str,
        *,
        clock: Callable[[], float],
        writer: str | None = None,
        history_seconds: float = HISTORY_SECONDS,
        vantages: Sequence[str] = VANTAGES,
    ) -> None:
        """`vantages`: those of the deployment. Their partitions make up the board."""
        name = writer or uuid4().hex
        super().__init__(writer=name, history_seconds=history_seconds, vantages=vantages, clock=clock)
        self._client = client
        self._table = table

    def _get(self, operation: str, key: Key) -> Item | None:
        answer = self._call(
            f"{operation} of {key}: GetItem",
            lambda: self._client.get_item(
                TableName=self._table, Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}}, ConsistentRead=True
            ),
        )
        return answer.get("Item")

    def _query(
        self, operation: str, pks: Sequence[str], *, newest_first: bool = False, before: str | None = None
    ) -> Iterator[Item]:
        if len(pks) == 1:
            yield from self._partition(operation, pks[0], newest_first=newest_first, before=before)
            return

        def whole(pk: str) -> list[Item]:
            return list(self._partition(operation, pk, newest_first=newest_first, before=before))

        with ThreadPoolExecutor(max(1, len(pks)), "query") as threads:
            for found in threads.map(whole, pks):
                yield from found

    def _partition(self, operation: str, pk: str, *, newest_first: bool, before: str | None) -> Iterator[Item]:
        start: dict[str, Any] = {}
        while True:
            fetch = functools.partial(self._page, pk, start, newest_first=newest_first, before=before)
            page = self._call(f"{operation} of {pk}: Query", fetch)
            yield from page["Items"]
            if not page.get("LastEvaluatedKey"):
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def _page(self, pk: str, start: Mapping[str, Any], *, newest_first: bool, before: str | None) -> Any:
        values: dict[str, Attribute] = {":pk": {"S": pk}}
        if before is not None:
            values[":before"] = {"S": before}
        return self._client.query(
            TableName=self._table,
            ConsistentRead=True,
            KeyConditionExpression="pk = :pk" if before is None else "pk = :pk AND sk < :before",
            ExpressionAttributeValues=values,
            ScanIndexForward=not newest_first,
            **start,
        )

    def _put(self, operation: str, puts: Sequence[Put]) -> None:
        requests = [self._request(put) for put in puts]
        where = f"{operation} of {puts[0].key}"
        if len(requests) == 1:
            self._call(f"{where}: PutItem", lambda: self._client.put_item(**requests[0]))
            return
        self._call(
            f"{where}: TransactWriteItems",
            lambda: self._client.transact_write_items(
                TransactItems=[{"Put": request} for request in requests], ClientRequestToken=_token(requests)
            ),
        )

    def _request(self, put: Put) -> Any:
        return {
            "TableName": self._table,
            "Item": put.item,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            **_expressed(put.condition),
        }

    def _call(self, what: str, call: Callable[[], T]) -> T:
        """Make the call. Raises Refused if conditions failed, and StoreError for every other failure."""
        try:
            return call()
        except ClientError as err:
            refused = _refused(err)
            if refused is not None:
                raise refused from err
            raise StoreError(f"{what} on table {self._table} failed: {_told(err)}") from err
        except BotoCoreError as err:
            raise StoreError(f"{what} on table {self._table} failed: {type(err).__name__}: {err}") from err


def _expressed(condition: Condition) -> dict[str, Any]:
    match condition:
        case IfAbsent():
            return {"ConditionExpression": "attribute_not_exists(pk)"}
        case IfVersion(0):
            return _comparison("attribute_not_exists(#held) OR #held = :own", "version", 0)
        case IfVersion(version):
            return _comparison("#held = :own", "version", version)
        case IfEpochAtMost(epoch):
            return _comparison("attribute_not_exists(#held) OR #held <= :own", "epoch", epoch)
        case _:
            assert_never(condition)


def _comparison(expression: str, attribute: str, own: int) -> dict[str, Any]:
    values: dict[str, Attribute] = {":own": {"N": str(own)}}
    return {
        "ConditionExpression": expression,
        "ExpressionAttributeNames": {"#held": attribute},
        "ExpressionAttributeValues": values,
    }


def _token(requests: Sequence[Any]) -> str:
    written = json.dumps(requests, sort_keys=True).encode()
    return hashlib.sha256(written).hexdigest()[:_TOKEN_CHARACTERS]


def _refused(err: ClientError) -> Refused | None:
    """The error as a refusal, if conditions or contention were its only cause."""
    response: Any = err.response
    code = response.get("Error", {}).get("Code")
    if code in _CONDITION_FAILED or code in _CONTENDED:
        return Refused([_refusal(code, response)])
    reasons = response.get("CancellationReasons", []) if code == "TransactionCanceledException" else []
    refusals = [_refusal(reason.get("Code"), reason) for reason in reasons]
    return Refused(refusals) if any(refusals) else None


def _refusal(code: str | None, reason: Mapping[str, Any]) -> Refusal | None:
    if code in _CONDITION_FAILED:
        return Refusal(stored=reason.get("Item"))
    return Refusal(contended=True) if code in _CONTENDED else None


def _told(err: ClientError) -> str:
    response: Any = err.response
    error = response.get("Error", {})
    told = f"{error.get('Code')}: {error.get('Message')}"
    reasons = [str(reason.get("Code")) for reason in response.get("CancellationReasons", [])]
    return f"{told} ({', '.join(reasons)})" if reasons else told
