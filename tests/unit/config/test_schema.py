"""The schema for editors and the parser agree wherever a schema can have an opinion."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from routekeeper.config import addresses, aws_ids, detection, limits
from tests.unit.config.documents import EXAMPLE, GOOD, MEANING, SCHEMA, SHAPE, plain

SCHEMA_DOCUMENT = json.loads(SCHEMA.read_text())
VALIDATOR = Draft202012Validator(SCHEMA_DOCUMENT)


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA_DOCUMENT)


@pytest.mark.parametrize("path", [EXAMPLE, *GOOD], ids=lambda path: path.stem)
def test_the_schema_accepts_what_the_parser_accepts(path: Path) -> None:
    assert [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(plain(path))] == []


@pytest.mark.parametrize("path", SHAPE, ids=lambda path: path.stem)
def test_the_schema_refuses_what_is_wrong_in_shape(path: Path) -> None:
    assert not VALIDATOR.is_valid(plain(path))


@pytest.mark.parametrize("path", MEANING, ids=lambda path: path.stem)
def test_what_only_the_parser_can_refuse_has_no_wrong_shape(path: Path) -> None:
    """Else it belongs among the shapes, where both are held to it."""
    assert VALIDATOR.is_valid(plain(path))


def test_the_schema_knows_every_detection_key() -> None:
    defaults = SCHEMA_DOCUMENT["properties"]["defaults"]["properties"]
    target = SCHEMA_DOCUMENT["$defs"]["target"]["properties"]
    assert set(defaults) == set(detection.KEYS)
    assert set(detection.KEYS) <= set(target)


def test_the_schema_knows_every_next_hop() -> None:
    hops = {kind.value for kind in aws_ids.next_hop}
    paths = SCHEMA_DOCUMENT["$defs"]["vpc_path"]["properties"] | SCHEMA_DOCUMENT["$defs"]["tgw_path"]["properties"]
    assert hops == set(paths) - {"name", "target"}


def test_the_example_names_its_schema_for_editors() -> None:
    first = EXAMPLE.read_text().splitlines()[0]
    assert first == f"# yaml-language-server: $schema={SCHEMA.name}"


def test_the_schema_has_the_limits_of_the_parser() -> None:
    top, parts = SCHEMA_DOCUMENT["properties"], SCHEMA_DOCUMENT["$defs"]
    [by_route] = [
        one["then"]["properties"]["steering"]["properties"]
        for one in parts["group"]["allOf"]
        if "destination" in one["then"]["properties"]["steering"]["required"]
    ]
    [http] = [one["then"]["properties"] for one in parts["probe"]["allOf"] if "url" in one["then"]["properties"]]
    assert top["targets"]["maxProperties"] == limits.TARGETS
    assert top["groups"]["maxProperties"] == limits.GROUPS
    assert parts["target"]["properties"]["probes"]["maxItems"] == limits.PROBES
    assert parts["group"]["properties"]["paths"]["maxItems"] == limits.PATHS
    assert parts["group"]["properties"]["failback"]["properties"]["windows"]["maxItems"] == limits.WINDOWS
    assert by_route["route_tables"]["maxItems"] == limits.ROUTE_TABLES
    assert http["url"]["maxLength"] == addresses.LONGEST_URL
