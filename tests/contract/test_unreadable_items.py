"""Items that cannot be read are named and strand no others (law 11)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from routekeeper.domain.errors import ItemError
from routekeeper.domain.group_state import GroupState
from routekeeper.domain.vantage import Board, Vantage
from routekeeper.store import Store
from tests.contract.benches import NOT_ON_MOTO, Bench
from tests.contract.stored import NOW, PINNED, UP, transition

MILLISECONDS = {"N": "1790000000123"}


def broken(pk: str, sk: str, **attributes: Any) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}, **attributes}


@pytest.mark.parametrize(
    ("item", "read"),
    [
        (broken("LEASE#zone-a", "lease", vantage={"S": "zone-a"}, epoch={"S": "x"}), lambda s: s.load_lease("zone-a")),
        (broken("GROUP", "idc", group={"S": "idc"}, pin={"L": []}), lambda s: s.load_group("idc")),
        (broken("RESTART", "nat", group={"N": "1"}), lambda s: s.load_restart("nat")),
        (broken("GROUP", "idc", group={"S": "idc"}, since=MILLISECONDS), lambda s: s.load_group("idc")),
        (broken("BRAKE", "deployment", engaged_at=MILLISECONDS), lambda s: s.load_brake()),
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
        board = store.load_board()
    readable = Board({"zone-b": Vantage("zone-b", 1, NOW)}, {"zone-b": {"dx-router": UP}})
    assert replace(board, unreadable=()) == readable
    assert [(item.vantage, item.target) for item in board.unreadable] == [
        ("zone-a", None),
        ("zone-c", None),
        ("zone-a", "dx-router"),
        ("zone-a", "no#body"),
    ]
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


@pytest.mark.parametrize("name", ["", "a#b"])
def test_a_name_that_would_make_keys_ambiguous_is_refused(bench: Bench, name: str) -> None:
    with pytest.raises(ItemError, match="expected a name without `#`"):
        bench.store().save_health("zone-a", 1, name, UP)
    with pytest.raises(ItemError, match="expected a name without `#`"):
        bench.store().load_group(name)
