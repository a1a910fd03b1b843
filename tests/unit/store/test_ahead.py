"""A time that lies further ahead than it can is that item's trouble alone, and it is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import is_dataclass, replace
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import pytest

from lab.memory_store import MemoryStore, MemoryTable
from routekeeper.domain.bounds import AHEAD_SECONDS, LONGEST_HOLD_SECONDS, Bounds
from routekeeper.domain.brake import Counted, Ledger
from routekeeper.domain.errors import ItemError
from routekeeper.domain.flaps import Flaps
from routekeeper.domain.group_state import Asker, GroupState, Pause, Pin, ReturnRequest, Untold
from routekeeper.domain.path_memory import PathMemory
from routekeeper.domain.restart import Active, Phase, RestartState
from tests.contract.stored import NOW, transition

DAY = 86_400.0
ASKED = Asker("ada", NOW - 60, "work")
GROUP = GroupState("idc", path="dx", since=NOW - 60)
ACTIVE = Active("nat-a", "i-0a", Phase.STOPPING, NOW - 60, NOW - 60, 1)
RESTART = RestartState("nat", active=ACTIVE)
GROUPS: dict[str, Callable[[float], GroupState]] = {
    "since": lambda at: replace(GROUP, since=at),
    "routes_at": lambda at: replace(GROUP, routes_at=at),
    "paths.dx.blackholed_at": lambda at: replace(GROUP, paths={"dx": PathMemory(blackholed_at=at)}),
    "paths.dx.seen_healthy_at": lambda at: replace(GROUP, paths={"dx": PathMemory(seen_healthy_at=at)}),
    "paths.dx.flaps.at": lambda at: replace(GROUP, paths={"dx": PathMemory(flaps=Flaps(900.0, at, 900.0))}),
    "pending.decided_at": lambda at: replace(GROUP, pending=transition(1, at=at)),
    "unannounced.0.transition.decided_at": lambda at: replace(GROUP, unannounced=(Untold(transition(1, at=at)),)),
    "pause.asked.at": lambda at: replace(GROUP, pause=Pause(NOW + 60, replace(ASKED, at=at))),
}
HOLDS: dict[str, Callable[[float], GroupState]] = {
    "pin.expires_at": lambda at: replace(GROUP, pin=Pin("dx", at, ASKED)),
    "pause.expires_at": lambda at: replace(GROUP, pause=Pause(at, ASKED)),
    "returning.expires_at": lambda at: replace(GROUP, returning=ReturnRequest(at, ASKED)),
}
RESTARTS: dict[str, Callable[[float], RestartState]] = {
    "active.phase_since": lambda at: replace(RESTART, active=replace(ACTIVE, phase_since=at)),
    "active.started_at": lambda at: replace(RESTART, active=replace(ACTIVE, started_at=at)),
    "attempts.nat-a.1": lambda at: replace(RESTART, attempts={"nat-a": (NOW - 60, at)}),
    "seen_unhealthy.nat-a": lambda at: replace(RESTART, seen_unhealthy={"nat-a": at}),
}
LEDGERS: dict[str, Callable[[float], Ledger]] = {
    "moves.0.at": lambda at: Ledger(moves=(Counted("idc-1", at),)),
    "engaged_at": lambda at: Ledger(engaged_at=at),
    "acknowledged.at": lambda at: Ledger(acknowledged=replace(ASKED, at=at)),
}


@pytest.fixture
def table() -> MemoryTable:
    return MemoryTable()


def store(table: MemoryTable) -> MemoryStore:
    return MemoryStore(table, clock=lambda: NOW)


@pytest.mark.parametrize("name", GROUPS | HOLDS)
def test_a_group_with_a_time_that_is_still_to_come_is_named_and_strands_no_other(table: MemoryTable, name: str) -> None:
    made, most = (HOLDS[name], LONGEST_HOLD_SECONDS) if name in HOLDS else (GROUPS[name], 0.0)
    ours = store(table)
    ours.save_group(made(NOW + most + AHEAD_SECONDS + 1))
    other = ours.save_group(GroupState("other", since=NOW))
    with pytest.raises(ItemError, match=rf"^GROUP/idc: {name} is 20\d\d-.*Z, expected a time no later than 20"):
        ours.load_group("idc")
    assert ours.load_group("other") == other


@pytest.mark.parametrize("name", RESTARTS)
def test_a_restart_group_with_a_time_that_is_still_to_come_is_named(table: MemoryTable, name: str) -> None:
    store(table).save_restart(RESTARTS[name](NOW + DAY))
    with pytest.raises(ItemError, match=f"^RESTART/nat: {name} is "):
        store(table).load_restart("nat")


@pytest.mark.parametrize("name", LEDGERS)
def test_a_brake_with_a_time_that_is_still_to_come_is_named(table: MemoryTable, name: str) -> None:
    store(table).save_brake(LEDGERS[name](NOW + DAY))
    with pytest.raises(ItemError, match=f"^BRAKE/deployment: {name} is "):
        store(table).load_brake()


@pytest.mark.parametrize("ahead", [5.0, 60.0, AHEAD_SECONDS])
def test_no_clock_that_is_minutes_ahead_takes_anything_down(table: MemoryTable, ahead: float) -> None:
    ours = store(table)
    for made in GROUPS.values():
        ours.save_group(replace(made(NOW + ahead), version=ours.load_group("idc").version))
    for hold in HOLDS.values():
        ours.save_group(replace(hold(NOW + LONGEST_HOLD_SECONDS + ahead), version=ours.load_group("idc").version))
    for restart in RESTARTS.values():
        ours.save_restart(replace(restart(NOW + ahead), version=ours.load_restart("nat").version))
    for ledger in LEDGERS.values():
        ours.save_brake(replace(ledger(NOW + ahead), version=ours.load_brake().version))
    assert ours.load_group("idc").returning is not None


def test_a_turn_that_ends_too_late_is_not_waited_for_and_takes_nothing_down(table: MemoryTable) -> None:
    saved = store(table).save_group(replace(GROUP, worker="router/2", worker_until=NOW + DAY))
    assert store(table).load_group("idc") == saved


def test_what_lies_too_far_ahead_comes_true_in_time(table: MemoryTable) -> None:
    saved = store(table).save_group(replace(GROUP, since=NOW + DAY))
    assert MemoryStore(table, clock=lambda: NOW + DAY).load_group("idc") == saved


FREE = {
    "worker_until": "nobody waits for it longer than a turn can last",
    "teller_until": "the same",
    "first_loss_at": "it is only told",
    "next_try_at": "no bar holds for longer than an hour",
    "next_at": "a start that is owed is asked for after a quarter of an hour at most",
    "until": "a restart group's bar lasts as long as attempts count, which is configured",
    "verdict_at": "it is only told, and may be AWS's word on what will be",
}
"""Times in these items that may lie ahead, and why. Anything else is said to have `Happened`, or to be `Held`."""


def free(hint: Any, name: str = "") -> Iterator[str]:
    """The times in a type hint that have no bound ahead of now."""
    if get_origin(hint) is Annotated:
        bounds = [note for note in get_args(hint)[1:] if isinstance(note, Bounds)]
        yield from (name for one in bounds if "time" in one.what and one.ahead_seconds is None)
    elif is_dataclass(hint) and isinstance(hint, type):
        for field, held in get_type_hints(hint, include_extras=True).items():
            yield from free(held, field)
    else:
        for argument in get_args(hint):
            yield from free(argument, name)


@pytest.mark.parametrize("kind", [GroupState, RestartState, Ledger])
def test_every_time_of_what_is_decided_on_says_how_far_ahead_it_can_be(kind: type[Any]) -> None:
    assert set(free(kind)) <= FREE.keys()
