"""Times that lie further ahead than they can, found where an item is read that is decided on.

A hold-down that begins in ten years never ends, a restart attempt in the future uses one up for good, and a move in the
future engages the brake. So such an item is unreadable: it is in trouble alone, and named.

Why: docs/decisions/bounds.md
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

from routekeeper.domain.bounds import Bounds
from routekeeper.domain.errors import ItemError
from routekeeper.domain.quoting import visible

T = TypeVar("T")
_Found = tuple[str, float, float]
"""Where a time stands, the time, and how far ahead it can be."""
_Times = Callable[[Any], Iterator[_Found]]


def believed(value: T, now: float, where: str) -> T:
    """The value, a dataclass, if no time in it lies further ahead of now than its type allows.

    Raises:
        ItemError: one does; the message begins with `where` and names the attribute.
    """
    kind: Any = type(value)
    for name, at, ahead_seconds in _times(kind)(value):
        if at > now + ahead_seconds:
            expected = f"expected a time no later than {_iso(now + ahead_seconds)}"
            raise ItemError(f"{where}: {visible(name)} is {_iso(at)}, {expected}")
    return value


@cache
def _times(hint: Any) -> _Times:
    """What finds the bounded times in a value of the type."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _bound(next(note for note in arguments[1:] if isinstance(note, Bounds)))
    if isinstance(hint, type) and is_dataclass(hint):
        return _in_fields(hint)
    if origin is Mapping:
        return _in_mapping(_times(arguments[1]))
    if origin is tuple:
        return _in_sequence(_times(arguments[0]))
    inner = [times for times in map(_times, arguments) if times is not _none]
    return _in_optional(inner[0]) if inner else _none


def _none(value: Any) -> Iterator[_Found]:
    del value
    return iter(())


def _bound(bounds: Bounds) -> _Times:
    ahead_seconds = bounds.ahead_seconds
    return _none if ahead_seconds is None else lambda at: iter((("", at, ahead_seconds),))


def _in_optional(inner: _Times) -> _Times:
    return lambda value: iter(()) if value is None else inner(value)


def _in_fields(kind: type[Any]) -> _Times:
    hints = get_type_hints(kind, include_extras=True)
    found = {field.name: _times(hints[field.name]) for field in fields(kind)}
    held = {name: times for name, times in found.items() if times is not _none}
    return (
        (lambda value: _named((name, getattr(value, name), times) for name, times in held.items())) if held else _none
    )


def _in_mapping(inner: _Times) -> _Times:
    return _none if inner is _none else lambda value: _named((name, one, inner) for name, one in value.items())


def _in_sequence(inner: _Times) -> _Times:
    return _none if inner is _none else lambda value: _named((str(at), one, inner) for at, one in enumerate(value))


def _named(parts: Iterator[tuple[str, Any, _Times]]) -> Iterator[_Found]:
    for name, value, times in parts:
        for inner, at, ahead_seconds in times(value):
            yield (f"{name}.{inner}" if inner else name), at, ahead_seconds


def _iso(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"
