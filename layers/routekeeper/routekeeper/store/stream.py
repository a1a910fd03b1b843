"""What a record of the table's stream says has changed.

The shape is that of "Process Amazon DynamoDB records with Lambda" (AWS Lambda Developer Guide). A record is a hint to
look and never the evidence itself: a function that acts on it reads the table.

Why: docs/decisions/who-wakes-the-router.md
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from routekeeper.domain.errors import ItemError
from routekeeper.store import items
from routekeeper.store.writes import Key


@dataclass(frozen=True, slots=True)
class HealthChanged:
    target: str
    vantage: str


@dataclass(frozen=True, slots=True)
class GroupChanged:
    group: str


@dataclass(frozen=True, slots=True)
class RestartChanged:
    group: str


@dataclass(frozen=True, slots=True)
class BrakeChanged:
    """The deployment's one brake."""


@dataclass(frozen=True, slots=True)
class Unrelated:
    """A heartbeat, a lease, history, or something that a newer version writes."""


StreamChange = HealthChanged | GroupChanged | RestartChanged | BrakeChanged | Unrelated

_READERS: Final[Mapping[str, Any]] = {
    items.HEALTH: items.health_from,
    items.GROUP: items.group_from,
    items.RESTART: items.restart_from,
    items.BRAKE: items.brake_from,
}


def changed(record: Mapping[str, Any]) -> StreamChange:
    """What one record of a stream event is about.

    Raises:
        ItemError: the record is poison: it has no usable key, or its new image is not what the key promises.
    """
    name = record.get("eventID")
    change = _map(record, "dynamodb", f"stream record {name}")
    keys = _map(change, "Keys", f"stream record {name}")
    key = Key(_text(keys, "pk", f"stream record {name}"), _text(keys, "sk", f"stream record {name}"))
    kind = items.kind_of(key)
    if kind not in _READERS:
        return Unrelated()
    if "NewImage" in change:  # absent where the item was removed
        _READERS[kind]({**_map(change, "NewImage", str(key)), **keys})
    match kind:
        case items.HEALTH:
            target, vantage = items.health_parts(key)
            return HealthChanged(target, vantage)
        case items.GROUP:
            return GroupChanged(key.sk)
        case items.BRAKE:
            return BrakeChanged()
        case _:
            return RestartChanged(key.sk)


def _map(held: Mapping[str, Any], name: str, where: str) -> Mapping[str, Any]:
    found = held.get(name)
    if not isinstance(found, Mapping):
        raise ItemError(f"{where}: {name} is {found!r}, expected a map")
    return found


def _text(keys: Mapping[str, Any], name: str, where: str) -> str:
    found = keys.get(name)
    text = found.get("S") if isinstance(found, Mapping) else None
    if not isinstance(text, str) or not text:
        raise ItemError(f"{where}: {name} is {found!r}, expected a string")
    return text
