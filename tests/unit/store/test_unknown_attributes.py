"""What a newer version has written survives the saves of an older one that does not know it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, get_args, get_type_hints

import pytest

from lab.memory_store import MemoryStore, MemoryTable
from routekeeper.domain.brake import Counted, Ledger, acknowledge
from routekeeper.domain.damping import Damping
from routekeeper.domain.flaps import Flaps
from routekeeper.domain.group_state import Asker, GroupState, Pin
from routekeeper.domain.health import Health
from routekeeper.domain.lease import Lease, claim, grant
from routekeeper.domain.path_memory import PathMemory
from routekeeper.domain.restart import RestartState
from routekeeper.domain.stored import Stored
from routekeeper.store import items
from routekeeper.telemetry import json_form

ASKED = Asker("mia", 1.0, "line work")
STATE = GroupState(
    "idc", path="dx", pin=Pin("dx", 60.0, ASKED), paths={"vpn": PathMemory(flaps=Flaps(1000.0, 1.0, 1000.0))}
)
NEW = {"S": "from a newer version"}


def reachable(kind: Any) -> Iterator[type[Any]]:
    """Every dataclass that a stored value of this type can hold, itself included."""
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        yield kind
        for hint in get_type_hints(kind).values():
            yield from reachable(hint)
    for argument in get_args(kind):
        yield from reachable(argument)


@pytest.mark.parametrize("kind", [GroupState, RestartState, Ledger, Lease])
def test_everything_that_is_read_and_saved_again_keeps_what_it_does_not_know(kind: type[Any]) -> None:
    assert [one.__name__ for one in reachable(kind) if not issubclass(one, Stored)] == []


def placed(table: MemoryTable, *path: str) -> None:
    """A newer version adds an attribute to the group's item, at this place inside it."""
    item: Any = dict(table.get(items.group_key("idc")) or {})
    place = item
    for name in path:
        place[name] = {"M": dict(place[name]["M"])}
        place = place[name]["M"]
    place["novelty"] = NEW
    table.place(item)


@pytest.mark.parametrize("path", [(), ("pin",), ("pin", "asked"), ("paths", "vpn"), ("paths", "vpn", "flaps")])
def test_an_attribute_that_is_not_known_survives_a_save_wherever_it_stands(path: tuple[str, ...]) -> None:
    table = MemoryTable()
    store = MemoryStore(table, writer="old")
    store.save_group(STATE)
    placed(table, *path)
    state = store.load_group("idc")
    assert state == replace(STATE, version=1), "it decides nothing"
    store.save_group(replace(state, reason="something else"))
    held: Any = table.get(items.group_key("idc"))
    for name in path:
        held = held[name]["M"]
    assert held["novelty"] == NEW


def test_what_is_no_more_takes_its_unknown_attributes_with_it() -> None:
    table = MemoryTable()
    store = MemoryStore(table, writer="old")
    store.save_group(STATE)
    placed(table, "pin")
    store.save_group(replace(store.load_group("idc"), pin=Pin("vpn", 90.0, ASKED)))
    held: Any = table.get(items.group_key("idc"))
    assert "novelty" not in held["pin"]["M"]


def test_attributes_of_the_item_itself_are_not_taken_for_unknown_ones() -> None:
    store = MemoryStore(MemoryTable(), writer="one")
    store.save_group(STATE)
    store.save_lease(Lease("a"))
    assert store.load_group("idc").unknown_attributes is None
    assert store.load_lease("a").unknown_attributes is None


def test_a_lease_that_changes_hands_and_a_ledger_that_is_acknowledged_keep_it() -> None:
    lease = Lease("a", owner="one", successor="two", unknown_attributes={"novelty": NEW})
    for later in (grant(lease, 1.0, 15.0), claim(lease, "three", 99.0, 15.0)):
        assert later.unknown_attributes == {"novelty": NEW}
    ledger = Ledger(moves=(Counted("idc-1", 1.0),), unknown_attributes={"novelty": NEW})
    assert acknowledge(ledger, ASKED).unknown_attributes == {"novelty": NEW}


def test_a_path_that_flaps_again_keeps_it() -> None:
    again = Flaps(unknown_attributes={"novelty": NEW}).seen(Health.UNHEALTHY, 1.0, Damping())
    assert again.unknown_attributes == {"novelty": NEW}


def test_a_path_of_which_only_a_newer_version_remembers_something_is_not_forgotten() -> None:
    barred = PathMemory(unknown_attributes={"barred": NEW})
    state = replace(STATE, paths={"dx": barred})
    after = state.remembering({"dx": replace(barred, drifted=True)}).remembering({"dx": barred, "vpn": PathMemory()})
    assert after.paths == {"dx": barred}
    assert after.memory("dx").unknown_attributes == {"barred": NEW}


def test_programs_that_hear_of_a_value_do_not_hear_of_it() -> None:
    told = json_form.record(replace(STATE, unknown_attributes={"novelty": NEW}))
    assert "unknown_attributes" not in told
    assert "unknown_attributes" not in told["pin"]["asked"]
