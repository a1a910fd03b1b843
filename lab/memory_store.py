"""The store in memory: the twin that tests run on, of the same items and under the same conditions.

A `MemoryTable` is the table; every function under test gets its own `MemoryStore` on it. Tests see what was written
in which order, make operations fail before or after they act, let another writer slip in, and take the stream's
records from the table, in the shape in which Lambda delivers them.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from threading import RLock
from typing import Any, Final, TypeVar, cast

from routekeeper.domain.bounds import LATEST
from routekeeper.domain.errors import StoreError
from routekeeper.domain.vantage import VANTAGES
from routekeeper.store.attributes import ITEM_BYTES, same, size
from routekeeper.store.codec import Item
from routekeeper.store.items import HISTORY_SECONDS
from routekeeper.store.over_items import ItemStore
from routekeeper.store.writes import Key, Put, Refusal, Refused, is_met, key_of

_numbers = itertools.count(1)  # tells writers apart that are given no name
_TABLE_ARN: Final = "arn:aws:dynamodb:eu-central-1:123456789012:table/routekeeper"


@dataclass(frozen=True, slots=True)
class Write:
    """One write that was carried out, by the name of the store's operation."""

    operation: str
    writer: str
    keys: tuple[Key, ...]
    """More than one: together, in a transaction."""


_T = TypeVar("_T")


def _copied(value: _T) -> _T:
    """A copy that shares nothing that could be changed: attribute values are maps and lists of immutable ones."""
    copied: Any = value
    if isinstance(value, dict):
        copied = {name: _copied(held) for name, held in value.items()}
    elif isinstance(value, list):
        copied = [_copied(held) for held in value]
    return cast("_T", copied)


class MemoryTable:
    """The items, what was written, and the stream. Thread-safe."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._partitions: defaultdict[str, dict[str, Item]] = defaultdict(dict)
        """By partition key, then by sort key."""
        self._writes: list[Write] = []
        self._records: list[dict[str, Any]] = []
        self._sequence = 0

    @property
    def writes(self) -> tuple[Write, ...]:
        """Every write so far, oldest first."""
        with self._lock:
            return tuple(self._writes)

    def records(self) -> list[dict[str, Any]]:
        """The stream's records since the last call. A write that changes nothing makes none, as in DynamoDB."""
        with self._lock:
            records, self._records = self._records, []
            return _copied(records)

    def get(self, key: Key) -> Item | None:
        with self._lock:
            return _copied(self._held(key))

    def query(self, pk: str, *, newest_first: bool = False, before: str | None = None) -> list[Item]:
        """The items of a partition in the order of their sort keys, or those of them `before` one."""
        with self._lock:
            held = self._partitions[pk]
            asked = [sk for sk in held if before is None or sk.encode() < before.encode()]
            return [_copied(held[sk]) for sk in sorted(asked, key=str.encode, reverse=newest_first)]

    def put(self, operation: str, writer: str, puts: Sequence[Put]) -> None:
        """All puts or none. Raises Refused and, for an item that is too long, StoreError."""
        with self._lock:
            stored = [self._held(put.key) for put in puts]
            refusals = [
                None if is_met(put.condition, held) else Refusal(held) for put, held in zip(puts, stored, strict=True)
            ]
            if any(refusals):
                raise Refused(refusals)
            for put in puts:
                if size(put.item) > ITEM_BYTES:
                    raise StoreError(f"{operation} of {put.key}: ValidationException: the item measures over 400 KB")
            for put in puts:
                self.place(put.item)
            self._writes.append(Write(operation, writer, tuple(put.key for put in puts)))

    def place(self, item: Item) -> None:
        """Put an item as it is, under no condition: an operator's edit in the console, a newer version's write."""
        with self._lock:
            key, new = key_of(item), _copied(dict(item))
            old = self._held(key)
            self._partitions[key.pk][key.sk] = new
            if old is None or not same(old, new):
                self._append("INSERT" if old is None else "MODIFY", key, old, new)

    def remove(self, key: Key) -> None:
        """Delete an item, as its time-to-live or an operator does."""
        with self._lock:
            self._append("REMOVE", key, self._partitions[key.pk].pop(key.sk), None)

    def _held(self, key: Key) -> Item | None:
        return self._partitions[key.pk].get(key.sk)

    def _append(self, name: str, key: Key, old: Item | None, new: Item | None) -> None:
        self._sequence += 1
        change: dict[str, Any] = {
            "Keys": {"pk": {"S": key.pk}, "sk": {"S": key.sk}},
            "SequenceNumber": f"{self._sequence:021d}",
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        }
        images = {"OldImage": old, "NewImage": new}
        self._records.append(
            {
                "eventID": f"{self._sequence:032x}",
                "eventName": name,
                "eventVersion": "1.1",
                "eventSource": "aws:dynamodb",
                "awsRegion": "eu-central-1",
                "dynamodb": change | {image: item for image, item in images.items() if item is not None},
                "eventSourceARN": f"{_TABLE_ARN}/stream/2026-01-01T00:00:00.000",
            }
        )


class MemoryStore(ItemStore):
    """The `Store` on a `MemoryTable`. Faults are this store's own: another one on the same table goes on."""

    def __init__(
        self,
        table: MemoryTable | None = None,
        *,
        writer: str | None = None,
        history_seconds: float = HISTORY_SECONDS,
        vantages: Sequence[str] = VANTAGES,
        clock: Callable[[], float] = lambda: LATEST,
    ) -> None:
        """By default the clock is so late that nothing lies ahead of it."""
        name = writer or f"memory/{next(_numbers)}"
        super().__init__(writer=name, history_seconds=history_seconds, vantages=vantages, clock=clock)
        self.table = table if table is not None else MemoryTable()
        self._before: list[tuple[str, Callable[[], None]]] = []
        self._after: list[tuple[str, Callable[[], None]]] = []

    def before(self, operation: str, act: Callable[[], None]) -> None:
        """Call `act` once, just before the next `operation` (`save_group`, say) reaches the table.

        What `act` writes, another writer has written in between; what it raises, the operation raises.
        """
        self._before.append((operation, act))

    def fail(self, operation: str, error: BaseException, *, after_acting: bool = False, times: int = 1) -> None:
        """Let the next `operation` raise `error`: before anything is written or, ambiguously, after everything is."""

        def raise_it() -> None:
            raise error

        (self._after if after_acting else self._before).extend([(operation, raise_it)] * times)

    def _get(self, operation: str, key: Key) -> Item | None:
        _run_first(self._before, operation)
        item = self.table.get(key)
        _run_first(self._after, operation)
        return item

    def _query(
        self, operation: str, pks: Sequence[str], *, newest_first: bool = False, before: str | None = None
    ) -> Iterator[Item]:
        _run_first(self._before, operation)
        found = [item for pk in pks for item in self.table.query(pk, newest_first=newest_first, before=before)]
        _run_first(self._after, operation)
        yield from found

    def _put(self, operation: str, puts: Sequence[Put]) -> None:
        _run_first(self._before, operation)
        self.table.put(operation, self._writer, puts)
        _run_first(self._after, operation)


def _run_first(planned: list[tuple[str, Callable[[], None]]], operation: str) -> None:
    """Carry out, once, the earliest of what is planned for the operation."""
    for place, (name, act) in enumerate(planned):
        if name == operation:
            del planned[place]
            act()
            return
