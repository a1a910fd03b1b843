"""The in-memory store with calls that take time, fail, and are watched."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from botocore.exceptions import BotoCoreError, ClientError

from lab.memory_store import MemoryStore, MemoryTable
from lab.simulator.nobody import nobody
from routekeeper.domain.errors import StoreError
from routekeeper.store import writes
from routekeeper.store.codec import Attribute, Item
from routekeeper.store.dynamodb import DynamoDbStore
from routekeeper.store.items import HISTORY_SECONDS
from routekeeper.store.writes import Key, Put, Refusal, Refused, key_of

OnWrite = Callable[[str, Key, Item | None, Item], None]
"""Told of every item that was written: writer, key, what was there before, what is there now."""


class WatchedTable(MemoryTable):
    """Nobody who reads or writes items changes them in place, so they are handed out as they are."""

    def __init__(self) -> None:
        super().__init__()
        self.on_write: OnWrite = nobody
        self.writer = "somebody"

    def get(self, key: Key) -> Item | None:
        return self._held(key)

    def query(self, pk: str, *, newest_first: bool = False, before: str | None = None) -> list[Item]:
        held = self._partitions[pk]
        asked = held if before is None else [sk for sk in held if sk < before]
        return [held[sk] for sk in sorted(asked, reverse=newest_first)]

    def put(self, operation: str, writer: str, puts: Sequence[Put]) -> None:
        """As the table in memory does it, but for measuring items and keeping a list of writes."""
        del operation
        stored = [self._held(put.key) for put in puts]
        holding = [writes.is_met(put.condition, held) for put, held in zip(puts, stored, strict=True)]
        if not all(holding):
            raise Refused([None if well else Refusal(held) for well, held in zip(holding, stored, strict=True)])
        self.writer = writer
        try:
            for put in puts:
                self.place(put.item)
        finally:
            self.writer = "somebody"

    def touch(self, key: Key, **attributes: Attribute) -> None:
        """Change attributes of an item that nobody needs to hear of."""
        self.swap(key, {**self._partitions[key.pk][key.sk], **attributes})

    def swap(self, key: Key, item: Item) -> None:
        """Put another item in the place of one, of which nobody is told."""
        self._partitions[key.pk][key.sk] = item

    def place(self, item: Item) -> None:
        key = key_of(item)
        old = self._held(key)
        self.swap(key, item)
        self.on_write(self.writer, key, old, item)

    def group(self, name: str) -> Item | None:
        """The item of a failover group."""
        return self._partitions["GROUP"].get(name)

    def items(self, kind: str) -> list[Item]:
        """Those of a kind, which has one partition or one for each vantage, in the order in which they first came."""
        if kind in self._partitions:
            return [*self._partitions[kind].values()]
        whose = f"{kind}#"
        return [item for pk, held in self._partitions.items() if pk.startswith(whose) for item in held.values()]


@dataclass(slots=True)
class Passage:
    """How one invocation's calls to the table fare."""

    cross: Callable[[str], None]
    pause: Callable[[float], None]
    fails: Callable[[], bool]
    acts: Callable[[], bool]
    """Whether a write that goes unanswered has acted all the same."""
    seconds: Callable[[], float]
    looked: Callable[[str, str], None]
    """Told what was read: operation and sort key, or partition."""
    enter: Callable[[str, Callable[[], Any]], None] = nobody
    """Lets a call pass, or raises what befalls it (`strikes.Gate.enter`)."""


class _Clientless(DynamoDbStore):
    """The real adapter, for the sake of how it translates errors."""

    def __init__(self) -> None:
        client: Any = None
        super().__init__(client, "routekeeper", clock=lambda: 0.0)

    def fail(self, operation: str, error: Exception) -> None:
        """Raise what the adapter raises where its client raises `error`."""

        def refuse() -> NoReturn:
            raise error

        self._call(operation, refuse)


def as_translated(operation: str, error: Exception) -> Exception:
    """What the store raises where its client raises `error`."""
    try:
        _Clientless().fail(operation, error)
    except (StoreError, Refused) as translated:
        return translated
    raise AssertionError("an error of the client is an error of the store's")


class PassedStore(MemoryStore):
    """A store whose every operation takes time on the virtual clock."""

    def __init__(self, table: WatchedTable, writer: str, passage: Passage) -> None:
        super().__init__(table, writer=writer, history_seconds=HISTORY_SECONDS)
        self._table = table
        self._passage = passage

    def _get(self, operation: str, key: Key) -> Item | None:
        self._enter(operation)
        found = self._table.get(key)
        self._passage.looked(operation, key.sk)
        self._leave(operation)
        return found

    def _query(
        self, operation: str, pks: Sequence[str], *, newest_first: bool = False, before: str | None = None
    ) -> Iterator[Item]:
        """Several partitions are read side by side, so that they take as long as one."""
        self._enter(operation)
        found = [item for pk in pks for item in self._table.query(pk, newest_first=newest_first, before=before)]
        self._passage.looked(operation, pks[0].partition("#")[0])
        self._leave(operation)
        return iter(found)

    def _put(self, operation: str, puts: Sequence[Put]) -> None:
        passage = self._passage
        passage.cross(operation)
        self._pass(operation, lambda: self._table.put(operation, self._writer, puts))
        if passage.fails():
            if passage.acts():
                self._table.put(operation, self._writer, puts)
            passage.pause(6.0)
            raise StoreError(f"{operation}: no answer, as the simulator has it")
        passage.pause(passage.seconds())
        self._table.put(operation, self._writer, puts)
        self._leave(operation)

    def _pass(self, operation: str, act: Callable[[], None]) -> None:
        try:
            self._passage.enter(operation, act)
        except (BotoCoreError, ClientError) as error:
            raise as_translated(operation, error) from error

    def _enter(self, operation: str) -> None:
        passage = self._passage
        passage.cross(operation)
        self._pass(operation, nobody)
        if passage.fails():
            passage.pause(6.0)
            raise StoreError(f"{operation}: no answer, as the simulator has it")
        passage.pause(passage.seconds())

    def _leave(self, operation: str) -> None:
        self._passage.pause(self._passage.seconds())
        self._passage.cross(f"{operation} done")
