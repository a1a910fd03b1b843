"""Whatever a document is turned into, it is either understood or refused in words."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from routekeeper import config
from routekeeper.domain.errors import ConfigurationError
from tests.unit.config.documents import HERE, SCHEMA, plain

VALIDATOR = Draft202012Validator(json.loads(SCHEMA.read_text()))
DOCUMENT: Any = plain(HERE / "good" / "every-key.yaml")

words = st.sampled_from(
    ["1s", "0s", "10ms", "1d", "any", "nat", "router", "10.0.0.1", "10.0.0.0/8", "i-0aaaaaaa", "::"]
)
scalars = st.one_of(st.none(), st.booleans(), st.integers(-5, 70_000), st.floats(allow_nan=False), st.text(), words)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    below = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(found for key, value in below for found in places(value, (*path, key)))]


def accepted(document: Any) -> bool:
    try:
        config.from_document(document)
    except ConfigurationError:
        return False
    return True


@st.composite
def mutations(draw: st.DrawFn) -> Any:
    """The document with one place replaced or removed."""
    document = copy.deepcopy(DOCUMENT)
    *way, last = draw(st.sampled_from(places(DOCUMENT)[1:]))
    parent = document
    for key in way:
        parent = parent[key]
    if draw(st.booleans()):
        parent[last] = draw(anything)
    else:
        del parent[last]
    return document


@given(anything)
def test_any_document_is_understood_or_refused(document: Any) -> None:
    assert not accepted(document)


@settings(max_examples=300)
@given(mutations())
def test_what_the_parser_accepts_the_schema_accepts(document: Any) -> None:
    if accepted(document):
        assert [error.message for error in VALIDATOR.iter_errors(document)] == []
