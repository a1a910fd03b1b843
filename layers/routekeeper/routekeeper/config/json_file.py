"""JSON text to a tree: the form in which the functions read their configuration."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from routekeeper.config import limits
from routekeeper.config.problems import Problems
from routekeeper.config.tree import Block, Entry, Listing, Node, OddNumber, Place, Scalar, from_plain, height

_STRING_OR_BRACKET: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]|[^\s,:\[\]{}"]+', re.DOTALL)
"""What stands between commas, colons and white space in text that is JSON."""


def parse(text: str, problems: Problems, *, places: bool = False) -> Node:
    """The document. Text that is not JSON is raised at once, because nothing after it can be read.

    With `places`, nodes know where they stand, unless the text is longer than any configuration. That is for people,
    and takes several times as long.

    Raises:
        ConfigurationError: not JSON, or nested too deeply, with line and column.
    """
    try:
        root = from_plain(json.loads(text, object_pairs_hook=_block, parse_int=_integer))
        if height(root) <= limits.DEPTH:
            return _placed(root, _tokens(text)) if places and len(text) <= limits.COMPILED_BYTES else root
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


def _tokens(text: str) -> Iterator[Place]:
    """Where each bracket, key and single value stands, in the order of the text."""
    line, begin = 1, 0
    for found in _TOKEN.finditer(text):
        at = found.start()
        if (breaks := text.count("\n", begin, at)) > 0:
            line, begin = line + breaks, text.rfind("\n", begin, at) + 1
        yield Place(line, at - begin + 1)


def _placed(node: Node, tokens: Iterator[Place]) -> Node:
    """The node, whose first token comes next, with every place in it."""
    place = next(tokens)
    match node:
        case Scalar():
            return Scalar(node.value, place)
        case Listing():
            items = tuple(_placed(item, tokens) for item in node.items)
            next(tokens)  # the bracket that closes it
            return Listing(items, place)
        case Block():
            entries = tuple(_entry(entry, tokens) for entry in node.entries)
            next(tokens)
            return Block(entries, place)


def _entry(entry: Entry, tokens: Iterator[Place]) -> Entry:
    place = next(tokens)
    return Entry(entry.key, _placed(entry.value, tokens), place)


def _too_deep(text: str) -> Place | None:
    """Where the first bracket stands that is too deep."""
    depth = 0
    for found in _STRING_OR_BRACKET.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(found[0], 0)
        if depth > limits.DEPTH:
            before = text[: found.start()]
            return Place(before.count("\n") + 1, len(before) - before.rfind("\n"))
    return None
