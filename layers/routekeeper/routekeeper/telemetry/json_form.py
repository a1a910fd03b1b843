"""Values as JSON, including our enums and sets."""

from __future__ import annotations

import dataclasses
import json
from enum import Enum
from typing import Any


def record(value: Any) -> dict[str, Any]:
    """A dataclass, with those inside it, as a mapping. What a `Stored` value keeps of other versions is left out."""
    return dataclasses.asdict(value, dict_factory=_known)


def _known(members: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name: member for name, member in members if name != "unknown_attributes"}


def dumps(value: object) -> str:
    """JSON text: enums by their value, sets as sorted lists of text. Raises TypeError for what has no such form."""
    return json.dumps(value, default=_plain)


def dumps_leniently(value: object) -> str:
    """As `dumps`, for logs: a value without a JSON form is written as text instead of refused."""
    return json.dumps(value, default=_text, ensure_ascii=False)


def _text(value: object) -> object:
    try:
        return _plain(value)
    except TypeError:
        return str(value)


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, frozenset | set):
        return sorted(map(str, value))
    raise TypeError(f"{type(value).__name__} has no JSON form")
