"""Compares and measures attribute values as DynamoDB does."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from routekeeper.store.codec import Attribute, Item

ITEM_BYTES: Final = 400 * 1024
"""The most an item may measure (Amazon DynamoDB Developer Guide, "Quotas in Amazon DynamoDB")."""


def same(left: Item, right: Item) -> bool:
    """Whether two items hold the same. DynamoDB rewrites numbers (`1.50` as `1.5`), so these count by value."""
    return left.keys() == right.keys() and all(_same(value, right[name]) for name, value in left.items())


def _same(left: Attribute, right: Attribute) -> bool:
    if left.keys() != right.keys():
        return False
    tag = next(iter(left), "")
    one, other = left.get(tag), right.get(tag)
    match tag:
        case "N":
            return _number(one) == _number(other)
        case "M" if isinstance(one, Mapping) and isinstance(other, Mapping):
            return same(one, other)
        case "L" if isinstance(one, list) and isinstance(other, list):
            return len(one) == len(other) and all(_same(*pair) for pair in zip(one, other, strict=True))
        case _:
            return bool(one == other)


def _number(text: Any) -> Decimal | str:
    try:
        return Decimal(text)
    except (InvalidOperation, TypeError, ValueError):
        return str(text)


def size(item: Item) -> int:
    """The size of an item in bytes, or a little more ("DynamoDB item sizes and formats")."""
    return sum(entry_size(name, value) for name, value in item.items())


def entry_size(name: str, attribute: Attribute) -> int:
    """Bytes of one named attribute: its name, its value, and one for its place in a map."""
    return len(name.encode()) + _size(attribute) + 1


def _size(attribute: Attribute) -> int:
    ((tag, value),) = attribute.items()
    match tag:
        case "S":
            return len(value.encode())
        case "N":
            return len(value) // 2 + 2
        case "M":
            return 3 + size(value)
        case "L":
            return 3 + sum(1 + _size(element) for element in value)
        case _:
            return 1
