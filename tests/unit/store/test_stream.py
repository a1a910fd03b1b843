"""Records of the table's stream, read from the examples in `events/` as Lambda delivers them."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.memory_store import MemoryStore
from routekeeper.domain.brake import Ledger
from routekeeper.domain.errors import ItemError
from routekeeper.domain.group_state import GroupState, Transition, TransitionKind
from routekeeper.domain.health import TargetHealth
from routekeeper.domain.lease import Lease
from routekeeper.domain.restart import Action, RestartOutcome, RestartState
from routekeeper.domain.restart_event import RestartEvent
from routekeeper.domain.vantage import Vantage
from routekeeper.store.stream import BrakeChanged, GroupChanged, HealthChanged, RestartChanged, Unrelated, changed

EVENTS = Path(__file__).parents[3] / "events"


def record_of(name: str) -> dict[str, Any]:
    (record,) = json.loads((EVENTS / f"{name}.json").read_text())["Records"]
    assert isinstance(record, dict)
    return record


HEALTH = record_of("stream-health")


def test_a_health_change_names_target_and_vantage() -> None:
    assert changed(HEALTH) == HealthChanged("dx-router", "a")


def test_an_intent_names_its_group() -> None:
    assert changed(record_of("stream-group")) == GroupChanged("idc")


def test_a_health_that_nobody_knows_is_poison_and_told_in_words() -> None:
    with pytest.raises(ItemError, match=r"HEALTH#a/dx-router: health is {'S': 'POORLY'}, expected one of HEALTHY"):
        changed(record_of("stream-poison"))


def test_everything_the_store_writes_is_told_for_what_it_is() -> None:
    store = MemoryStore()
    store.save_lease(Lease("a"))
    store.save_vantage(Vantage("a", 1, 0.0))
    store.save_health("a", 1, "nat-a", TargetHealth())
    store.record(GroupState("idc"), Transition("idc-0", "idc", TransitionKind.INITIAL, None, "dx", "", 0.0))
    event = RestartEvent("nat-0", "nat", "nat-a", "i-0a", 0.0, RestartOutcome.BEGUN, "", Action.STOP)
    store.save_restart(RestartState("nat"), event)
    store.save_brake(Ledger())
    assert [changed(record) for record in store.table.records()] == [
        Unrelated(),
        Unrelated(),
        HealthChanged("nat-a", "a"),
        GroupChanged("idc"),
        Unrelated(),
        RestartChanged("nat"),
        Unrelated(),
        BrakeChanged(),
    ]


@pytest.mark.parametrize("name", ["stream-health", "stream-group"])
def test_the_examples_are_what_the_store_writes(name: str) -> None:
    record = record_of(name)
    store = MemoryStore()
    store.table.place(record["dynamodb"]["OldImage"])
    store.table.place(record["dynamodb"]["NewImage"])
    own = store.table.records()[-1]
    assert own.keys() == record.keys()
    assert own["eventName"] == record["eventName"]
    for part in ("Keys", "OldImage", "NewImage", "StreamViewType"):
        assert own["dynamodb"][part] == record["dynamodb"][part]


def test_a_removed_item_is_a_change_without_an_image() -> None:
    record = copy.deepcopy(HEALTH)
    record["eventName"] = "REMOVE"
    del record["dynamodb"]["NewImage"]
    assert changed(record) == HealthChanged("dx-router", "a")


def test_an_item_that_a_newer_version_invented_is_unrelated() -> None:
    record = copy.deepcopy(HEALTH)
    record["dynamodb"]["Keys"]["pk"]["S"] = "WEATHER"
    assert changed(record) == Unrelated()


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("dynamodb",), None, "dynamodb is None, expected a map"),
        (("dynamodb", "Keys"), "HEALTH", "Keys is 'HEALTH', expected a map"),
        (("dynamodb", "Keys", "pk"), {"N": "1"}, "pk is {'N': '1'}, expected a string"),
        (("dynamodb", "Keys", "sk"), {}, "sk is {}, expected a string"),
        (("dynamodb", "Keys", "sk"), {"S": "dx-router#a"}, "expected the name of a target"),
        (("dynamodb", "Keys", "pk"), {"S": "HEALTH"}, "expected HEALTH#<vantage>"),
        (("dynamodb", "NewImage"), [], "NewImage is \\[\\], expected a map"),
        (("dynamodb", "NewImage", "since"), {"S": "now"}, "since is {'S': 'now'}, expected a number"),
    ],
)
def test_a_record_that_is_no_change_is_poison(path: tuple[str, ...], value: Any, told: str) -> None:
    record = copy.deepcopy(HEALTH)
    *parents, last = path
    place = record
    for parent in parents:
        place = place[parent]
    place[last] = value
    with pytest.raises(ItemError, match=told):
        changed(record)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(junk=JUNK, at=st.sampled_from(["dynamodb", "Keys", "NewImage", "pk", "sk", "health", "since", "reason"]))
def test_no_junk_raises_anything_but_an_item_error(junk: Any, at: str) -> None:
    record = copy.deepcopy(HEALTH)
    change = record["dynamodb"]
    place = {"dynamodb": record, "Keys": change, "NewImage": change, "pk": change["Keys"], "sk": change["Keys"]}
    place.get(at, change["NewImage"])[at] = junk
    try:
        told = changed(record)
    except ItemError:
        return
    assert isinstance(told, HealthChanged | Unrelated)


def test_the_tick_is_a_scheduled_event() -> None:
    tick = json.loads((EVENTS / "tick.json").read_text())
    assert tick["detail-type"] == "Scheduled Event"
    assert tick["source"] == "aws.events"
    assert "Records" not in tick
