"""The store over conditional writes of items, which every implementation shares.

How an item is fetched and put is up to the implementation: `dynamodb` here, `lab.memory_store` in tests.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import TypeVar

from routekeeper.domain.brake import Ledger
from routekeeper.domain.errors import ItemError, LeaseLost, StoreError, VersionConflict
from routekeeper.domain.group_state import GroupState, Transition
from routekeeper.domain.health import TargetHealth
from routekeeper.domain.lease import Lease
from routekeeper.domain.presence import Pass
from routekeeper.domain.restart import RestartState
from routekeeper.domain.restart_event import RestartEvent
from routekeeper.domain.signals import Signal
from routekeeper.domain.vantage import Board, Unbelieved, Vantage
from routekeeper.store import ahead, items
from routekeeper.store.attributes import same
from routekeeper.store.codec import Item
from routekeeper.store.writes import (
    IfAbsent,
    IfEpochAtMost,
    IfVersion,
    Key,
    Put,
    Refusal,
    Refused,
    counter,
    key_of,
)

T = TypeVar("T")

_log = logging.getLogger("routekeeper")


class ItemStore(ABC):
    """The `Store` protocol, given the three operations below.

    A save that fails its condition may be the second try of one that took effect although its answer was lost. Then the
    item that is found is exactly the one to be written, and the save has succeeded. `writer` is part of the item, so
    two writers with equal values are never taken for each other.
    """

    def __init__(
        self, *, writer: str, history_seconds: float, vantages: Sequence[str], clock: Callable[[], float]
    ) -> None:
        """By the `clock` (seconds since the epoch) it is found what lies further ahead than it can."""
        self._writer = writer
        self._clock = clock
        self._history_seconds = history_seconds
        self._every_vantage = tuple(vantages)

    @abstractmethod
    def _get(self, operation: str, key: Key) -> Item | None:
        """The item, or None. `operation` is the store's method, for messages. Raises StoreError."""

    @abstractmethod
    def _put(self, operation: str, puts: Sequence[Put]) -> None:
        """Carry out every put or none. Raises Refused if conditions do not hold, and StoreError."""

    @abstractmethod
    def _query(
        self, operation: str, pks: Sequence[str], *, newest_first: bool = False, before: str | None = None
    ) -> Iterator[Item]:
        """All items of some partitions, each in the order of its sort keys, and only those `before` one.

        The items of a single partition are fetched as they are consumed. Several partitions are read side by side.
        """

    # --- leases

    def load_lease(self, vantage: str) -> Lease:
        item = self._get("load_lease", items.lease_key(vantage))
        return Lease(vantage) if item is None else items.lease_from(item)

    def save_lease(self, lease: Lease) -> Lease:
        saved = replace(lease, version=lease.version + 1)
        self._save("save_lease", Put(items.lease_item(saved, self._writer), IfVersion(lease.version)))
        return saved

    def newest_epoch(self, vantage: str) -> int:
        found = self._query("newest_epoch", [items.heartbeats_of(vantage), items.health_of(vantage)])
        return max((counter(item, "epoch") for item in found), default=0)

    # --- what vantages tell

    def save_vantage(self, vantage: Vantage) -> None:
        condition = IfEpochAtMost(vantage.epoch)
        self._save_fenced("save_vantage", [Put(item, condition) for item in items.vantage_items(vantage)])

    def save_health(self, vantage: str, epoch: int, target: str, health: TargetHealth) -> None:
        item = items.health_item(vantage, epoch, target, health)
        self._save_fenced("save_health", [Put(item, IfEpochAtMost(epoch))])

    def load_board(self, vantages: Sequence[str] | None = None) -> Board:
        names = self._every_vantage if vantages is None else tuple(vantages)
        unreadable: list[Unbelieved] = []
        heartbeats = self._heartbeats(names, unreadable)
        health: dict[str, dict[str, TargetHealth]] = {}
        found = self._query("load_board", [items.health_of(name) for name in names])
        for vantage, target, held in _readable(found, items.health_from, unreadable):
            health.setdefault(vantage, {})[target] = held
        return Board(heartbeats, health, tuple(unreadable))

    def _heartbeats(self, vantages: Sequence[str], unreadable: list[Unbelieved]) -> dict[str, Vantage]:
        """Every heartbeat, put together from its parts."""
        heads: dict[str, tuple[Vantage, int]] = {}
        parts: dict[tuple[str, int], Vantage] = {}
        found = self._query("load_board", [items.heartbeats_of(name) for name in vantages])
        for name, number, count, vantage in _readable(found, _part, unreadable):
            if number == 0:
                heads[name] = vantage, count
            else:
                parts[name, number] = vantage
        return {
            name: items.merged(head, (parts[name, part] for part in range(1, count) if (name, part) in parts))
            for name, (head, count) in heads.items()
        }

    # --- what AWS tells

    def load_signals(self) -> tuple[Signal, ...]:
        return tuple(_readable(self._query("load_signals", [items.SIGNAL]), items.signal_from))

    def save_signal(self, signal: Signal) -> bool:
        return self._save_newest("save_signal", Put(items.signal_item(signal), IfEpochAtMost(signal.order)))

    # --- groups

    def load_group(self, group: str) -> GroupState:
        item = self._get("load_group", items.group_key(group))
        return GroupState(group) if item is None else self._believed(items.group_from(item), item)

    def save_group(self, state: GroupState) -> GroupState:
        saved = replace(state, version=state.version + 1)
        self._save("save_group", Put(items.group_item(saved, self._writer), IfVersion(state.version)))
        return saved

    def record(self, state: GroupState, transition: Transition) -> GroupState:
        saved = replace(state, version=state.version + 1)
        put = Put(items.group_item(saved, self._writer), IfVersion(state.version))
        event = items.transition_item(transition, self._history_seconds)
        self._save_with_event("record", put, Put(event, IfAbsent()))
        return saved

    def transitions(self, group: str, limit: int, before: str | None = None) -> tuple[Transition, ...]:
        return self._newest("transitions", items.transitions_key(group), items.transition_from, limit, before)

    # --- restarts

    def load_restart(self, group: str) -> RestartState:
        item = self._get("load_restart", items.restart_key(group))
        return RestartState(group) if item is None else self._believed(items.restart_from(item), item)

    def save_restart(self, state: RestartState, event: RestartEvent | None = None) -> RestartState:
        saved = replace(state, version=state.version + 1)
        put = Put(items.restart_item(saved, self._writer), IfVersion(state.version))
        if event is None:
            self._save("save_restart", put)
        else:
            item = items.restart_event_item(event, self._history_seconds)
            self._save_with_event("save_restart", put, Put(item, IfAbsent()))
        return saved

    def restart_events(self, group: str, limit: int, before: str | None = None) -> tuple[RestartEvent, ...]:
        return self._newest("restart_events", items.restart_events_key(group), items.restart_event_from, limit, before)

    # --- the brake

    def load_brake(self) -> Ledger:
        item = self._get("load_brake", items.brake_key())
        return Ledger() if item is None else self._believed(items.brake_from(item), item)

    def save_brake(self, ledger: Ledger) -> Ledger:
        saved = replace(ledger, version=ledger.version + 1)
        self._save("save_brake", Put(items.brake_item(saved, self._writer), IfVersion(ledger.version)))
        return saved

    # --- what ran

    def load_passes(self) -> tuple[Pass, ...]:
        return tuple(_readable(self._query("load_passes", [items.FUNCTION]), items.pass_from))

    def save_pass(self, ended: Pass) -> bool:
        return self._save_newest("save_pass", Put(items.pass_item(ended), IfEpochAtMost(int(ended.at))))

    def _believed(self, value: T, item: Item) -> T:
        """Raises ItemError if a time in it lies further ahead than it can."""
        return ahead.believed(value, self._clock(), str(key_of(item)))

    def unreadable(self) -> dict[str, str]:
        readers: tuple[tuple[str, Callable[[Item], object]], ...] = (
            (items.SIGNAL, items.signal_from),
            (items.FUNCTION, items.pass_from),
        )
        found: dict[str, str] = {}
        for partition, read in readers:
            for item in self._query("unreadable", [partition]):
                try:
                    read(item)
                except ItemError as err:
                    found[str(key_of(item))] = str(err)
        return found

    # --- how writes end

    def _save(self, operation: str, put: Put) -> None:
        """Raises VersionConflict unless the item was written, now or by an earlier try."""
        try:
            self._put(operation, (put,))
        except Refused as refused:
            _accept_own(put, refused.refusals[0], refused)

    def _save_with_event(self, operation: str, put: Put, event: Put) -> None:
        """Write both or neither. An event that is in history already stays as it was first written."""
        try:
            self._put(operation, (put, event))
        except Refused as refused:
            state_refusal, event_refusal = refused.refusals
            if state_refusal is not None:
                _accept_own(put, state_refusal, refused)
            elif event_refusal is not None and event_refusal.contended:
                raise VersionConflict(f"{event.key}: another write is under way") from refused
            else:
                _log.info("event is in history already", extra={"item": str(event.key)})
                self._save(operation, put)

    def _save_fenced(self, operation: str, puts: Sequence[Put]) -> None:
        """Raises LeaseLost if a newer epoch has written any of the items."""
        try:
            self._put(operation, puts)
        except Refused as refused:
            for put, refusal in zip(puts, refused.refusals, strict=True):
                if refusal is not None and not refusal.contended:
                    newer = counter(refusal.stored, "epoch")
                    raise LeaseLost(f"{put.key}: written under epoch {newer}, a newer one") from refused
            raise StoreError(f"{operation} of {puts[0].key}: another write is under way") from refused

    def _save_newest(self, operation: str, put: Put) -> bool:
        """Write it unless a later one stands in its place; whether it stands now."""
        try:
            self._save_fenced(operation, [put])
        except LeaseLost:  # not a lease: a later one has fenced this one off
            return False
        return True

    def _newest(
        self, operation: str, pk: str, read: Callable[[Item], T], limit: int, before: str | None
    ) -> tuple[T, ...]:
        found = self._query(operation, [pk], newest_first=True, before=before)
        return tuple(islice(_readable(found, read), max(0, limit)))


