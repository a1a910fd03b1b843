"""What the in-memory twin offers to tests beyond the contract."""

from __future__ import annotations

import pytest

from lab.memory_store import MemoryStore, MemoryTable, Write
from routekeeper.domain.errors import StoreError, VersionConflict
from routekeeper.domain.health import Health, TargetHealth
from routekeeper.domain.routing import GroupState, Transition, TransitionKind
from routekeeper.domain.vantage import Vantage
from routekeeper.store import Store
from routekeeper.store.items import group_key, health_key
from routekeeper.store.stream import GroupChanged, HealthChanged, Unrelated, changed
from routekeeper.store.writes import Key

TRANSITION = Transition("idc-0", "idc", TransitionKind.FAILOVER, "dx", "vpn", "dx is UNHEALTHY", 5.0)


def test_it_is_a_store() -> None:
    store: Store = MemoryStore()
    assert store.load_group("idc") == GroupState("idc")


def test_writes_are_told_in_order_with_who_and_where_and_refused_ones_are_not() -> None:
    table = MemoryTable()
    router, monitor = MemoryStore(table, writer="router"), MemoryStore(table, writer="monitor")
    router.record(GroupState("idc"), TRANSITION)
    monitor.save_health("zone-a", 1, "dx-router", TargetHealth())
    with pytest.raises(VersionConflict):
        router.save_group(GroupState("idc", reason="late"))
    assert table.writes == (
        Write("record", "router", (group_key("idc"), Key("EVENT#idc", "1970-01-01T00:00:05.000000Z#idc-0"))),
        Write("save_health", "monitor", (health_key("dx-router", "zone-a"),)),
    )


def test_a_failure_before_acting_writes_nothing_and_one_after_acting_everything_each_once() -> None:
    store = MemoryStore()
    store.fail("save_group", StoreError("throttled"))
    store.fail("record", StoreError("no answer"), after_acting=True)
    with pytest.raises(StoreError, match="throttled"):
        store.save_group(GroupState("idc"))
    assert store.load_group("idc").version == 0
    with pytest.raises(StoreError, match="no answer"):
        store.record(GroupState("idc"), TRANSITION)
    assert store.load_group("idc").version == 1
    assert store.save_group(store.load_group("idc")).version == 2


def test_a_failure_strikes_its_own_operation_of_its_own_store_as_often_as_asked() -> None:
    table = MemoryTable()
    struck, other = MemoryStore(table), MemoryStore(table)
    struck.fail("load_board", StoreError("denied"), times=2)
    for _ in range(2):
        with pytest.raises(StoreError, match="denied"):
            struck.load_board()
    assert struck.load_board() == other.load_board()


def test_another_writer_can_slip_in_between_load_and_save() -> None:
    table = MemoryTable()
    router, operator = MemoryStore(table, writer="router"), MemoryStore(table, writer="operator")

    def slip_in() -> None:
        operator.save_group(GroupState("idc", reason="theirs"))

    router.before("save_group", slip_in)
    with pytest.raises(VersionConflict):
        router.save_group(GroupState("idc", reason="mine"))
    assert router.load_group("idc").reason == "theirs"


def test_the_stream_tells_of_every_change_once_in_order_and_of_nothing_else() -> None:
    store = MemoryStore()
    store.save_vantage(Vantage("zone-a", 1, 5.0))
    store.save_health("zone-a", 1, "dx-router", TargetHealth(Health.HEALTHY))
    store.save_health("zone-a", 1, "dx-router", TargetHealth(Health.HEALTHY))
    store.save_health("zone-a", 1, "dx-router", TargetHealth(Health.UNHEALTHY))
    store.save_group(GroupState("idc"))
    store.table.remove(group_key("idc"))
    records = store.table.records()
    assert [(record["eventName"], changed(record)) for record in records] == [
        ("INSERT", Unrelated()),
        ("INSERT", HealthChanged("dx-router", "zone-a")),
        ("MODIFY", HealthChanged("dx-router", "zone-a")),
        ("INSERT", GroupChanged("idc")),
        ("REMOVE", GroupChanged("idc")),
    ]
    assert records[2]["dynamodb"]["OldImage"]["health"] == {"S": "HEALTHY"}
    assert records[2]["dynamodb"]["NewImage"]["health"] == {"S": "UNHEALTHY"}
    assert "NewImage" not in records[4]["dynamodb"]
    assert len({record["dynamodb"]["SequenceNumber"] for record in records}) == 5
    assert store.table.records() == []


def test_what_a_test_does_to_an_item_that_it_was_given_stays_with_the_test() -> None:
    store = MemoryStore()
    store.save_group(GroupState("idc", reason="kept"))
    item = store.table.get(group_key("idc"))
    assert isinstance(item, dict)
    item["reason"]["S"] = "changed"
    assert store.load_group("idc").reason == "kept"


def test_an_item_that_dynamodb_would_not_take_is_refused_with_all_of_its_transaction() -> None:
    store = MemoryStore()
    long = GroupState("idc", reason="x" * 410_000)
    with pytest.raises(StoreError, match="record of GROUP/idc: ValidationException: the item measures over 400 KB"):
        store.record(long, TRANSITION)
    assert store.transitions("idc", 1) == ()
    assert store.table.writes == ()
