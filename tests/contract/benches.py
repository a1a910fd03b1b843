"""Three tables to hold the store to its contract on: memory, DynamoDB on moto, DynamoDB on the local AWS."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError
from moto import mock_aws

from lab.cloud.local_aws import LocalAws, Options, local_aws
from lab.memory_store import MemoryStore, MemoryTable
from routekeeper.domain.bounds import LATEST
from routekeeper.domain.errors import StoreError
from routekeeper.store import Store
from routekeeper.store.codec import Item
from routekeeper.store.dynamodb import DynamoDbStore
from routekeeper.store.writes import Put, Refused

TABLE = "routekeeper"
VANTAGES = ("zone-a", "zone-b", "zone-c", "zone-d")

NOT_ON_MOTO = pytest.mark.parametrize(
    "bench", ["memory", pytest.param("local-aws", marks=pytest.mark.local_aws)], indirect=True
)
"""moto fails on comparisons of unlike types, where DynamoDB finds them false; it checks and writes in two steps; and it
is slow on large items."""


class Bench(Protocol):
    """One empty table, and the ways in which a network fails its writers."""

    def store(self, writer: str = "one") -> Store:
        """A store on the table; those of different writers are different functions."""

    def unlucky_store(self, writer: str = "one") -> Store:
        """Its writes act, but their answers are lost: every one ends in a StoreError."""

    def retrying_store(self, writer: str = "one") -> Store:
        """Its writes act, their answers are lost, and the client tries each a second time by itself."""

    def place(self, item: Item) -> None:
        """Put an item under no condition."""

    def keys(self) -> list[tuple[str, str]]:
        """The keys of all items, sorted."""


class MemoryBench:
    def __init__(self) -> None:
        self.table = MemoryTable()

    def store(self, writer: str = "one") -> Store:
        return MemoryStore(self.table, writer=writer, vantages=VANTAGES)

    def unlucky_store(self, writer: str = "one") -> Store:
        store = MemoryStore(self.table, writer=writer, vantages=VANTAGES)
        for operation in (
            "save_lease",
            "save_vantage",
            "save_health",
            "save_group",
            "record",
            "save_restart",
            "save_brake",
        ):
            store.fail(operation, StoreError("no answer"), after_acting=True, times=10)
        return store

    def retrying_store(self, writer: str = "one") -> Store:
        return _RetryingMemoryStore(self.table, writer=writer, vantages=VANTAGES)

    def place(self, item: Item) -> None:
        self.table.place(item)

    def keys(self) -> list[tuple[str, str]]:
        return sorted({(key.pk, key.sk) for write in self.table.writes for key in write.keys})


class _RetryingMemoryStore(MemoryStore):
    def _put(self, operation: str, puts: Sequence[Put]) -> None:
        with contextlib.suppress(Refused):
            super()._put(operation, puts)
        super()._put(operation, puts)


class DynamoDbBench:
    def __init__(self, client: Any, table: str) -> None:
        self.client, self.table = client, table
        create_table(client, table)

    def store(self, writer: str = "one") -> Store:
        return self._store(self.client, writer)

    def unlucky_store(self, writer: str = "one") -> Store:
        return self._store(_Interposed(self.client, _answer_lost), writer)

    def retrying_store(self, writer: str = "one") -> Store:
        return self._store(_Interposed(self.client, _tried_twice), writer)

    def _store(self, client: Any, writer: str) -> Store:
        return DynamoDbStore(client, self.table, clock=lambda: LATEST, writer=writer, vantages=VANTAGES)

    def place(self, item: Item) -> None:
        self.client.put_item(TableName=self.table, Item=item)

    def keys(self) -> list[tuple[str, str]]:
        asked = {"TableName": self.table, "ConsistentRead": True, "ProjectionExpression": "pk, sk"}
        found = self.client.scan(**asked)["Items"]
        return sorted((item["pk"]["S"], item["sk"]["S"]) for item in found)


Write = Callable[..., Any]


class _Interposed:
    """A DynamoDB client with something between it and the writes."""

    def __init__(self, client: Any, between: Callable[[Write, dict[str, Any]], Any]) -> None:
        self._client, self._between = client, between

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)
        if name not in ("put_item", "transact_write_items"):
            return method
        return lambda **arguments: self._between(method, arguments)


def _answer_lost(write: Write, arguments: dict[str, Any]) -> Any:
    write(**arguments)
    raise ReadTimeoutError(endpoint_url="http://dynamodb")


def _tried_twice(write: Write, arguments: dict[str, Any]) -> Any:
    with contextlib.suppress(Exception):
        write(**arguments)
    return write(**arguments)


def create_table(client: Any, table: str) -> None:
    """The table as the template has it, in what the store relies on."""
    client.create_table(
        TableName=table,
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )


@contextlib.contextmanager
def moto_bench() -> Iterator[Bench]:
    with mock_aws():
        yield DynamoDbBench(_moto_client(), TABLE)


@functools.cache
def _moto_client() -> Any:
    """One for all tables: the start of a client takes longer than most tests."""
    return boto3.client("dynamodb", region_name="eu-central-1")


@contextlib.contextmanager
def running_local_aws(directory: Path) -> Iterator[LocalAws]:
    options = Options(ministack_port=0, moto_port=0, directory=directory)
    with local_aws(options) as aws:
        yield aws
