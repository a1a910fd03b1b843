"""A problem of a file of JSON is told with its line and column, as one of YAML is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routekeeper.config import json_file
from routekeeper.config.problems import Problems
from routekeeper.config.tree import Block, Entry, Listing, Node, Place, Scalar
from routekeeper.domain.errors import ConfigurationError
from routekeeper_cli import config_file
from routekeeper_cli.config_file import yaml_file

TEXT = """\
{
  "version": 1,
  "targets": {"a": {"probes": [{"type": "tcp", "host": "10.0.0.1", "port": 0}]}},
  "groups": {"g": {
    "steering": {"type": "vpc-route", "route_tables": ["rtb-01234567", 7], "destination": "0.0.0.0/0"},
    "paths": [{"name": "a", "instance": "i-01234567"}, {"name": "b\\"\\n{", "instance": "i-01234568"}], "paths": []
  }}, "versoin": [] }
"""


def test_every_problem_of_a_file_of_json_is_told_at_its_place(tmp_path: Path) -> None:
    file = tmp_path / "failover.json"
    file.write_text(TEXT)
    with pytest.raises(ConfigurationError) as caught:
        config_file.load(file)
    told = [line.removeprefix(f"{file}:").partition(": found")[0] for line in str(caught.value).splitlines()]
    assert told == [
        "3:76: targets.a.probes[0].port",
        "5:72: groups.g.steering.route_tables[1]",
        "6:65: groups.g.paths[1].name",
        "6:103: groups.g.paths: the key stands twice, first on line 6",
        "7:7: versoin: unknown key, did you mean 'version'?",
    ]


def places(node: Node) -> list[Place | None]:
    match node:
        case Scalar():
            return [node.place]
        case Listing():
            return [node.place, *(place for item in node.items for place in places(item))]
        case Block():
            return [node.place, *(place for entry in node.entries for place in (entry.place, *places(entry.value)))]


words = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=6)
documents = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.floats(-9, 9, width=16).map(lambda x: round(x, 2)) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=12,
)


@given(documents, st.sampled_from((None, 0, 1, 3)))
def test_json_stands_where_yaml_finds_it(document: Any, indent: int | None) -> None:
    text = json.dumps(document, indent=indent)
    found = json_file.parse(text, Problems("json"), places=True)
    assert places(found) == places(yaml_file.parse(text, Problems("yaml")))


def _without(node: Node) -> Node:
    match node:
        case Scalar():
            return Scalar(node.value)
        case Listing():
            return Listing(tuple(map(_without, node.items)))
        case Block():
            return Block(tuple(Entry(entry.key, _without(entry.value)) for entry in node.entries))


@given(documents)
def test_places_change_nothing_else(document: Any) -> None:
    text = json.dumps(document)
    assert _without(json_file.parse(text, Problems(""), places=True)) == json_file.parse(text, Problems(""))


def test_what_functions_read_needs_no_places() -> None:
    assert set(places(json_file.parse(TEXT, Problems("")))) == {None}
