"""What the schema tells to be the default is what counts where a document is silent."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from routekeeper.config.durations import render
from routekeeper.domain.detection import Detection
from routekeeper.domain.errors import ConfigurationError
from routekeeper.domain.settings import MOVES_OF_A_GROUP, Brake
from tests.unit.config.documents import EXAMPLE
from tests.unit.config.silence import DOCUMENT, SCHEMA_DOCUMENT, Mapping, in_bursts, mappings

MAPPINGS = mappings()
OPTIONAL = [(one, key) for one in MAPPINGS for key in one.optional]
WITH_DEFAULT = [(one, key) for one, key in OPTIONAL if one.default(key) and one.may_leave_out(key)]
IN_BURSTS = re.compile(r"with watch: burst (\w+)")


def named(value: object) -> str:
    return str(value)


def places(schema: Any) -> list[Any]:
    """Every `properties` in the schema that says what a mapping may hold; those of an `if` only ask."""
    if isinstance(schema, list):
        return [found for one in schema for found in places(one)]
    if not isinstance(schema, dict):
        return []
    below = [found for key, one in schema.items() if key != "if" for found in places(one)]
    return below + ([schema["properties"]] if isinstance(schema.get("properties"), dict) else [])


def test_the_silent_document_has_every_mapping_of_the_schema() -> None:
    seen = [schema["properties"] for one in MAPPINGS for schema in one.schemas if "properties" in schema]
    assert [list(one) for one in places(SCHEMA_DOCUMENT) if not any(one is other for other in seen)] == []


@pytest.mark.parametrize("mapping", MAPPINGS, ids=named)
def test_the_schema_and_the_parser_know_the_same_keys(mapping: Mapping) -> None:
    with pytest.raises(ConfigurationError) as refused:
        mapping.saying("???", 1)
    [listed] = re.findall(r"unknown key, expected one of (.*)", str(refused.value))
    known = set(listed.split(", "))
    if "paths" in mapping.way:  # the parser knows all next hops, and says later which of them fit
        assert known > set(mapping.keys)
    else:
        assert known == set(mapping.keys)


@pytest.mark.parametrize(("mapping", "key"), OPTIONAL, ids=named)
def test_the_schema_tells_what_counts_where_a_key_is_left_out(mapping: Mapping, key: str) -> None:
    """As a value where it is one, and in any case in words, which is what most editors show."""
    assert len(mapping.default(key)) <= 1
    for default in mapping.default(key):
        if isinstance(default, dict | list):
            return
        value = default if isinstance(default, str) else json.dumps(default)
        assert re.search(rf"\b[Dd]efault {re.escape(value)}(?!\w)", mapping.description(key))
        return
    assert re.search(r"\bDefault\b", mapping.description(key))


@pytest.mark.parametrize(("mapping", "key"), WITH_DEFAULT, ids=named)
def test_the_default_in_the_schema_is_what_counts_where_a_key_is_left_out(mapping: Mapping, key: str) -> None:
    [default] = mapping.default(key)
    assert mapping.saying(key, default) == mapping.leaving_out(key)


@pytest.mark.parametrize(("mapping", "key"), WITH_DEFAULT, ids=named)
def test_in_bursts_the_same_defaults_count_but_for_those_that_are_told(mapping: Mapping, key: str) -> None:
    document = in_bursts()
    [default] = IN_BURSTS.findall(mapping.description(key)) or mapping.default(key)
    if not {"loss", "latency"} & set(mapping.way):
        assert mapping.saying(key, default, document) == mapping.leaving_out(key, document)


def test_every_default_in_the_schema_is_compared() -> None:
    compared = [said for mapping, key in WITH_DEFAULT for said in mapping.keys[key]]
    told = [said for mapping in MAPPINGS for listed in mapping.keys.values() for said in listed if "default" in said]
    assert all(any(one is other for other in compared) for one in told)
    assert json.dumps(SCHEMA_DOCUMENT).count('"default": ') == len({id(one) for one in told})


def test_the_schema_and_the_example_tell_how_many_moves_engage_the_brake_unless_it_is_told_otherwise() -> None:
    document, brake = Mapping(()), Mapping(("brake",))
    moves = f"{MOVES_OF_A_GROUP} for each group"
    assert f"Default: {moves}, per {render(Brake(1).per_seconds)}." in document.description("brake")
    assert f"Default {moves}." in brake.description("moves")
    assert f"Built in: {moves}, per {render(Brake(1).per_seconds)}." in EXAMPLE.read_text()
    assert brake.saying("moves", MOVES_OF_A_GROUP * len(DOCUMENT["groups"])) == brake.leaving_out("moves")


def test_the_schema_tells_which_default_another_value_is() -> None:
    restart, probe = Mapping(("targets", "dialled", "restart")), Mapping(("targets", "dialled", "probes", 0))
    assert "Default: the target's name." in restart.description("group")
    assert restart.saying("group", "dialled") == restart.leaving_out("group")
    assert "Default: the target's probe_timeout." in probe.description("timeout")
    assert probe.saying("timeout", render(Detection().probe_timeout_seconds)) == probe.leaving_out("timeout")
