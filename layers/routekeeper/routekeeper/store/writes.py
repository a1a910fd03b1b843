"""A write as a value: the item, and the condition under which it may be written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, assert_never

from routekeeper.domain.bounds import MOST
from routekeeper.domain.errors import ItemError
from routekeeper.store.codec import Item


class Key(NamedTuple):
    """The primary key: partition and sort key."""

    pk: str
    sk: str

    def __str__(self) -> str:
        return f"{self.pk}/{self.sk}"


def key_of(item: Item) -> Key:
    """The key of an item. DynamoDB ensures that every item has one."""
    return Key(item["pk"]["S"], item["sk"]["S"])


@dataclass(frozen=True, slots=True)
class IfVersion:
    """The stored item's version is this one. A missing item counts as version 0."""

    version: int


@dataclass(frozen=True, slots=True)
class IfEpochAtMost:
    """No newer epoch has written: there is no item, it has no epoch, or its epoch is at most this one."""

    epoch: int


@dataclass(frozen=True, slots=True)
class IfAbsent:
    """There is no such item yet."""


Condition = IfVersion | IfEpochAtMost | IfAbsent


@dataclass(frozen=True, slots=True)
class Put:
    """Write the whole item, replacing what is there, if the condition holds."""

    item: Item
    condition: Condition

    @property
    def key(self) -> Key:
        return key_of(self.item)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one put was not carried out."""

    stored: Item | None = None
    """The item that the condition failed on, if any."""
    contended: bool = False
    """The condition is not the reason: another transaction on the same item was under way."""


class Refused(Exception):
    """None of the puts was carried out. `refusals` says for each of them whether it is to blame."""

    def __init__(self, refusals: Sequence[Refusal | None]) -> None:
        super().__init__(tuple(refusals))
        self.refusals = tuple(refusals)


def is_met(condition: Condition, stored: Item | None) -> bool:
    """Whether the condition holds on what is stored. It is what DynamoDB's condition expressions say, in memory."""
    match condition:
        case IfAbsent():
            return stored is None
        case IfVersion(version):
            held = None if stored is None else stored.get("version")
            return version == 0 if held is None else _is_number(held) and float(held["N"]) == version
        case IfEpochAtMost(epoch):
            held = None if stored is None else stored.get("epoch")
            return held is None or (_is_number(held) and float(held["N"]) <= epoch)
        case _:
            assert_never(condition)


def counter(item: Item | None, name: str) -> int:
    """The version or epoch that a stored item carries; 0 if there is none.

    Raises:
        ItemError: it is not a whole number, or not a plausible one, so that no condition on it can ever hold again.
    """
    held = None if item is None else item.get(name)
    if item is None or held is None:
        return 0
    if not _is_number(held) or not float(held["N"]).is_integer():
        raise ItemError(f"{key_of(item)}: {name} is {dict(held)}, expected a whole number")
    count = int(float(held["N"]))
    if not 0 <= count <= MOST:
        raise ItemError(f"{key_of(item)}: {name} is {dict(held)}, expected a whole number from 0 to {MOST}")
    return count


def _is_number(attribute: Any) -> bool:
    return isinstance(attribute.get("N"), str)
