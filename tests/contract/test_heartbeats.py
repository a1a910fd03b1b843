"""Heartbeats and health: fenced by the epoch of their vantage, and whole whatever their size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from routekeeper.domain.errors import ItemError, LeaseLost
from routekeeper.domain.vantage import Board, Summary, Vantage
from routekeeper.store import Store
from tests.contract.benches import NOT_ON_MOTO, Bench
from tests.contract.stored import DOWN, NOW, UP

# --- fencing


def write_heartbeat(store: Store, epoch: int) -> None:
    store.save_vantage(Vantage("zone-a", epoch, NOW + epoch))


def write_health(store: Store, epoch: int) -> None:
    store.save_health("zone-a", epoch, "dx-router", replace(DOWN, since=NOW + epoch))


@pytest.mark.parametrize("write", [write_heartbeat, write_health])
def test_a_monitor_under_an_older_epoch_is_fenced_off_and_writes_nothing(
    bench: Bench, write: Callable[[Store, int], None]
) -> None:
    write(bench.store("old"), 4)
    write(bench.store("old"), 4)
    write(bench.store("new"), 5)
    before = bench.store().load_board()
    with pytest.raises(LeaseLost, match="written under epoch 5"):
        write(bench.store("old"), 4)
    assert bench.store().load_board() == before
    write(bench.store("new"), 5)


def test_vantages_fence_each_their_own(bench: Bench) -> None:
    store = bench.store()
    store.save_health("zone-a", 9, "dx-router", DOWN)
    store.save_health("zone-b", 1, "dx-router", UP)
    store.save_vantage(Vantage("zone-a", 9, NOW))
    store.save_vantage(Vantage("zone-b", 1, NOW))
    assert store.load_board().health == {"zone-a": {"dx-router": DOWN}, "zone-b": {"dx-router": UP}}


# --- heartbeats


def test_a_heartbeat_comes_back_whole_and_replaces_the_one_before(bench: Bench) -> None:
    first = Vantage("zone-a", 1, NOW, {"a": UP, "b": DOWN}, {"a": Summary(10, 1, 0, 0.0031, 0.25), "b": Summary()})
    second = Vantage("zone-a", 1, NOW + 10, {"b": UP}, {"b": Summary(100, 0, 2)})
    for heartbeat in (first, second):
        bench.store().save_vantage(heartbeat)
        assert bench.store().load_board().vantages == {"zone-a": heartbeat}


def heartbeat_of(count: int, *, epoch: int = 1) -> Vantage:
    told = replace(DOWN, reason="10 failures in a row over 1.9 s; last: icmp 10.109.2.1: no echo reply in 0.75 s" * 2)
    targets = {f"target-{number:05}": replace(told, failures=number) for number in range(count)}
    return Vantage("zone-a", epoch, NOW, targets, {name: Summary(100, 3, 1, 0.0031415, 0.271828) for name in targets})


@NOT_ON_MOTO
def test_a_heartbeat_of_4000_targets_comes_back_whole(bench: Bench) -> None:
    heartbeat = heartbeat_of(4000)
    bench.store().save_vantage(heartbeat)
    assert len(bench.keys()) > 1, "it would not fit into one item"
    assert bench.store().load_board().vantages == {"zone-a": heartbeat}


def test_a_heartbeat_that_shrinks_forgets_the_targets_that_are_gone(bench: Bench) -> None:
    bench.store().save_vantage(heartbeat_of(1000))
    assert len(bench.keys()) == 2
    bench.store().save_vantage(heartbeat_of(3))
    assert bench.store().load_board().vantages == {"zone-a": heartbeat_of(3)}


def test_a_heartbeat_in_several_parts_is_fenced_as_a_whole(bench: Bench) -> None:
    bench.store("new").save_vantage(heartbeat_of(3, epoch=2))
    with pytest.raises(LeaseLost):
        bench.store("old").save_vantage(heartbeat_of(1000, epoch=1))
    assert bench.store().load_board(["zone-a"]).vantages == {"zone-a": heartbeat_of(3, epoch=2)}
    assert bench.keys() == [("VANTAGE#zone-a", "heartbeat")]


def test_a_board_of_many_pages_is_read_to_its_end(bench: Bench) -> None:
    store = bench.store()
    long = replace(DOWN, reason="x" * 50_000)
    for number in range(45):  # 2.2 MB; a page ends at 1 MB
        store.save_health("zone-a", 1, f"target-{number}", long)
    assert store.load_board().health == {"zone-a": {f"target-{number}": long for number in range(45)}}


def test_a_heartbeat_and_a_health_change_written_unheard_and_tried_again_are_successes(bench: Bench) -> None:
    store = bench.retrying_store()
    store.save_vantage(Vantage("zone-a", 3, NOW))
    store.save_health("zone-a", 3, "dx-router", DOWN)
    assert store.load_board() == Board({"zone-a": Vantage("zone-a", 3, NOW)}, {"zone-a": {"dx-router": DOWN}})


def test_the_newest_epoch_of_a_vantage_is_the_highest_of_all_that_it_has_written(bench: Bench) -> None:
    store = bench.store()
    assert store.newest_epoch("zone-a") == 0
    store.save_vantage(Vantage("zone-a", 7, NOW))
    assert store.newest_epoch("zone-a") == 7
    store.save_health("zone-a", 9, "dx-router", UP)
    store.save_health("zone-b", 12, "dx-router", UP)
    assert store.newest_epoch("zone-a") == 9


def test_an_epoch_beyond_bounds_is_named_before_a_lease_begins_above_it(bench: Bench) -> None:
    key = {"pk": {"S": "HEALTH#zone-a"}, "sk": {"S": "dx-router"}}
    bench.place({**key, "epoch": {"N": "1000000000000000000000"}})
    with pytest.raises(ItemError, match="HEALTH#zone-a/dx-router: epoch is"):
        bench.store().newest_epoch("zone-a")
