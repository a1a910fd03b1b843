"""YAML text to a tree with places. The only module that needs PyYAML.

PyYAML's parser is used, but not what it builds: it has no limits, and it takes tags and numbers as YAML 1.1 does.
"""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

from routekeeper.config import limits
from routekeeper.config.problems import Problems
from routekeeper.config.tree import Block, Entry, Listing, Node, OddNumber, Place, Scalar
from routekeeper.domain.errors import ConfigurationError
from routekeeper.domain.quoting import short

try:
    import yaml
except ModuleNotFoundError as err:
    raise ConfigurationError(
        "reading YAML needs PyYAML, which comes with `pip install .`; what `routekeeper compile` has written needs none"
    ) from err

_KIND: Final = "tag:yaml.org,2002:"
_DECIMAL: Final = re.compile(rf"[-+]?(?:0|[1-9][0-9]{{0,{limits.DIGITS - 1}}})", re.ASCII)
_SHOWN_READING: Final = 40
"""Characters of a number up to which it is told what YAML makes of it."""


def parse(text: str, problems: Problems) -> Node:
    """The document. Text that is not YAML is raised at once, because nothing after it can be read.

    Raises:
        ConfigurationError: not YAML, nested too deeply or grown too large by aliases, with line and column.
    """
    loader: yaml.SafeLoader | None = None
    try:
        loader = yaml.SafeLoader(text)
        return _Tree(loader, problems).document()
    except yaml.MarkedYAMLError as err:
        mark = err.problem_mark or err.context_mark
        told = " ".join(part for part in (err.context, err.problem) if part)
        problems.add("", f"not YAML: {told}", None if mark is None else _place(mark))
    except yaml.reader.ReaderError as err:
        before = text[: err.position]
        place = Place(before.count("\n") + 1, len(before) - before.rfind("\n"))
        problems.add("", f"not YAML: the character #x{int(err.character):04x} is not allowed", place)
    except (ValueError, OverflowError):  # PyYAML makes characters and numbers of what is written, whatever it is
        place = Place(1, 1) if loader is None else _place(loader.get_mark())
        problems.add("", "not YAML: an escape or a number here is out of range", place)
    finally:
        if loader is not None:
            loader.dispose()
    problems.raise_if_any()
    raise AssertionError


class _Grown(NamedTuple):
    """A node with what it adds to the document."""

    node: Node
    size: int
    """As `limits.SIZE` counts it: with aliases written out."""
    height: int


