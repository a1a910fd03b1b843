"""Dataclasses to attribute values and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer
from hypothesis import given
from hypothesis import strategies as st

from routekeeper.domain.errors import ItemError
from routekeeper.store.codec import from_attributes, to_attributes
from tests.unit.store import stored_values


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Leaf:
    colour: Colour
    weight: float


@dataclass(frozen=True, slots=True)
class Tree:
    name: str
    age: int
    alive: bool = True
    best: Leaf | None = None
    leaves: tuple[Leaf, ...] = ()
    by_month: Mapping[str, Leaf] = field(default_factory=dict)
    nicknames: frozenset[str] = frozenset()
    note: str = "none taken"
    height: float | None = 2.0


OAK = Tree("oak", 120, best=Leaf(Colour.RED, 1.5), nicknames=frozenset({"b", "a"}))


@given(
    st.one_of(
        stored_values.leases,
        stored_values.vantages,
        stored_values.healths,
        stored_values.groups,
        stored_values.restarts,
        stored_values.transitions,
        stored_values.restart_events,
    )
)
def test_every_stored_type_comes_back_as_it_was(value: Any) -> None:
    assert from_attributes(type(value), to_attributes(value, "x"), "x") == value


@given(stored_values.groups)
def test_what_is_written_are_attribute_values_of_the_low_level_api(value: Any) -> None:
    deserializer: Any = TypeDeserializer()
    for attribute in to_attributes(value, "x").values():
        deserializer.deserialize(attribute)


def test_an_item_reads_in_the_console_as_the_value_does_in_the_program() -> None:
    assert to_attributes(OAK, "x") == {
        "name": {"S": "oak"},
        "age": {"N": "120"},
        "alive": {"BOOL": True},
        "best": {"M": {"colour": {"S": "red"}, "weight": {"N": "1.5"}}},
        "leaves": {"L": []},
        "by_month": {"M": {}},
        "nicknames": {"L": [{"S": "a"}, {"S": "b"}]},
        "note": {"S": "none taken"},
        "height": {"N": "2"},
    }


def test_a_none_that_is_not_the_default_is_kept_apart_from_a_missing_attribute() -> None:
    assert from_attributes(Tree, to_attributes(Tree("elm", 1, height=None), "x"), "x").height is None
    assert from_attributes(Tree, {"name": {"S": "elm"}, "age": {"N": "1"}}, "x").height == 2.0


def test_an_attribute_that_a_newer_version_wrote_is_ignored_at_every_depth() -> None:
    item = to_attributes(OAK, "x")
    item["best"] = {"M": {**item["best"]["M"], "later": {"S": "?"}}}
    assert from_attributes(Tree, {**item, "later": {"B": b"?"}}, "x") == OAK


@pytest.mark.parametrize(("text", "number"), [("5", 5), ("5.0", 5), ("5E+1", 50), ("-7", -7)])
def test_a_whole_number_is_read_however_dynamodb_writes_it(text: str, number: int) -> None:
    assert from_attributes(Tree, {"name": {"S": "elm"}, "age": {"N": text}}, "x").age == number


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"name": None}, "name is missing, expected a string"),
        ({"name": {"N": "1"}}, "name is {'N': '1'}, expected a string"),
        ({"name": {"S": 1}}, "name is {'S': 1}, expected a string"),
        ({"name": "oak"}, "name is 'oak', expected a string"),
        ({"age": {"N": "1.5"}}, "age is {'N': '1.5'}, expected a whole number"),
        ({"age": {"N": "many"}}, "age is {'N': 'many'}, expected a number"),
        ({"age": {"S": "1"}}, "age is {'S': '1'}, expected a whole number"),
        ({"alive": {"S": "yes"}}, "alive is {'S': 'yes'}, expected true or false"),
        ({"alive": {"BOOL": "yes"}}, "alive is {'BOOL': 'yes'}, expected true or false"),
        ({"height": {"N": "NaN"}}, "height is {'N': 'NaN'}, expected a finite number"),
        ({"best": {"L": []}}, "best is {'L': []}, expected a map"),
        ({"best": {"M": []}}, "best is {'M': []}, expected a map"),
        ({"best": {"M": {"colour": {"S": "red"}}}}, "best.weight is missing, expected a number"),
        ({"leaves": {"M": {}}}, "leaves is {'M': {}}, expected a list"),
        ({"leaves": {"L": {}}}, "leaves is {'L': {}}, expected a list"),
        ({"nicknames": {"L": [{"S": "a"}, {"N": "1"}]}}, "nicknames.1 is {'N': '1'}, expected a string"),
        (
            {"by_month": {"M": {"may": {"M": {"colour": {"S": "green"}, "weight": {"N": "1"}}}}}},
            "by_month.may.colour is {'S': 'green'}, expected one of red, blue",
        ),
    ],
)
def test_what_cannot_be_read_is_told_with_key_attribute_finding_and_expectation(
    change: dict[str, Any], told: str
) -> None:
    item = {name: value for name, value in {**to_attributes(OAK, "x"), **change}.items() if value is not None}
    with pytest.raises(ItemError) as caught:
        from_attributes(Tree, item, "TREE/oak")
    assert str(caught.value) == f"TREE/oak: {told}"


def test_a_long_finding_is_shortened() -> None:
    with pytest.raises(ItemError) as caught:
        from_attributes(Tree, {"name": {"S": "elm"}, "age": {"S": "a" * 1000}}, "TREE/elm")
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize("weight", [float("nan"), float("inf"), 1e126, 1e-131])
def test_a_number_that_dynamodb_cannot_hold_is_refused_before_it_is_sent(weight: float) -> None:
    with pytest.raises(ItemError, match=r"^TREE/elm: leaves\.0\.weight is .*, expected a number"):
        to_attributes(Tree("elm", 1, leaves=(Leaf(Colour.RED, weight),)), "TREE/elm")


def test_a_type_that_nothing_stores_is_a_programming_error() -> None:
    @dataclass(frozen=True)
    class Odd:
        bytes_: bytes = b""

    Odd.__annotations__["bytes_"] = bytes
    with pytest.raises(TypeError, match="no form is known for <class 'bytes'>"):
        to_attributes(Odd(), "x")
