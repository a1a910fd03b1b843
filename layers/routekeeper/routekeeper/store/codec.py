"""Frozen dataclasses to DynamoDB attribute values and back, by their type hints.

A dataclass or a mapping becomes a map, a tuple or a frozenset a list, an enum its value, and a number a number. So
people can read what the console shows, and correct it. The codec of a type is built once, at its first use.

Reading allows for a rolling deployment. A missing attribute comes from an older version and takes its default. An
unknown attribute comes from a newer version. A `Stored` value keeps it as it is and is saved with it; any other value
ignores it.

A number with `Bounds` in its type hint is held to them both ways: nothing is written that could not be read again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

from routekeeper.domain.bounds import Bounds
from routekeeper.domain.errors import ItemError
from routekeeper.domain.quoting import visible
from routekeeper.domain.stored import Stored

Attribute = Mapping[str, Any]
"""One attribute value as the low-level API has it, e.g. `{"S": "idc"}`."""
Item = Mapping[str, Attribute]
"""Attribute values by attribute name."""

T = TypeVar("T")

_LARGEST: Final = 9.99e125
_SMALLEST: Final = 1e-130
"""Bounds of a number's magnitude, zero aside (Amazon DynamoDB Developer Guide, "Supported data types")."""
_EXACT: Final = 2.0**53
"""Below it, every whole float is written as DynamoDB would show it: `3`, not `3.0`."""
_SHOWN_CHARACTERS: Final = 60
_UNKNOWN: Final = "unknown_attributes"
"""The field of `Stored`, which is no attribute."""


def to_attributes(value: Any, where: str) -> dict[str, Attribute]:
    """The fields of a dataclass as attributes; a None that is also the default is left out.

    Raises:
        ItemError: a number that DynamoDB cannot hold; the message begins with `where`.
    """
    kind: Any = type(value)
    try:
        encoded: dict[str, Attribute] = _form(kind).encode(value)["M"]
    except _Unfit as unfit:
        raise ItemError(unfit.told(where)) from unfit
    return encoded


def from_attributes(kind: type[T], item: Item, where: str) -> T:
    """The dataclass whose fields the attributes are.

    Raises:
        ItemError: an attribute is missing or is not what its field promises; the message begins with `where` and
            names the attribute, what was found and what was expected.
    """
    hint: Any = kind
    try:
        decoded: T = _form(hint).decode({"M": item})
    except _Unfit as unfit:
        raise ItemError(unfit.told(where)) from unfit
    return decoded


class _Unfit(Exception):
    """What was found is not what is expected. `path` grows from the inside out while this is raised."""

    def __init__(self, found: str, expected: str) -> None:
        super().__init__(found, expected)
        self.found, self.expected = found, expected
        self.path: list[str] = []

    def told(self, where: str) -> str:
        attribute = visible(".".join(reversed(self.path))) or "as a whole"
        return f"{where}: {attribute} is {self.found}, expected {self.expected}"


@dataclass(frozen=True, slots=True)
class _Form:
    """How values of one type are written and read."""

    encode: Callable[[Any], Attribute]
    decode: Callable[[Any], Any]


