"""One odd number in one item is that item's trouble: status names it, and shows all the rest as ever (law 11)."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from routekeeper.domain.presence import Pass
from routekeeper.domain.restart import Active, Phase, RestartState
from routekeeper.domain.signals import state_change
from routekeeper.store import items
from routekeeper.store.codec import Item
from routekeeper.store.writes import Key
from tests.unit.operator.desk import NOON, UP, Desk, Json, engaged

MILLISECONDS = {"N": "9999999999999"}


def filled() -> Desk:
    """A table with an item of every kind that status reads."""
    desk = Desk()
    desk.healths("b", dx=UP, vpn=UP)
    desk.others.save_signal(state_change("i-00000000", "stopping", NOON - 5))
    desk.others.save_pass(Pass("router", NOON - 30))
    active = Active("nat-a", "i-00000000", Phase.STOPPING, NOON, NOON, 1)
    desk.others.save_restart(RestartState("nat", active=active, attempts={"nat-a": (NOON,)}))
    desk.on("nat-a", "private-a")
    desk.wish("pin", path="vpn")
    engaged(desk)
    return desk


def places(held: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where the numbers of an item stand."""
    for name, attribute in held.items() if isinstance(held, dict) else enumerate(held):
        ((tag, value),) = attribute.items()
        if tag == "N":
            yield (*path, name)
        elif tag in ("M", "L"):
            yield from places(value, (*path, name, tag))


def spoilt(item: Item, place: tuple[Any, ...]) -> Item:
    copied: Any = copy.deepcopy(item)
    inner = copied
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = MILLISECONDS
    spoiled: Item = copied
    return spoiled


def keys() -> list[Key]:
    return sorted({key for write in filled().table.writes for key in write.keys if items.kind_of(key) != items.LEASE})


@pytest.mark.parametrize("key", keys(), ids=str)
def test_law_11_a_time_in_milliseconds_anywhere_leaves_the_rest_of_status_as_it_is(key: Key) -> None:
    desk = filled()
    item = desk.table.get(key)
    assert item is not None
    other = "idc" if key.sk == "private-a" else "private-a"
    for place in places(item):
        desk.table.place(spoilt(item, place))
        answer = desk.ask("status")
        assert answer["ok"] is True
        assert answer["groups"][other]["path"] == ("dx" if other == "idc" else "nat-a"), place
        json.dumps(answer)


@pytest.mark.parametrize(
    ("key", "field", "shown"),
    [
        (items.group_key("idc"), "since", lambda told: told["groups"]["idc"]),
        (items.restart_key("nat"), "version", lambda told: told["restarts"]["nat"]),
        (items.brake_key(), "engaged_at", lambda told: told["brake"]),
        (items.vantage_key("b"), "heartbeat_at", lambda told: told["vantages"]["b"]),
        (items.health_key("dx-router", "b"), "since", lambda told: told["groups"]["idc"]["paths"]["dx"]["votes"]["b"]),
    ],
)
def test_what_holds_an_odd_number_is_shown_as_unreadable_with_its_field(key: Key, field: str, shown: Any) -> None:
    desk = filled()
    item = desk.table.get(key)
    assert item is not None
    desk.table.place(spoilt(item, (field,)))
    told: Json = desk.ask("status")
    assert shown(told)["error"].startswith(f"{key}: {field} is {MILLISECONDS}, expected ")


def test_a_vote_from_the_future_does_not_count(desk: Desk) -> None:
    held = desk.others.load_board().health["a"]["dx-router"]
    desk.others.save_health("a", 1, "dx-router", replace(held, since=NOON + 3600))
    told = desk.ask("status")["groups"]["idc"]["paths"]
    assert (told["dx"]["votes"]["a"]["counts"], told["dx"]["health"]) == (False, "UNKNOWN")
    assert (told["vpn"]["votes"]["a"]["counts"], told["vpn"]["health"]) == (True, "HEALTHY")
