"""What grows with the configuration fits into its item."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from routekeeper.config.brake import MOST_MOVES
from routekeeper.domain.brake import Counted, Ledger
from routekeeper.domain.group_state import Channel, GroupState, RouteChange, Transition, TransitionKind
from routekeeper.domain.health import Health
from routekeeper.domain.refusal import Refusal
from routekeeper.domain.routes import Route
from routekeeper.domain.settings import Configuration
from routekeeper.router import transitions
from routekeeper.router.applying import Applied
from routekeeper.store.attributes import ITEM_BYTES, size
from routekeeper.store.items import brake_item, group_item
from tests.fakes.routes import FakeRoutes
from tests.unit.router.stage import CONFIGURATION, NAT_A, Stage, group


@pytest.mark.long
def test_a_group_of_800_tables_whose_people_are_out_of_reach_still_fits_into_its_item() -> None:
    tables = [f"rtb-{number:017x}" for number in range(800)]
    stage = Stage(
        routes=FakeRoutes(dict.fromkeys(tables, NAT_A)),
        configuration=Configuration(CONFIGURATION.targets, {"one": group("one", *tables)}),
    )
    stage.people.unreachable = set(Channel)
    stage.run()
    for ill, well in [("nat-a", "nat-b"), ("nat-b", "nat-a")] * 5:
        stage.now += 120
        stage.see(well, Health.HEALTHY)
        stage.see(ill, Health.UNHEALTHY)
        stage.run()
    assert len(stage.history()) == 10
    item = group_item(stage.state(), "test")
    assert _octets(item) < 400_000
    stage.people.unreachable = set()
    stage.run()
    assert stage.people.told[-1] == stage.history()[0]


def refused_changes(count: int, words: str) -> tuple[RouteChange, ...]:
    """Changes of IPv4 default routes from one instance to another, each refused with these words."""
    refusal = Refusal("RequestLimitExceeded", words)
    return tuple(
        RouteChange(f"rtb-{number:017x} 0.0.0.0/0", f"i-{0:017x}", f"i-{1:017x}", refusal) for number in range(count)
    )


def refused_again_and_again(count: int) -> GroupState:
    """A group of so many tables whose every change is refused ten times, while nobody can be told."""
    words = f"ReplaceRoute on rtb-{0:017x} 0.0.0.0/0 was refused: RequestLimitExceeded: Request limit exceeded."
    routes = [Route(f"rtb-{number:017x} 0.0.0.0/0") for number in range(count)]
    state = transitions.with_routes(GroupState("one", path="nat-b"), CONFIGURATION.groups["one"], routes, 1.8e9)
    pending = Transition("one-1", "one", TransitionKind.FAILOVER, "nat-a", "nat-b", "nat-a is UNHEALTHY", 1.8e9)
    for number in range(10):
        applied = Applied(refused_changes(count, words), 1.8e9 + number, owed=True)
        state = transitions.closed(state, pending, applied, "teller", 1.8e9 + number)
        assert state.pending is not None
        pending = state.pending
    return state


def test_800_changes_that_are_refused_again_and_again_fit_into_their_item_with_what_is_owed() -> None:
    state = refused_again_and_again(800)
    assert size(group_item(state, "test")) < 0.9 * ITEM_BYTES
    newest = state.unannounced[-1].transition
    assert sum(change.refusal is not None for change in newest.changes) == 800
    assert state.pending is not None
    assert len(state.pending.changes) == 800
    assert sum(change.refusal is not None for change in state.pending.changes) == transitions.OWED_REFUSALS_LIMIT


def test_with_few_changes_the_last_ten_transitions_are_kept_until_they_are_told() -> None:
    assert len(refused_again_and_again(50).unannounced) == transitions.UNTOLD_LIMIT


@pytest.mark.parametrize("words", ["", "no", "not now, says EC2 in Köln"])
def test_what_changes_take_of_an_item_is_not_counted_too_low(words: str) -> None:
    begun = Transition("one-1", "one", TransitionKind.FAILOVER, "nat-a", "nat-b", "", 0.0)
    full = replace(begun, changes=refused_changes(100, words))
    bare = replace(begun, changes=tuple(replace(change, refusal=None) for change in full.changes))
    empty = size(group_item(GroupState("one", pending=begun), "test"))
    for transition in (full, bare):
        taken = size(group_item(GroupState("one", pending=transition), "test")) - empty
        assert taken <= transitions.octets(transition) < 1.5 * taken


def test_the_most_moves_that_a_brake_may_count_fit_into_its_item() -> None:
    moves = tuple(Counted(f"{'n' * 63}-{number:06d}", 1_800_000_000.123) for number in range(MOST_MOVES))
    assert _octets(brake_item(Ledger(moves=moves), "test")) < 400_000 * 0.3


def _octets(attribute: Any) -> int:
    """As DynamoDB counts them: names and values, and 3 for each list or map ("Item sizes and formats")."""
    if isinstance(attribute, dict):
        return 3 + sum(len(name) + _octets(value) for name, value in attribute.items())
    if isinstance(attribute, list):
        return 3 + sum(map(_octets, attribute))
    return len(str(attribute))