class _Tree:
    """Builds the tree while the text is parsed, so that what goes too far ends at once."""

    def __init__(self, loader: Any, problems: Problems) -> None:
        self._loader = loader  # of a class whose types are told for one half of its methods only
        self._problems = problems
        self._anchored: dict[str, _Grown | None] = {}
        """None while the anchor's own node is being read."""
        self._places: dict[str, Any] = {}
        self._size = 0

    def document(self) -> Node:
        loader = self._loader
        loader.get_event()  # the start of the stream
        if loader.check_event(yaml.StreamEndEvent):
            return Scalar(None, Place(1, 1))
        start = loader.get_event().start_mark
        root = self._next("", 0).node
        loader.get_event()  # the end of the document
        if not loader.check_event(yaml.StreamEndEvent):
            raise yaml.composer.ComposerError(
                "expected a single document in the stream",
                start,
                "but found another document",
                loader.get_event().start_mark,
            )
        return root

    def _next(self, where: str, depth: int) -> _Grown:
        event = self._loader.get_event()
        place = _place(event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            grown = self._alias(event, where)
        else:
            if event.anchor is not None:
                self._open(event)
            if event.tag is not None:
                tag = short(event.tag.replace(_KIND, "!!"))
                self._problems.add(where, f"the tag {tag} is not allowed here", place)
            grown = self._content(event, where, depth, place)
            if event.anchor is not None:
                self._anchored[event.anchor] = grown
        if depth + grown.height > limits.DEPTH:
            self._end(where, f"nested too deeply, expected at most {limits.DEPTH} levels", place)
        return grown

    def _content(self, event: Any, where: str, depth: int, place: Place) -> _Grown:
        if isinstance(event, yaml.ScalarEvent):
            self._count(limits.SIZE_OF_A_NODE + len(event.value), where, place)
            return _Grown(Scalar(self._scalar(event), place), limits.SIZE_OF_A_NODE + len(event.value), 0)
        if depth == limits.DEPTH:
            self._end(where, f"nested too deeply, expected at most {limits.DEPTH} levels", place)
        self._count(limits.SIZE_OF_A_NODE, where, place)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._listing(where, depth, place)
        return self._block(where, depth, place)

    def _listing(self, where: str, depth: int, place: Place) -> _Grown:
        items: list[_Grown] = []
        while not self._loader.check_event(yaml.SequenceEndEvent):
            items.append(self._next(f"{where}[{len(items)}]", depth + 1))
        self._loader.get_event()
        return _grown(Listing(tuple(item.node for item in items), place), items)

    def _block(self, where: str, depth: int, place: Place) -> _Grown:
        entries: list[Entry] = []
        values: list[_Grown] = []
        while not self._loader.check_event(yaml.MappingEndEvent):
            at = _place(self._loader.peek_event().start_mark)
            is_text = self._loader.check_event(yaml.ScalarEvent)
            # The text as written, because a target called `on` is not called true.
            key = self._loader.peek_event().value if is_text else "?"
            values.append(self._next(where, depth + 1))
            if not is_text:
                self._problems.add("", "a key must be plain text", at)
            values.append(self._next(f"{where}.{short(key)}" if where else short(key), depth + 1))
            entries.append(Entry(key, values[-1].node, at))
        self._loader.get_event()
        return _grown(Block(tuple(entries), place), values)

    def _alias(self, event: Any, where: str) -> _Grown:
        name, place = event.anchor, _place(event.start_mark)
        if name not in self._anchored:
            raise yaml.composer.ComposerError(None, None, f"found undefined alias {short(name)!r}", event.start_mark)
        found = self._anchored[name]
        if found is None:
            anchor = _place(self._places[name])
            self._problems.add("", "an alias inside its own anchor never ends", anchor)
            return _Grown(Scalar(None, anchor), limits.SIZE_OF_A_NODE, 0)
        self._count(found.size, where, place)
        return found

    def _open(self, event: Any) -> None:
        name = event.anchor
        if name in self._anchored:
            raise yaml.composer.ComposerError(
                f"found duplicate anchor {short(name)!r}; first occurrence",
                self._places[name],
                "second occurrence",
                event.start_mark,
            )
        self._anchored[name], self._places[name] = None, event.start_mark

    def _count(self, size: int, where: str, place: Place) -> None:
        self._size += size
        if self._size > limits.SIZE:
            self._end(where, "too much in one document, with its aliases written out", place)

    def _end(self, where: str, message: str, place: Place) -> None:
        """Note what makes it useless to read on, and raise it."""
        self._problems.add(where, message, place)
        self._problems.raise_if_any()

    def _scalar(self, event: Any) -> object:
        text: str = event.value
        if event.tag is not None:
            return text
        match self._loader.resolve(yaml.ScalarNode, text, event.implicit).removeprefix(_KIND):
            case "null":
                return None
            case "bool":
                return self._loader.bool_values[text.lower()]
            case "int":
                return int(text) if _DECIMAL.fullmatch(text) else self._odd(text)
            case "float":
                return OddNumber(text) if {":", "_"} & set(text) else self._loader.construct_yaml_float(_node(text))
            case _:
                return text

    def _odd(self, text: str) -> OddNumber:
        """A whole number that is octal, hexadecimal, binary, in sixties, with underscores, or endless."""
        if len(text) > _SHOWN_READING:
            return OddNumber(text)
        return OddNumber(text, self._loader.construct_yaml_int(_node(text)))


def _node(text: str) -> yaml.ScalarNode:
    return yaml.ScalarNode("", text)


def _grown(node: Node, parts: list[_Grown]) -> _Grown:
    size = limits.SIZE_OF_A_NODE + sum(part.size for part in parts)
    return _Grown(node, size, 1 + max((part.height for part in parts), default=0))


def _place(mark: yaml.error.Mark) -> Place:
    return Place(mark.line + 1, mark.column + 1)
