"""What AWS says of an instance: of two signals the later stands."""

from __future__ import annotations

import pytest

from routekeeper.domain.signals import maintenance, state_change
from routekeeper.store import items
from tests.contract.benches import Bench
from tests.contract.stored import NOW, STOPPING


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
