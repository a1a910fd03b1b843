"""JSON text to a tree: the form in which the functions read their configuration."""

from __future__ import annotations

import json
import re
from typing import Final

from routekeeper.config import limits
from routekeeper.config.problems import Problems
from routekeeper.config.tree import Block, Entry, Node, OddNumber, Place, from_plain, height

_STRING_OR_BRACKET: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


def parse(text: str, problems: Problems) -> Node:
    """The document. Text that is not JSON is raised at once, because nothing after it can be read.

    Raises:
        ConfigurationError: not JSON, or nested too deeply, with line and column.
    """
    try:
        root = from_plain(json.loads(text, object_pairs_hook=_block, parse_int=_integer))
        if height(root) <= limits.DEPTH:
            return root
    except json.JSONDecodeError as err:
        problems.add("", f"not JSON: {err.msg}", Place(err.lineno, err.colno))
        problems.raise_if_any()
        raise
    except RecursionError:
        pass
    problems.add("", f"nested too deeply, expected at most {limits.DEPTH} levels", _too_deep(text))
    problems.raise_if_any()
    raise AssertionError


def _block(pairs: list[tuple[str, object]]) -> Block:
    """A mapping with every entry of it: a key that stands twice is a problem."""
    return Block(tuple(Entry(key, from_plain(value)) for key, value in pairs))


def _integer(text: str) -> int | OddNumber:
    return int(text) if len(text) <= limits.DIGITS else OddNumber(text)


def _too_deep(text: str) -> Place | None:
    """Where the first bracket stands that is too deep."""
    depth = 0
    for found in _STRING_OR_BRACKET.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(found[0], 0)
        if depth > limits.DEPTH:
            before = text[: found.start()]
            return Place(before.count("\n") + 1, len(before) - before.rfind("\n"))
    return None
