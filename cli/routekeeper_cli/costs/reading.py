"""Files of counts and prices that a person may have written: read key by key, with every problem at its place."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from routekeeper.config import json_file
from routekeeper.config.problems import Problems, Rejected, describe
from routekeeper.config.section import Section, open_section
from routekeeper.config.tree import Node
from routekeeper_cli.text_file import text_of

_MOST_BYTES: Final = 16 * 1024 * 1024
_MOST_ITEMS: Final = 100_000
MOST: Final = 1e12
"""No count, no price and no second of a month is larger."""


def read(file: Path) -> Section:
    """The file's mapping. Problems are noted in it; `raise_if_any` of its `problems` ends with them.

    Raises:
        ConfigurationError: it cannot be read, or is no JSON object.
    """
    problems = Problems(str(file))
    section = open_section(json_file.parse(text_of(file, _MOST_BYTES), problems, places=True), "", problems, None)
    problems.raise_if_any()
    if section is None:
        raise AssertionError
    return section


def amount(least: float = 0.0) -> Callable[[object], float]:
    """A number from `least` to MOST."""

    def read_amount(value: object) -> float:
        known = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not known or not isinstance(value, (int, float)) or math.isnan(value) or not least <= value <= MOST:
            raise Rejected(f"found {describe(value)}, expected a number from {least:g} to {MOST:g}")
        return float(value)

    return read_amount


def each(section: Section, key: str, what: str) -> Iterator[Section]:
    """The mappings in the list under an optional key, which may be empty."""
    for where, node in _items(section, key, what):
        if (found := open_section(node, where, section.problems, None)) is not None:
            yield found


def texts(section: Section, key: str) -> tuple[str, ...]:
    """The list of texts under an optional key."""
    return tuple(_shown(node) for _, node in _items(section, key, "texts"))


def inner(section: Section, key: str) -> Section | None:
    """The mapping under a required key, or None with a problem noted."""
    node = section.node(key)
    return None if node is None else open_section(node, section.at(key), section.problems, None)


def _items(section: Section, key: str, what: str) -> list[tuple[str, Node]]:
    if key not in section or section.is_empty_list(key):
        return []
    return section.listed(key, what, _MOST_ITEMS)


def _shown(node: Node) -> str:
    value = getattr(node, "value", None)
    return value if isinstance(value, str) else describe(node if value is None else value)
