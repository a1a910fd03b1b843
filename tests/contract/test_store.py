"""The contract of the store, whatever is below it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from routekeeper.domain.brake import Counted, Ledger
from routekeeper.domain.errors import ItemError, LeaseLost, StoreError, VersionConflict
from routekeeper.domain.group_state import (
    Asker,
    Channel,
    GroupState,
    Pin,
    RouteChange,
    Transition,
    TransitionKind,
    Untold,
)
from routekeeper.domain.health import Health, TargetHealth
from routekeeper.domain.lease import Lease
from routekeeper.domain.restart import Action, Active, Phase, RestartOutcome, RestartState
from routekeeper.domain.restart_event import RestartEvent
from routekeeper.domain.signals import maintenance, state_change
from routekeeper.domain.vantage import Board, Summary, Vantage
from routekeeper.store import Store, items
from tests.contract.benches import Bench
from tests.unit.store import stored_values

NOW = 1_790_000_000.25
DOWN = TargetHealth(Health.UNHEALTHY, NOW, "10 failures in a row", failures=10, first_loss_at=NOW - 2.125)
UP = TargetHealth(Health.HEALTHY, NOW, "10 answers in a row", successes=10, answered_at=NOW)
STOPPING = state_change("i-0a", "stopping", NOW, "event 1")
ASKED = Asker("ada", NOW, "maintenance of the line", identity="arn:aws:iam::123456789012:user/ada")
PINNED = GroupState("idc", path="dx", since=NOW, reason="the routes are on dx", pin=Pin("dx", NOW + 3600, ASKED))
RESTARTING = RestartState(
    "nat",
    active=Active("nat-a", "i-0a", Phase.STOPPING, NOW, NOW, 1),
    attempts={"nat-a": (NOW - 7200.5, NOW)},
    given_up=frozenset({"nat-b"}),
)
ENGAGED = Ledger(
    moves=(Counted("idc-7", NOW - 60.5), Counted("idc-9", NOW)),
    engaged_at=NOW,
    acknowledged=ASKED,
    untold=(Channel.EVENTS,),
    teller="router/1",
    teller_until=NOW + 60,
)

NOT_ON_MOTO = pytest.mark.parametrize(
    "bench", ["memory", pytest.param("local-aws", marks=pytest.mark.local_aws)], indirect=True
)
"""moto fails on comparisons of unlike types, where DynamoDB finds them false; it checks and writes in two steps; and it
is slow on large items."""


def transition(number: int, *, group: str = "idc", at: float | None = None, **more: Any) -> Transition:
    return Transition(
        id=f"{group}-{number}",
        group=group,
        kind=TransitionKind.FAILOVER,
        from_path="dx",
        to_path="vpn",
        reason="dx is UNHEALTHY",
        decided_at=NOW + number if at is None else at,
        verdict_at=NOW,
        changes=(RouteChange("tgw-rtb-0d pl-0d", "none", "tgw-attach-0f"),),
        **more,
    )


def restart_event(number: int, *, at: float | None = None) -> RestartEvent:
    moment = NOW + number if at is None else at
    return RestartEvent(
        f"nat-{number}", "nat", "nat-a", "i-0a", moment, RestartOutcome.BEGUN, "it is dead", Action.STOP
    )


# --- versioned values

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


def test_a_transition_recorded_unheard_and_tried_again_is_in_history_once(bench: Bench) -> None:
    recorded = bench.retrying_store().record(PINNED, transition(1))
    assert bench.store().load_group("idc") == recorded
    assert bench.store().transitions("idc", 10) == (transition(1),)


def test_a_transition_recorded_again_by_its_caller_after_an_ambiguous_end_is_in_history_once(bench: Bench) -> None:
    with pytest.raises(StoreError):
        bench.unlucky_store().record(PINNED, transition(1))
    assert bench.store().record(PINNED, transition(1)) == bench.store().load_group("idc")
    assert bench.store().transitions("idc", 10) == (transition(1),)


def test_a_restart_event_saved_unheard_and_tried_again_is_in_history_once(bench: Bench) -> None:
    saved = bench.retrying_store().save_restart(RESTARTING, restart_event(1))
    assert bench.store().load_restart("nat") == saved
    assert bench.store().restart_events("nat", 10) == (restart_event(1),)


def test_a_heartbeat_and_a_health_change_written_unheard_and_tried_again_are_successes(bench: Bench) -> None:
    store = bench.retrying_store()
    store.save_vantage(Vantage("zone-a", 3, NOW))
    store.save_health("zone-a", 3, "dx-router", DOWN)
    assert store.load_board() == Board({"zone-a": Vantage("zone-a", 3, NOW)}, {"zone-a": {"dx-router": DOWN}})


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


# --- signals


def test_signals_are_read_back_as_they_were_said(bench: Bench) -> None:
    said = (STOPPING, maintenance("i-0a", "EVENT_1", "REBOOT", NOW, (NOW + 60, NOW + 120)))
    assert all(bench.store().save_signal(signal) for signal in said)
    assert set(bench.store("another").load_signals()) == set(said)


@pytest.mark.parametrize(
    ("state", "seconds", "stands"),
    [
        ("running", -1, False),
        ("running", 0, False),
        ("running", 1, True),
        ("stopping", 0, True),
        ("stopped", 0, True),
        ("stopped", -1, False),
    ],
)
def test_of_two_signals_the_later_stands_and_of_one_second_the_one_further_down(
    bench: Bench, state: str, seconds: float, stands: bool
) -> None:
    bench.store("one").save_signal(STOPPING)
    other = state_change("i-0a", state, NOW + seconds, "event 2")
    assert bench.store("other").save_signal(other) == stands
    assert bench.store().load_signals() == ((other,) if stands else (STOPPING,))


def test_a_signal_saved_unheard_and_tried_again_stands(bench: Bench) -> None:
    assert bench.retrying_store().save_signal(STOPPING)
    assert bench.store().load_signals() == (STOPPING,)


def test_a_signal_of_a_kind_that_only_a_newer_version_knows_is_left_out_and_strands_no_other(bench: Bench) -> None:
    bench.store().save_signal(STOPPING)
    newer = items.signal_item(state_change("i-0b", "stopping", NOW))
    bench.place({**newer, "kind": {"S": "omen"}})
    assert bench.store().load_signals() == (STOPPING,)


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


# --- history


def test_a_transition_and_its_group_are_written_together(bench: Bench) -> None:
    told = transition(1, asked=ASKED, applied_at=NOW + 4)
    untold = (Untold(told),)
    recorded = bench.store().record(replace(PINNED, unannounced=untold), told)
    assert recorded == bench.store().load_group("idc") == replace(PINNED, version=1, unannounced=untold)
    assert bench.store().transitions("idc", 10) == (told,)


def test_a_record_that_loses_its_race_leaves_history_alone(bench: Bench) -> None:
    won = bench.store("one").save_group(PINNED)
    with pytest.raises(VersionConflict):
        bench.store("two").record(PINNED, transition(1))
    assert bench.store().load_group("idc") == won
    assert bench.store().transitions("idc", 10) == ()


def test_a_restart_save_that_loses_its_race_leaves_history_alone(bench: Bench) -> None:
    won = bench.store("one").save_restart(RESTARTING)
    with pytest.raises(VersionConflict):
        bench.store("two").save_restart(RESTARTING, restart_event(1))
    assert bench.store().load_restart("nat") == won
    assert bench.store().restart_events("nat", 10) == ()


def test_a_transition_that_history_holds_stays_as_first_written_while_its_group_is_saved(bench: Bench) -> None:
    saved = bench.store("one").record(PINNED, transition(1))
    later = replace(saved, reason="recorded twice")
    again = bench.store("two").record(later, transition(1, applied_at=NOW + 9))
    assert again == bench.store().load_group("idc") == replace(later, version=2)
    assert bench.store().transitions("idc", 10) == (transition(1),)


def test_a_known_transition_does_not_let_a_lost_race_pass(bench: Bench) -> None:
    saved = bench.store("one").record(PINNED, transition(1))
    with pytest.raises(VersionConflict):
        bench.store("two").record(replace(PINNED, reason="late"), transition(1))
    assert bench.store().load_group("idc") == saved


def test_history_is_told_newest_first_and_no_further_than_asked(bench: Bench) -> None:
    store, state = bench.store(), GroupState("idc")
    times = {1: NOW, 2: NOW + 0.000_5, 3: NOW + 9.75, 4: NOW + 10, 5: NOW + 86_400}
    for number, at in times.items():
        state = store.record(state, transition(number, at=at))
    told = store.transitions("idc", 3)
    assert [event.id for event in told] == ["idc-5", "idc-4", "idc-3"]
    assert [event.id for event in store.transitions("idc", 99)] == ["idc-5", "idc-4", "idc-3", "idc-2", "idc-1"]
    assert store.transitions("idc", 0) == ()


def test_histories_of_groups_and_of_restart_groups_do_not_mix(bench: Bench) -> None:
    store = bench.store()
    store.record(GroupState("nat"), transition(1, group="nat"))
    store.record(GroupState("RESTART"), transition(1, group="RESTART"))
    store.save_restart(RESTARTING, restart_event(1))
    assert store.transitions("nat", 9) == (transition(1, group="nat"),)
    assert store.transitions("RESTART", 9) == (transition(1, group="RESTART"),)
    assert store.restart_events("nat", 9) == (restart_event(1),)


def test_restart_history_is_told_newest_first_and_no_further_than_asked(bench: Bench) -> None:
    store, state = bench.store(), RESTARTING
    for number in range(1, 5):
        state = store.save_restart(state, restart_event(number))
    assert [event.id for event in store.restart_events("nat", 2)] == ["nat-4", "nat-3"]


# --- items that cannot be read


def broken(pk: str, sk: str, **attributes: Any) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}, **attributes}


@pytest.mark.parametrize(
    ("item", "read"),
    [
        (broken("LEASE#zone-a", "lease", vantage={"S": "zone-a"}, epoch={"S": "x"}), lambda s: s.load_lease("zone-a")),
        (broken("GROUP", "idc", group={"S": "idc"}, pin={"L": []}), lambda s: s.load_group("idc")),
        (broken("RESTART", "nat", group={"N": "1"}), lambda s: s.load_restart("nat")),
    ],
)
def test_an_item_that_cannot_be_read_is_named(bench: Bench, item: Any, read: Callable[[Store], Any]) -> None:
    bench.place(item)
    with pytest.raises(ItemError, match=f"^{item['pk']['S']}/{item['sk']['S']}: .* expected "):
        read(bench.store())


def test_items_that_cannot_be_read_strand_no_others_and_are_named_in_the_log(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    store = bench.store()
    store.save_vantage(Vantage("zone-b", 1, NOW))
    store.save_health("zone-b", 1, "dx-router", UP)
    bench.place(broken("VANTAGE#zone-a", "heartbeat", name={"S": "zone-a"}))
    bench.place(broken("VANTAGE#zone-c", "heartbeat#x", name={"S": "zone-c"}))
    bench.place(broken("HEALTH#zone-a", "dx-router", health={"S": "FINE"}))
    bench.place(broken("HEALTH#zone-a", "no#body", health={"S": "HEALTHY"}))
    with caplog.at_level(logging.WARNING, logger="routekeeper"):
        assert store.load_board() == Board({"zone-b": Vantage("zone-b", 1, NOW)}, {"zone-b": {"dx-router": UP}})
    told = {record.__dict__["item"]: record.__dict__["error"] for record in caplog.records}
    assert told.keys() == {
        "VANTAGE#zone-a/heartbeat",
        "VANTAGE#zone-c/heartbeat#x",
        "HEALTH#zone-a/dx-router",
        "HEALTH#zone-a/no#body",
    }
    assert "health is {'S': 'FINE'}, expected one of HEALTHY, UNHEALTHY, UNKNOWN" in told["HEALTH#zone-a/dx-router"]


def test_history_goes_on_past_an_event_that_cannot_be_read(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    store, state = bench.store(), GroupState("idc")
    for number in (1, 2):
        state = store.record(state, transition(number))
    bench.place(broken("EVENT#idc", "2099-01-01T00:00:00.000000Z#idc-3"))
    with caplog.at_level(logging.WARNING, logger="routekeeper"):
        assert [event.id for event in store.transitions("idc", 2)] == ["idc-2", "idc-1"]
    assert len(caplog.records) == 1


def test_a_version_that_is_no_number_is_told_and_not_taken_for_a_race(bench: Bench) -> None:
    bench.place(broken("GROUP", "idc", version={"S": "3"}))
    with pytest.raises(ItemError, match=r"GROUP/idc: version is .* expected a whole number"):
        bench.store().save_group(replace(PINNED, version=3))


@NOT_ON_MOTO
def test_an_epoch_that_is_no_number_is_told_and_not_taken_for_a_lost_lease(bench: Bench) -> None:
    bench.place(broken("HEALTH#zone-a", "dx-router", epoch={"S": "3"}))
    with pytest.raises(ItemError, match=r"HEALTH#zone-a/dx-router: epoch is .* expected a whole number"):
        bench.store().save_health("zone-a", 3, "dx-router", UP)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(health=stored_values.healths, state=stored_values.groups)
def test_values_of_every_kind_survive_the_table(bench: Bench, health: TargetHealth, state: GroupState) -> None:
    store = bench.store()
    store.save_health("zone-a", 1, "dx-router", health)
    assert store.load_board().health == {"zone-a": {"dx-router": health}}
    version = store.load_group("every kind").version
    saved = store.save_group(replace(state, group="every kind", version=version))
    assert store.load_group("every kind") == saved


@pytest.mark.parametrize("name", ["", "a#b"])
def test_a_name_that_would_make_keys_ambiguous_is_refused(bench: Bench, name: str) -> None:
    with pytest.raises(ItemError, match="expected a name without `#`"):
        bench.store().save_health("zone-a", 1, name, UP)
    with pytest.raises(ItemError, match="expected a name without `#`"):
        bench.store().load_group(name)
