"""Every duration has an upper bound, and parser, schema and page tell the same one."""

from __future__ import annotations

import re

import pytest

from routekeeper.config.durations import parse, render
from routekeeper.domain.errors import ConfigurationError
from tests.unit.config.silence import SCHEMA_DOCUMENT, Mapping, mappings

DURATION = SCHEMA_DOCUMENT["$defs"]["duration"]
BOUNDED = [(one, key) for one in mappings() for key, said in one.keys.items() if DURATION in said]


def most(mapping: Mapping, key: str) -> str:
    """What the schema tells of it, in words: it cannot compare units."""
    [told] = set(re.findall(r"at most ([0-9.]+(?:ms|s|m|h|d))", mapping.description(key)))
    return str(told)


def refusal(mapping: Mapping, key: str, value: str) -> str:
    try:
        mapping.saying(key, value)
    except ConfigurationError as err:
        return str(err)
    return ""


def test_there_are_durations() -> None:
    assert len({key for _, key in BOUNDED}) > 15


@pytest.mark.parametrize(("mapping", "key"), BOUNDED, ids=str)
def test_a_duration_is_refused_from_where_the_schema_tells(mapping: Mapping, key: str) -> None:
    bound = most(mapping, key)
    for longer in (f"{parse(bound) + 0.001:.3f}s", "999999999d"):
        assert refusal(mapping, key, longer).endswith(f"{key}: found {longer}, expected at most {bound}")
    assert f"expected at most {bound}" not in refusal(mapping, key, bound)
    assert render(parse(bound)) == bound
