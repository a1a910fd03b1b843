"""No number of the table is believed without bounds: not one field of one item."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routekeeper.domain.bounds import LATEST, MOST, Bounds
from routekeeper.domain.brake import Ledger
from routekeeper.domain.errors import ItemError
from routekeeper.domain.group_state import GroupState, Transition
from routekeeper.domain.health import TargetHealth
from routekeeper.domain.lease import Lease
from routekeeper.domain.presence import Pass
from routekeeper.domain.quoting import visible
from routekeeper.domain.restart import RestartState
from routekeeper.domain.restart_event import RestartEvent
from routekeeper.domain.signals import Signal
from routekeeper.domain.vantage import Vantage
from routekeeper.store import items
from routekeeper.store.codec import from_attributes, to_attributes
from routekeeper.store.writes import counter
from tests.unit.store import stored_values as values

KINDS = (
    GroupState,
    RestartState,
    Ledger,
    Lease,
    TargetHealth,
    Vantage,
    Signal,
    Pass,
    Transition,
    RestartEvent,
)
MILLISECONDS = {"N": "1790000000123"}
ODD = ({"N": "-1"}, {"N": "9999999999999"}, {"N": "1E+30"}, {"N": "-1E+30"})


def unbounded(hint: Any, where: str) -> Iterator[str]:
    """The numbers inside a type hint that carry no bounds."""
    if get_origin(hint) is Annotated:
        base, *notes = get_args(hint)
        if not any(isinstance(note, Bounds) for note in notes):
            yield from unbounded(base, where)
    elif hint in (int, float):
        yield where
    elif dataclasses.is_dataclass(hint) and isinstance(hint, type):
        for name, held in get_type_hints(hint, include_extras=True).items():
            yield from unbounded(held, f"{hint.__name__}.{name}") if name != "unknown" else ()
    else:
        for argument in get_args(hint):
            yield from unbounded(argument, where)


@pytest.mark.parametrize("kind", KINDS)
def test_every_number_of_every_stored_value_has_bounds(kind: type[Any]) -> None:
    assert sorted(set(unbounded(kind, kind.__name__))) == []


def numbers(attributes: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where the numbers of an item stand."""
    for name, attribute in attributes.items() if isinstance(attributes, dict) else enumerate(attributes):
        ((tag, value),) = attribute.items()
        if tag == "N":
            yield (*path, name)
        elif tag in ("M", "L"):
            yield from numbers(value, (*path, name, tag))


@given(
    value=values.groups | values.healths | values.vantages | values.restarts | values.leases | values.signals,
    data=st.data(),
)
def test_one_odd_number_anywhere_is_an_error_that_names_item_and_field(value: Any, data: st.DataObject) -> None:
    item: Any = copy.deepcopy(to_attributes(value, "x"))
    place = data.draw(st.sampled_from([*numbers(item)]))
    inner = item
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = data.draw(st.sampled_from(ODD))
    with pytest.raises(ItemError, match=r"^GROUP/idc: .* expected ") as told:
        from_attributes(type(value), item, "GROUP/idc")
    assert visible(str(place[-1])) in str(told.value)


@pytest.mark.parametrize(
    ("field", "value"), [("since", LATEST * 1000), ("since", -1.0), ("failures", -1), ("failures", MOST + 1)]
)
def test_what_could_not_be_read_again_is_not_written(field: str, value: float) -> None:
    held: Any = {field: value}
    with pytest.raises(ItemError, match=f"^x: {field} is .* expected "):
        to_attributes(TargetHealth(**held), "x")


def test_a_time_in_milliseconds_is_named_with_what_is_expected() -> None:
    with pytest.raises(ItemError) as told:
        from_attributes(TargetHealth, {"since": MILLISECONDS}, "HEALTH#a/dx")
    assert str(told.value) == (
        "HEALTH#a/dx: since is {'N': '1790000000123'}, expected a time in seconds since 1970 that is before 2100"
    )


@pytest.mark.parametrize("odd", ["-1", "1E+30", "1.5"])
def test_a_version_or_epoch_beyond_bounds_is_named(odd: str) -> None:
    item = {"pk": {"S": "HEALTH#a"}, "sk": {"S": "dx"}, "epoch": {"N": odd}}
    with pytest.raises(ItemError, match=r"HEALTH#a/dx: epoch is .* expected a whole number"):
        counter(item, "epoch")


@pytest.mark.parametrize("parts", ["12", "1000000000"])
def test_a_heartbeat_in_more_parts_than_there_can_be_is_not_put_together(parts: str) -> None:
    head = {"pk": {"S": "VANTAGE#a"}, "sk": {"S": "heartbeat"}, "parts": {"N": parts}}
    with pytest.raises(ItemError, match=r"VANTAGE#a/heartbeat: parts is .* expected at most 11"):
        items.parts_of(head)
