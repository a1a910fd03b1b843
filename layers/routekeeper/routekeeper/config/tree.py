"""A document as a tree whose nodes know where they stand. YAML and JSON become the same tree."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position in a file; both count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class OddNumber:
    """A number that means something else than it seems to, such as 022, or that is too long to mean anything.

    No reader of values takes it. So each refuses it with what it expects instead.
    """

    written: str
    reading: int | None = None
    """What YAML 1.1 makes of it, if it is a whole number."""


@dataclass(frozen=True, slots=True)
class Scalar:
    value: object
    """str, int, float, bool, None or OddNumber."""
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    items: tuple[Node, ...]
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One `key: value` of a mapping. A doubled key makes two entries."""

    key: str
    value: Node
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A mapping."""

    entries: tuple[Entry, ...]
    place: Place | None = None


Node = Scalar | Listing | Block


def bare(node: Node) -> object:
    """What readers of single values take: a scalar's value, otherwise the node itself."""
    return node.value if isinstance(node, Scalar) else node


def height(node: Node) -> int:
    """How many mappings and lists are inside each other at most. A single value has none."""
    match node:
        case Scalar():
            return 0
        case Listing():
            return 1 + max(map(height, node.items), default=0)
        case Block():
            return 1 + max((height(entry.value) for entry in node.entries), default=0)


def from_plain(document: object) -> Node:
    """The tree of a document made of dictionaries, lists and scalars. Nothing in it has a place."""
    match document:
        case Block():
            return document
        case dict():
            return Block(tuple(Entry(str(key), from_plain(value)) for key, value in document.items()))
        case list() | tuple():
            return Listing(tuple(from_plain(item) for item in document))
        case _:
            return Scalar(document)


def to_plain(node: Node) -> object:
    """The document that the tree stands for. The last one of doubled keys wins."""
    match node:
        case Scalar():
            return node.value
        case Listing():
            return [to_plain(item) for item in node.items]
        case Block():
            return {entry.key: to_plain(entry.value) for entry in node.entries}
