"""Histories: written once and together with what they tell of, told newest first (law 7)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from routekeeper.domain.errors import StoreError, VersionConflict
from routekeeper.domain.group_state import GroupState, Untold
from routekeeper.store.items import place
from tests.contract.benches import Bench
from tests.contract.stored import ASKED, NOW, PINNED, RESTARTING, restart_event, transition


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


@pytest.mark.parametrize(("before", "told"), [((86_400, "idc-5"), "4321"), ((10, "idc-4"), "321"), ((10, ""), "321")])
def test_history_goes_on_before_any_place(bench: Bench, before: tuple[float, str], told: str) -> None:
    store, state = bench.store(), GroupState("idc")
    for number, at in {1: NOW, 2: NOW + 0.000_5, 3: NOW + 9.75, 4: NOW + 10, 5: NOW + 86_400}.items():
        state = store.record(state, transition(number, at=at))
    seconds, identifier = before
    found = store.transitions("idc", 9, place(NOW + seconds, identifier))
    assert "".join(event.id.removeprefix("idc-") for event in found) == told


def test_restart_history_goes_on_before_any_place(bench: Bench) -> None:
    store, state = bench.store(), RESTARTING
    for number in range(1, 5):
        state = store.save_restart(state, restart_event(number))
    told = store.restart_events("nat", 1, place(NOW + 3, "nat-3"))
    assert [event.id for event in told] == ["nat-2"]


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


# --- answers that were lost


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
