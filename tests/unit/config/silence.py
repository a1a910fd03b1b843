"""The mappings of a configuration that says nothing it need not say, and what the schema has to tell of each."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from jsonschema import Draft202012Validator

from routekeeper import config
from routekeeper.domain.errors import ConfigurationError
from routekeeper.domain.settings import Configuration
from tests.unit.config.documents import HERE, SCHEMA, plain

DOCUMENT: Any = plain(HERE / "silent.yaml")
SCHEMA_DOCUMENT: Any = json.loads(SCHEMA.read_text())


def in_bursts() -> Any:
    """The silent document with the one word that brings other defaults, and without what it forbids."""
    document = copy.deepcopy(DOCUMENT) | {"watch": "burst"}
    for key in ("loss", "latency"):
        document["targets"]["asked"].pop(key)
    return document


Way = tuple[str | int, ...]


@dataclass(frozen=True)
class Mapping:
    """A mapping of the silent document, by the way that leads to it."""

    way: Way

    def __str__(self) -> str:
        return ".".join(map(str, self.way)) or "the document"

    @cached_property
    def schemas(self) -> list[Any]:
        """Every part of the schema that speaks of it."""
        return list(applying(SCHEMA_DOCUMENT, DOCUMENT, self.way))

    @cached_property
    def keys(self) -> dict[str, list[Any]]:
        """What the schema says of each key that the mapping may have."""
        found: dict[str, list[Any]] = {}
        for schema in self.schemas:
            for key, said in schema.get("properties", {}).items():
                found.setdefault(key, []).extend(_expanded(said))
        return found

    @property
    def required(self) -> set[str]:
        return {key for schema in self.schemas for key in schema.get("required", ())}

    @property
    def alternatives(self) -> set[str]:
        """The keys of which the mapping must have one."""
        return {key for schema in self.schemas for one in schema.get("oneOf", ()) for key in one.get("required", ())}

    @property
    def optional(self) -> list[str]:
        return [key for key in self.keys if key not in self.required | self.alternatives]

    def default(self, key: str) -> list[object]:
        """What the schema tells to be the default: nothing, or one value."""
        return [said["default"] for said in self.keys[key] if "default" in said]

    def description(self, key: str) -> str:
        return " ".join(said["description"] for said in self.keys[key] if "description" in said)

    def saying(self, key: str, value: object, document: Any = DOCUMENT) -> Configuration:
        """The configuration of the document where it says so here."""
        changed = copy.deepcopy(document)
        self._place(changed)[key] = value
        return config.from_document(changed)

    def leaving_out(self, key: str, document: Any = DOCUMENT) -> Configuration:
        """The configuration of the document where it says nothing of the key here."""
        changed = copy.deepcopy(document)
        self._place(changed).pop(key, None)
        return config.from_document(changed)

    def may_leave_out(self, key: str) -> bool:
        try:
            self.leaving_out(key)
        except ConfigurationError:
            return False
        return True

    def _place(self, document: Any) -> Any:
        for step in self.way:
            document = document[step]
        return document


def mappings() -> list[Mapping]:
    """Every mapping of the silent document whose keys are not names that the document chooses."""
    every = (Mapping(way) for way in _ways(DOCUMENT))
    return [one for one in every if one.keys]


def applying(schema: Any, document: Any, way: Way) -> Iterator[Any]:
    """The parts of a schema that apply at the end of the way."""
    for part in _parts(schema, document):
        if not way:
            yield part
        else:
            for below in _below(part, way[0]):
                yield from applying(below, document[way[0]], way[1:])


def _parts(schema: Any, document: Any) -> Iterator[Any]:
    """A schema, and those of its parts that apply to the same place of the document."""
    for part in _expanded(schema):
        yield part
        inner = [*part.get("allOf", ()), *(one for one in part.get("oneOf", ()) if _holds(one, document))]
        if "if" in part:
            inner.append(part.get("then" if _holds(part["if"], document) else "else", {}))
        for one in inner:
            yield from _parts(one, document)


def _below(part: Any, step: str | int) -> Iterator[Any]:
    if isinstance(step, int):
        first = part.get("prefixItems", ())
        found = first[step] if step < len(first) else part.get("items")
    else:
        found = part.get("properties", {}).get(step, part.get("additionalProperties"))
    if isinstance(found, dict):
        yield found


def _expanded(schema: Any) -> Iterator[Any]:
    """A schema, and what it refers to."""
    while True:
        yield schema
        if "$ref" not in schema:
            return
        schema = SCHEMA_DOCUMENT["$defs"][schema["$ref"].removeprefix("#/$defs/")]


def _holds(schema: Any, document: Any) -> bool:
    return Draft202012Validator(schema | {"$defs": SCHEMA_DOCUMENT["$defs"]}).is_valid(document)


def _ways(document: Any, way: Way = ()) -> Iterator[Way]:
    if isinstance(document, dict):
        yield way
    match document:
        case dict():
            below: Any = document.items()
        case list():
            below = enumerate(document)
        case _:
            below = ()
    for step, value in below:
        yield from _ways(value, (*way, step))
