"""The contract of the store, whatever is below it: one of two writers wins, and a lost answer is no failure."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from routekeeper.domain.brake import Ledger
from routekeeper.domain.errors import StoreError, VersionConflict
from routekeeper.domain.group_state import GroupState
from routekeeper.domain.health import TargetHealth
from routekeeper.domain.lease import Lease
from routekeeper.domain.restart import RestartState
from routekeeper.domain.vantage import Board
from routekeeper.store import Store
from tests.contract.benches import NOT_ON_MOTO, Bench
from tests.contract.stored import ENGAGED, NOW, PINNED, RESTARTING
from tests.unit.store import stored_values

VERSIONED: list[Any] = [
    pytest.param("lease", Lease("zone-a", owner="one", epoch=1, expires_at=NOW), id="lease"),
    pytest.param("group", PINNED, id="group"),
    pytest.param("restart", RESTARTING, id="restart"),
    pytest.param("brake", ENGAGED, id="brake"),
]


def load(store: Store, kind: str) -> Any:
    match kind:
        case "lease":
            return store.load_lease("zone-a")
        case "group":
            return store.load_group("idc")
        case "brake":
            return store.load_brake()
        case _:
            return store.load_restart("nat")


def save(store: Store, value: Any) -> Any:
    match value:
        case Lease():
            return store.save_lease(value)
        case GroupState():
            return store.save_group(value)
        case Ledger():
            return store.save_brake(value)
        case _:
            return store.save_restart(value)


def altered(value: Any, number: int) -> Any:
    match value:
        case Lease():
            return replace(value, owner=f"owner {number}")
        case GroupState():
            return replace(value, reason=f"reason {number}")
        case Ledger():
            return replace(value, teller=f"router {number}")
        case _:
            return replace(value, given_up=frozenset({f"target {number}"}))


def test_what_was_never_saved_is_at_version_0(bench: Bench) -> None:
    store = bench.store()
    assert store.load_lease("zone-a") == Lease("zone-a")
    assert store.load_group("idc") == GroupState("idc")
    assert store.load_restart("nat") == RestartState("nat")
    assert store.load_brake() == Ledger()
    assert store.load_board() == Board({}, {})
    assert store.transitions("idc", 10) == ()
    assert store.restart_events("nat", 10) == ()


@pytest.mark.parametrize(("kind", "value"), VERSIONED)
def test_a_save_returns_the_value_at_its_new_version_and_a_load_finds_it(bench: Bench, kind: str, value: Any) -> None:
    saved = save(bench.store(), value)
    assert saved == replace(value, version=1)
    assert load(bench.store("two"), kind) == saved
    again = save(bench.store("two"), saved)
    assert again == replace(value, version=2)
    assert load(bench.store(), kind) == again


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(health=stored_values.healths, state=stored_values.groups)
def test_values_of_every_kind_survive_the_table(bench: Bench, health: TargetHealth, state: GroupState) -> None:
    store = bench.store()
    store.save_health("zone-a", 1, "dx-router", health)
    assert store.load_board().health == {"zone-a": {"dx-router": health}}
    version = store.load_group("every kind").version
    saved = store.save_group(replace(state, group="every kind", version=version))
    assert store.load_group("every kind") == saved


@pytest.mark.parametrize(("kind", "value"), VERSIONED)
def test_of_two_writers_at_one_version_the_first_wins_and_the_second_writes_nothing(
    bench: Bench, kind: str, value: Any
) -> None:
    for version in range(3):
        current = replace(value, version=version)
        won = save(bench.store("one"), altered(current, 1))
        with pytest.raises(VersionConflict):
            save(bench.store("two"), altered(current, 2))
        assert load(bench.store(), kind) == won


@pytest.mark.parametrize(("kind", "value"), VERSIONED)
def test_of_two_writers_with_equal_values_still_only_one_wins(bench: Bench, kind: str, value: Any) -> None:
    won = save(bench.store("one"), value)
    with pytest.raises(VersionConflict):
        save(bench.store("two"), value)
    assert load(bench.store(), kind) == won


@pytest.mark.parametrize(("kind", "value"), VERSIONED)
def test_a_value_whose_item_is_gone_cannot_be_saved_at_its_old_version(bench: Bench, kind: str, value: Any) -> None:
    with pytest.raises(VersionConflict, match="found version 0, expected 7"):
        save(bench.store(), replace(value, version=7))
    assert load(bench.store(), kind).version == 0


@NOT_ON_MOTO
@pytest.mark.parametrize(("kind", "value"), VERSIONED)
def test_of_many_writers_at_once_exactly_one_wins(bench: Bench, kind: str, value: Any) -> None:
    start, outcomes = threading.Barrier(4), list[str]()

    def compete(number: int) -> None:
        store = bench.store(f"writer {number}")
        start.wait()
        try:
            save(store, altered(value, number))
        except VersionConflict:
            outcomes.append("lost")
        else:
            outcomes.append("won")

    threads = [threading.Thread(target=compete, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["lost", "lost", "lost", "won"]
    assert load(bench.store(), kind).version == 1


# --- answers that were lost


@pytest.mark.parametrize(("kind", "value"), VERSIONED)
def test_a_save_that_acted_unheard_and_is_tried_again_is_a_success(bench: Bench, kind: str, value: Any) -> None:
    saved = save(bench.retrying_store(), value)
    assert load(bench.store(), kind) == saved == replace(value, version=1)


@pytest.mark.parametrize(("kind", "value"), VERSIONED)
def test_a_save_repeated_by_its_caller_after_an_ambiguous_end_is_a_success(bench: Bench, kind: str, value: Any) -> None:
    with pytest.raises(StoreError) as caught:
        save(bench.unlucky_store(), value)
    assert not isinstance(caught.value, VersionConflict)
    assert save(bench.store(), value) == load(bench.store(), kind) == replace(value, version=1)


@pytest.mark.parametrize(("kind", "value"), VERSIONED)
def test_a_retry_that_finds_another_writers_value_is_a_lost_race(bench: Bench, kind: str, value: Any) -> None:
    won = save(bench.store("two"), value)
    with pytest.raises(VersionConflict):
        save(bench.retrying_store(), value)
    assert load(bench.store(), kind) == won
