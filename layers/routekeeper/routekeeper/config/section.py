"""Reads one mapping of the document key by key. Problems are noted, and reading goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import TypeVar

from routekeeper.config import values
from routekeeper.config.problems import Problems, Rejected, describe, nearest
from routekeeper.config.tree import Block, Entry, Listing, Node, Place, bare
from routekeeper.domain.quoting import short

T = TypeVar("T")
E = TypeVar("E", bound=Enum)


class Section:
    """One mapping with the keys it may have. Unknown keys and doubled keys are noted at once."""

    def __init__(self, block: Block, where: str, problems: Problems, known: tuple[str, ...] | None) -> None:
        """If `known` is None, the keys are names that the document chooses."""
        self.where = where
        self.problems = problems
        self.place = block.place
        self._entries: dict[str, Entry] = {}
        self._unsound: set[str] = set()
        for entry in block.entries:
            self._admit(entry, known)

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def at(self, key: str) -> str:
        """The path of a key inside the document."""
        return f"{self.where}.{short(key)}" if self.where else short(key)

    def place_of(self, key: str) -> Place | None:
        """Where the key's value stands, or the place of the mapping if the key is missing."""
        return self._entries[key].value.place if key in self._entries else self.place

    def reject(self, key: str, message: str) -> None:
        """Note a problem with a key that is there."""
        self.problems.add(self.at(key), message, self.place_of(key))

    def warn(self, key: str, message: str) -> None:
        """Note what is doubtful about a key that is there; it is used as it is."""
        self.problems.warn(self.at(key), message, self.place_of(key))

    def reject_whole(self, message: str) -> None:
        self.problems.add(self.where, message, self.place)

    @property
    def unsound(self) -> frozenset[str]:
        """The keys whose values could not be read. Nothing may be judged by what stands in for them."""
        return frozenset(self._unsound)

    def optional(self, key: str, read: Callable[[object], T], default: T) -> T:
        """The key's value, or the default if it is missing or wrong."""
        if key not in self._entries:
            return default
        node = self._entries[key].value
        try:
            return read(bare(node))
        except Rejected as err:
            self._unsound.add(key)
            self.reject(key, str(err))
            return default

    def required(self, key: str, read: Callable[[object], T]) -> T | None:
        """The key's value, or None if it is missing or wrong."""
        if not self._present(key):
            return None
        return self.optional(key, read, None)

    def node(self, key: str) -> Node | None:
        """What stands under a required key, or None with a problem noted if the key is missing."""
        return self._entries[key].value if self._present(key) else None

    def section(self, key: str, known: tuple[str, ...] | None) -> Section | None:
        """The mapping under an optional key, or None if it is missing or no mapping."""
        if key not in self._entries:
            return None
        return open_section(self._entries[key].value, self.at(key), self.problems, known)

    def section_or_off(self, key: str, known: tuple[str, ...]) -> Section | None:
        """The mapping under an optional key; None if it is missing or switched off, or with a problem noted."""

        def off(value: object) -> bool:
            if isinstance(value, Block):
                return False
            if value is False or value == "off":  # YAML reads a bare `off` as false
                return True
            raise Rejected(f"found {describe(value)}, expected 'off' or a mapping with {', '.join(known)}")

        return None if self.optional(key, off, default=True) else self.section(key, known)

    def entries(self) -> list[tuple[str, Node]]:
        """Every key with what stands under it."""
        return [(key, entry.value) for key, entry in self._entries.items()]

    def named(self, kind: str, most: int) -> list[tuple[str, Node]]:
        """The entries of a mapping whose keys are names: at least one, at most `most`, each a `kind`.

        A key that cannot be a name is noted. Of too many none is read.
        """
        if not self._entries:
            self.reject_whole(f"found no {kind}, expected at least one")
        if len(self._entries) > most:
            self.reject_whole(f"found {len(self._entries)} {kind}s, expected at most {most}")
            return []
        for key, entry in self._entries.items():
            try:
                values.name(key)
            except Rejected as err:
                self.problems.add(self.at(key), str(err), entry.place)
        return self.entries()

    def listed(self, key: str, what: str, most: int) -> list[tuple[str, Node]]:
        """The items of the required, non-empty list under a key, each with its path inside the document.

        Of more than `most` none is read.
        """
        if not self._present(key):
            return []
        node = self._entries[key].value
        if not isinstance(node, Listing):
            self.reject(key, f"found {describe(bare(node))}, expected a list of {what}")
            return []
        if not node.items:
            self.reject(key, f"found an empty list, expected {what}")
        if len(node.items) > most:
            self.reject(key, f"found a list of {len(node.items)}, expected at most {most}")
            return []
        return [(f"{self.at(key)}[{index}]", item) for index, item in enumerate(node.items)]

    def is_empty_list(self, key: str) -> bool:
        """Whether there is a list under the key, and nothing in it."""
        node = self._entries[key].value if key in self._entries else None
        return isinstance(node, Listing) and not node.items

    def distinct(self, key: str, what: str, read: Callable[[object], T], one: str, most: int) -> tuple[T, ...]:
        """The values of such a list. Wrong and doubled ones are noted and left out. `one` is the kind of a value."""
        found: list[T] = []
        for where, node in self.listed(key, what, most):
            try:
                value = read(bare(node))
            except Rejected as err:
                self.problems.add(where, str(err), node.place)
                continue
            if value in found:
                self.problems.add(where, f"{bare(node)} stands twice, expected every {one} once", node.place)
            else:
                found.append(value)
        return tuple(found)

    def _present(self, key: str) -> bool:
        if key not in self._entries:
            self._unsound.add(key)
            self.reject_whole(f"the key '{key}' is missing")
        return key in self._entries

    def _admit(self, entry: Entry, known: tuple[str, ...] | None) -> None:
        key = entry.key
        if (first := self._entries.get(key)) is not None:
            again = "" if first.place is None else f", first on line {first.place.line}"
            self.problems.add(self.at(key), f"the key stands twice{again}", entry.place)
        elif known is not None and key not in known:
            self.problems.add(self.at(key), f"unknown key, {nearest(key, known)}", entry.place)
        else:
            self._entries[key] = entry


def open_section(node: Node, where: str, problems: Problems, known: tuple[str, ...] | None) -> Section | None:
    """The node as a section, or None with a problem noted if it is no mapping."""
    if isinstance(node, Block):
        return Section(node, where, problems, known)
    keys = "" if known is None else f" with {', '.join(known)}"
    problems.add(where, f"found {describe(bare(node))}, expected a mapping{keys}", node.place)
    return None


def open_variant(
    node: Node, where: str, problems: Problems, kind: type[E], keys: Mapping[E, tuple[str, ...]]
) -> tuple[E, Section] | None:
    """The node as a section whose key `type` says which other keys it may have; None with a problem noted."""
    # The type decides which keys are known. So it is read first, without notes: everything is read again below.
    quiet = open_section(node, where, Problems(""), None)
    found = None if quiet is None else quiet.optional("type", values.choice(kind), None)
    every = tuple(dict.fromkeys(key for group in keys.values() for key in group))
    section = open_section(node, where, problems, every if found is None else keys[found])
    if section is None:
        return None
    section.required("type", values.choice(kind))
    return None if found is None else (found, section)
