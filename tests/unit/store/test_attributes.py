"""Attribute values compared and measured as DynamoDB does it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from routekeeper.domain.vantage import Vantage
from routekeeper.store.attributes import same, size
from routekeeper.store.codec import Item, to_attributes
from tests.unit.store import stored_values


@given(stored_values.vantages)
def test_an_item_is_the_same_as_its_copy(value: Vantage) -> None:
    item = to_attributes(value, "x")
    assert same(item, json.loads(json.dumps(item)))


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ({"N": "1.50"}, {"N": "1.5"}, True),
        ({"N": "1E+2"}, {"N": "100"}, True),
        ({"N": "1"}, {"S": "1"}, False),
        ({"N": "1"}, {"N": "one"}, False),
        ({"L": [{"N": "1"}]}, {"L": [{"N": "1.0"}]}, True),
        ({"L": [{"N": "1"}]}, {"L": []}, False),
        ({"M": {"a": {"N": "1"}}}, {"M": {"a": {"N": "1.0"}}}, True),
        ({"M": {"a": {"N": "1"}}}, {"M": {"a": {"N": "2"}}}, False),
        ({"M": {"a": {"N": "1"}}}, {"M": {"b": {"N": "1"}}}, False),
        ({"BOOL": True}, {"BOOL": False}, False),
        ({"S": "1.0"}, {"S": "1"}, False),
    ],
)
def test_numbers_are_the_same_by_value_and_all_else_by_content(left: Any, right: Any, *, expected: bool) -> None:
    assert same({"x": left}, {"x": right}) is expected


@pytest.mark.parametrize(
    ("item", "documented_bytes"),
    [
        ({"name": {"S": "oak"}}, 4 + 3),
        ({"name": {"S": "Übung"}}, 4 + 6),
        ({"n": {"N": "1234.5678"}}, 1 + 4 + 1),
        ({"ok": {"BOOL": True}}, 2 + 1),
        ({"none": {"NULL": True}}, 4 + 1),
        ({"m": {"M": {"a": {"S": "bc"}}}}, 1 + 3 + 1 + (1 + 2)),
        ({"l": {"L": [{"S": "bc"}, {"S": "d"}]}}, 1 + 3 + (1 + 2) + (1 + 1)),
    ],
)
def test_an_item_measures_what_the_documentation_says_or_a_little_more(item: Item, documented_bytes: int) -> None:
    assert documented_bytes <= size(item) <= documented_bytes + 3