def _accept_own(put: Put, refusal: Refusal | None, refused: Refused) -> None:
    """Return if what is stored is what was to be written.

    Raises:
        VersionConflict: another has saved first, or is about to.
        ItemError: the stored version is no number, so that no save can ever succeed.
    """
    stored = refusal.stored if refusal is not None else None
    if stored is not None and same(stored, put.item):
        return
    if refusal is not None and refusal.contended:
        raise VersionConflict(f"{put.key}: another write is under way") from refused
    version = counter(stored, "version")
    wanted = counter(put.item, "version") - 1
    raise VersionConflict(f"{put.key}: found version {version}, expected {wanted}") from refused


def _readable(
    found: Iterable[Item], read: Callable[[Item], T], unreadable: list[Unbelieved] | None = None
) -> Iterator[T]:
    """The items that can be read. The others are logged and left out, so that they strand no other.

    Those of the board are also added to `unreadable`.
    """
    for item in found:
        try:
            yield read(item)
        except ItemError as err:
            _log.warning("unreadable item left out", extra={"item": str(key_of(item)), "error": str(err)})
            if unreadable is not None:
                unreadable.append(_unbelieved(key_of(item), str(err)))


def _unbelieved(key: Key, why: str) -> Unbelieved:
    vantage = key.pk.partition("#")[2]
    return Unbelieved(vantage, key.sk if items.kind_of(key) == items.HEALTH else None, why)


def _part(item: Item) -> tuple[str, int, int, Vantage]:
    """The vantage by its key, the part's number (0: the head), the number of parts, and the part."""
    key = key_of(item)
    return items.vantage_of(key), items.part_number(key), items.parts_of(item), items.vantage_part_from(item)