@cache
def _form(hint: Any) -> _Form:
    """The form of a type hint. TypeError for a hint that no stored value uses: a programming error, not bad data."""
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    if isinstance(hint, type) and is_dataclass(hint):
        return _record(hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _enum(hint)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _bounded(_form(arguments[0]), next(note for note in arguments[1:] if isinstance(note, Bounds)))
    if origin in (Union, UnionType) and NoneType in arguments and len(arguments) == 2:  # noqa: PLR2004
        return _optional(*(_form(argument) for argument in arguments if argument is not NoneType))
    if origin is tuple and arguments[1:] == (Ellipsis,):
        return _sequence(_form(arguments[0]), tuple)
    if origin is frozenset:
        return _sequence(_form(arguments[0]), frozenset)
    if origin in (Mapping, dict) and arguments[0] is str:
        return _mapping(_form(arguments[1]))
    raise TypeError(f"no form is known for {hint!r}")


def _unwrap(attribute: Any, tag: str, expected: str) -> Any:
    """What the attribute value holds under the type tag, e.g. the text under `S`."""
    if not isinstance(attribute, dict) or tag not in attribute:
        raise _Unfit(_shown(attribute), expected)
    return attribute[tag]


def _shown(attribute: Any) -> str:
    if attribute is None:
        return "missing"
    text = repr(attribute)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."


# --- scalars


def _decode_text(attribute: Any) -> str:
    text = _unwrap(attribute, "S", "a string")
    if not isinstance(text, str):
        raise _Unfit(_shown(attribute), "a string")
    return text


def _decode_bool(attribute: Any) -> bool:
    value = _unwrap(attribute, "BOOL", "true or false")
    if not isinstance(value, bool):
        raise _Unfit(_shown(attribute), "true or false")
    return value


def _encode_number(value: float) -> Attribute:
    if not math.isfinite(value) or (value and not _SMALLEST <= abs(value) <= _LARGEST):
        raise _Unfit(repr(value), "a number that DynamoDB can hold")
    whole = abs(value) < _EXACT and float(value).is_integer()
    return {"N": str(int(value)) if whole else repr(value)}


def _decode_float(attribute: Any) -> float:
    text = _unwrap(attribute, "N", "a number")
    try:
        number = float(text)
    except (TypeError, ValueError) as err:
        raise _Unfit(_shown(attribute), "a number") from err
    if not math.isfinite(number):
        raise _Unfit(_shown(attribute), "a finite number")
    return number


def _decode_int(attribute: Any) -> int:
    text = _unwrap(attribute, "N", "a whole number")
    try:
        return int(text)
    except (TypeError, ValueError) as err:
        number = _decode_float(attribute)  # 5E+1 and 5.0 are whole numbers, too
        if not number.is_integer():
            raise _Unfit(_shown(attribute), "a whole number") from err
        return int(number)


_SIMPLE: Final[Mapping[Any, _Form]] = {
    str: _Form(lambda value: {"S": value}, _decode_text),
    bool: _Form(lambda value: {"BOOL": value}, _decode_bool),
    int: _Form(_encode_number, _decode_int),
    float: _Form(_encode_number, _decode_float),
}


def _bounded(form: _Form, bounds: Bounds) -> _Form:
    least, most = bounds.least, bounds.most

    def encode(value: Any) -> Attribute:
        if not least <= value <= most:
            raise _Unfit(repr(value), bounds.what)
        return form.encode(value)

    def decode(attribute: Any) -> Any:
        value = form.decode(attribute)
        if not least <= value <= most:
            raise _Unfit(_shown(attribute), bounds.what)
        return value

    return _Form(encode, decode)


def _enum(kind: type[Enum]) -> _Form:
    members = {member.value: member for member in kind}
    expected = f"one of {', '.join(members)}"

    def decode(attribute: Any) -> Enum:
        text = _unwrap(attribute, "S", expected)
        if not isinstance(text, str) or text not in members:
            raise _Unfit(_shown(attribute), expected)
        return members[text]

    return _Form(lambda member: {"S": member.value}, decode)


def _optional(form: _Form) -> _Form:
    def decode(attribute: Any) -> Any:
        if isinstance(attribute, dict) and "NULL" in attribute:
            return None
        return form.decode(attribute)

    return _Form(lambda value: {"NULL": True} if value is None else form.encode(value), decode)


# --- collections


def _within(name: str, function: Callable[[Any], Any], value: Any) -> Any:
    """Apply the function; an _Unfit that it raises learns the name of the attribute it happened in."""
    try:
        return function(value)
    except _Unfit as unfit:
        unfit.path.append(name)
        raise


def _sequence(form: _Form, kind: type[tuple[Any, ...] | frozenset[Any]]) -> _Form:
    def encode(values: Any) -> Attribute:
        ordered = sorted(values) if kind is frozenset else values  # one order, so that equal sets are equal items
        return {"L": [_within(str(place), form.encode, value) for place, value in enumerate(ordered)]}

    def decode(attribute: Any) -> Any:
        values = _unwrap(attribute, "L", "a list")
        if not isinstance(values, list):
            raise _Unfit(_shown(attribute), "a list")
        return kind([_within(str(place), form.decode, value) for place, value in enumerate(values)])

    return _Form(encode, decode)


def _mapping(form: _Form) -> _Form:
    def encode(values: Mapping[str, Any]) -> Attribute:
        return {"M": {name: _within(name, form.encode, value) for name, value in values.items()}}

    def decode(attribute: Any) -> dict[str, Any]:
        values = _unwrap_map(attribute)
        return {name: _within(name, form.decode, value) for name, value in values.items()}

    return _Form(encode, decode)


def _unwrap_map(attribute: Any) -> dict[str, Any]:
    values = _unwrap(attribute, "M", "a map")
    if not isinstance(values, dict):
        raise _Unfit(_shown(attribute), "a map")
    return values


def _record(kind: type[Any]) -> _Form:
    hints = get_type_hints(kind, include_extras=True)
    keeps = issubclass(kind, Stored)
    forms = {field.name: _form(hints[field.name]) for field in fields(kind) if not keeps or field.name != _UNKNOWN}
    decoders = tuple((name, form.decode) for name, form in forms.items())
    optional = {field.name for field in fields(kind) if _has_default(field)}
    implied = {field.name for field in fields(kind) if field.default is None}

    def encode(value: Any) -> Attribute:
        held = {name: getattr(value, name) for name in forms}
        known = {
            name: _within(name, forms[name].encode, member)
            for name, member in held.items()
            if member is not None or name not in implied
        }
        return {"M": {**value.unknown_attributes, **known} if keeps and value.unknown_attributes else known}

    def decode(attribute: Any) -> Any:
        found, held, name = _unwrap_map(attribute), dict[str, Any](), ""
        try:  # one for all members, because every look decodes hundreds of values
            for name, decode_member in decoders:
                if name in found or name not in optional:
                    held[name] = decode_member(found.get(name))
        except _Unfit as unfit:
            unfit.path.append(name)
            raise
        if keeps and len(found) > len(held) and (unknown := found.keys() - forms.keys()):
            held[_UNKNOWN] = {name: found[name] for name in sorted(unknown)}
        return kind(**held)

    return _Form(encode, decode)


def _has_default(field: Field[Any]) -> bool:
    return field.default is not MISSING or field.default_factory is not MISSING
