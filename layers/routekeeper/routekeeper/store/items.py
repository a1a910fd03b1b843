"""Every item of the table, and its key. This is the one place that knows them.

| pk | sk | holds | guarded by |
| --- | --- | --- | --- |
| `LEASE#`vantage | `lease` | `Lease`; its `expires_at` is stored as `lease_expires_at` | `version` |
| `VANTAGE#`vantage | `heartbeat` | `Vantage`: the heartbeat, with counters and summaries by target | `epoch` |
| `VANTAGE#`vantage | `heartbeat#`n | part n = 1, 2, ... of a heartbeat that outgrows one item | `epoch` |
| `HEALTH#`vantage | target | `TargetHealth` with `target`, `vantage` and `epoch` | `epoch` |
| `SIGNAL` | resource`#`kind, and `#`name where it has one | `Signal` | `epoch`, which is its `order` |
| `GROUP` | group | `GroupState` | `version` |
| `RESTART` | restart group | `RestartState` | `version` |
| `BRAKE` | `deployment` | `Ledger` | `version` |
| `FUNCTION` | function | `Pass` | `epoch`, which is its time in whole seconds |
| `EVENT#`group | time`#`id | `Transition`; its time is `decided_at` | written once |
| `EVENT#RESTART#`restart group | time`#`id | `RestartEvent`; its time is `at` | written once |

What a monitor writes stands in partitions of its vantage. So IAM can hold it to them (`dynamodb:LeadingKeys`), and the
stream's filters tell votes from heartbeats by the partition alone.

Fields are attributes under their own names (`codec`). `written_by` on versioned items names the writer, as
`<function>/<one run of it>`. By it a write that is repeated after a timeout is recognised, and the template's stream
filters wake a function for what another one wrote. `#` joins the parts of a key, so names that contain it are refused.
Times in keys are UTC with six decimals, `2026-11-20T10:09:58.123456Z`. They have one width, so they sort.

`expires_at` (whole seconds since the epoch) is the table's time-to-live attribute. Only history, signals and the extra
parts of a heartbeat carry it at the top level. DynamoDB deletes *any* item whose `expires_at` has passed. If a lease
were deleted, the monitor that holds it would be taken for another one and end. Hence `lease_expires_at`.

An item may measure 400 KB, which is enough for the heartbeat of several hundred targets. A longer heartbeat is split by
target over several items, which are written in one transaction. A transaction may measure 4 MB.

Why: docs/decisions/stored-shapes.md
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from routekeeper.domain.brake import Ledger
from routekeeper.domain.errors import ItemError, StoreError
from routekeeper.domain.group_state import GroupState, Transition
from routekeeper.domain.health import TargetHealth
from routekeeper.domain.lease import Lease
from routekeeper.domain.presence import Pass
from routekeeper.domain.restart import RestartState
from routekeeper.domain.restart_event import RestartEvent
from routekeeper.domain.signals import Signal
from routekeeper.domain.vantage import Vantage
from routekeeper.store.attributes import ITEM_BYTES, entry_size
from routekeeper.store.codec import Attribute, Item, from_attributes, to_attributes
from routekeeper.store.writes import Key, counter, key_of

T = TypeVar("T")

LEASE: Final = "LEASE"
VANTAGE: Final = "VANTAGE"
HEALTH: Final = "HEALTH"
SIGNAL: Final = "SIGNAL"
GROUP: Final = "GROUP"
RESTART: Final = "RESTART"
BRAKE: Final = "BRAKE"
FUNCTION: Final = "FUNCTION"
EXPIRES_AT: Final = "expires_at"
HISTORY_SECONDS: Final = 90 * 86_400.0
"""How long history is kept by default."""

_HEARTBEAT: Final = "heartbeat"
_OUR_OWN: Final = frozenset(("pk", "sk", "written_by"))
"""Attributes of a versioned item that are no fields of its value."""
_LEASE_EXPIRES_AT: Final = "lease_expires_at"
_PART_BYTES: Final = ITEM_BYTES - 50 * 1024  # the rest of the item, and room for what the estimate misses
_MOST_PARTS: Final = 11  # of 350 KB each: 4 MB, the most a transaction takes ("TransactWriteItems", API reference)


# --- keys


def lease_key(vantage: str) -> Key:
    return Key(f"{LEASE}#{_name(vantage)}", "lease")


def vantage_key(vantage: str, part: int = 0) -> Key:
    return Key(heartbeats_of(vantage), f"{_HEARTBEAT}#{part}" if part else _HEARTBEAT)


def heartbeats_of(vantage: str) -> str:
    """The partition of a vantage's heartbeat."""
    return f"{VANTAGE}#{_name(vantage)}"


def health_key(target: str, vantage: str) -> Key:
    return Key(health_of(vantage), _name(target))


def health_of(vantage: str) -> str:
    """The partition of a vantage's votes."""
    return f"{HEALTH}#{_name(vantage)}"


def kind_of(key: Key) -> str:
    """What the item under a key is, e.g. HEALTH: its partition key up to the first `#`."""
    return key.pk.partition("#")[0]


def signal_key(signal: Signal) -> Key:
    parts = (signal.resource, signal.kind.value, *((signal.name,) if signal.name else ()))
    return Key(SIGNAL, "#".join(_name(part) for part in parts))


def group_key(group: str) -> Key:
    return Key(GROUP, _name(group))


def restart_key(group: str) -> Key:
    return Key(RESTART, _name(group))


def brake_key() -> Key:
    return Key(BRAKE, "deployment")


def pass_key(function: str) -> Key:
    return Key(FUNCTION, _name(function))


def transitions_key(group: str) -> str:
    """The partition of a group's history."""
    return f"EVENT#{_name(group)}"


def restart_events_key(group: str) -> str:
    """The partition of a restart group's history. No failover group can have it, because a name has no `#`."""
    return f"EVENT#RESTART#{_name(group)}"


def _name(name: str) -> str:
    if not name or "#" in name:
        raise ItemError(f"{name!r} cannot be part of a key: expected a name without `#`")
    return name


def place(at: float, identifier: str) -> str:
    """Where an event stands in a history: later events stand behind it. Without an identifier: before all of `at`.

    Raises:
        ItemError: `at` is no time.
    """
    try:
        moment = datetime.fromtimestamp(at, UTC)
    except (ValueError, OverflowError, OSError) as err:
        raise ItemError(f"{at!r} of {identifier} is no time: expected seconds since the epoch") from err
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z#{identifier}"


def _event_key(pk: str, at: float, identifier: str) -> Key:
    try:
        return Key(pk, place(at, identifier))
    except ItemError as err:
        raise ItemError(f"{pk}: {err}") from err


# --- versioned items


def lease_item(lease: Lease, writer: str) -> Item:
    item = _versioned(lease_key(lease.vantage), lease, writer)
    item[_LEASE_EXPIRES_AT] = item.pop(EXPIRES_AT)
    return item


def lease_from(item: Item) -> Lease:
    """Raises ItemError."""
    renamed = {(EXPIRES_AT if name == _LEASE_EXPIRES_AT else name): value for name, value in item.items()}
    return _value(Lease, renamed)


def group_item(state: GroupState, writer: str) -> Item:
    return _versioned(group_key(state.group), state, writer)


def group_from(item: Item) -> GroupState:
    """Raises ItemError."""
    return _value(GroupState, item)


def restart_item(state: RestartState, writer: str) -> Item:
    return _versioned(restart_key(state.group), state, writer)


def restart_from(item: Item) -> RestartState:
    """Raises ItemError."""
    return _value(RestartState, item)


def brake_item(ledger: Ledger, writer: str) -> Item:
    return _versioned(brake_key(), ledger, writer)


def brake_from(item: Item) -> Ledger:
    """Raises ItemError."""
    return _value(Ledger, item)


def _value(kind: type[T], item: Item) -> T:
    held = {name: value for name, value in item.items() if name not in _OUR_OWN}
    return from_attributes(kind, held, str(key_of(item)))


def _versioned(key: Key, value: Lease | GroupState | RestartState | Ledger, writer: str) -> dict[str, Attribute]:
    return {**_keyed(key, value), "written_by": {"S": writer}}


def _keyed(key: Key, value: Any) -> dict[str, Attribute]:
    return {"pk": {"S": key.pk}, "sk": {"S": key.sk}, **to_attributes(value, str(key))}


# --- health


def health_item(vantage: str, epoch: int, target: str, health: TargetHealth) -> Item:
    mine: dict[str, Attribute] = {"target": {"S": target}, "vantage": {"S": vantage}, "epoch": {"N": str(epoch)}}
    return _keyed(health_key(target, vantage), health) | mine


def health_from(item: Item) -> tuple[str, str, TargetHealth]:
    """Vantage, target and what the one holds about the other. Raises ItemError."""
    key = key_of(item)
    target, vantage = health_parts(key)
    return vantage, target, from_attributes(TargetHealth, item, str(key))


def health_parts(key: Key) -> tuple[str, str]:
    """Target and vantage out of a key. Raises ItemError."""
    vantage = vantage_of(key)
    if not key.sk or "#" in key.sk:
        raise ItemError(f"{key}: sk is {key.sk!r}, expected the name of a target")
    return key.sk, vantage


# --- signals


def signal_item(signal: Signal) -> Item:
    kept: dict[str, Attribute] = {
        "epoch": {"N": str(signal.order)},
        EXPIRES_AT: {"N": str(math.ceil(signal.kept_until))},
    }
    return _keyed(signal_key(signal), signal) | kept


def signal_from(item: Item) -> Signal:
    """Raises ItemError."""
    return from_attributes(Signal, item, str(key_of(item)))


# --- passes


def pass_item(ended: Pass) -> Item:
    return _keyed(pass_key(ended.function), ended) | {"epoch": {"N": str(int(ended.at))}}


def pass_from(item: Item) -> Pass:
    """Raises ItemError."""
    return from_attributes(Pass, item, str(key_of(item)))


# --- heartbeats, in one part or several


def vantage_items(vantage: Vantage) -> tuple[Item, ...]:
    """The heartbeat as one item or, if it is too long, as several that must be written together.

    Raises:
        StoreError: more targets than one transaction takes.
    """
    whole = _keyed(vantage_key(vantage.name), vantage)
    targets, summaries = whole.pop("targets")["M"], whole.pop("summaries")["M"]
    parts = list(_parts(targets, summaries))
    if len(parts) > _MOST_PARTS:
        raise StoreError(f"{vantage_key(vantage.name)}: {len(targets)} targets are more than one heartbeat can hold")
    return tuple(
        {
            **whole,
            **_part_attributes(vantage, number, len(parts)),
            "targets": {"M": {name: targets[name] for name in names if name in targets}},
            "summaries": {"M": {name: summaries[name] for name in names if name in summaries}},
        }
        for number, names in enumerate(parts)
    )


def _parts(targets: Mapping[str, Attribute], summaries: Mapping[str, Attribute]) -> Iterator[list[str]]:
    """Names of targets, as many together as fit into one item; at least one part."""
    names: list[str] = []
    filled = 0
    for name in sorted(targets.keys() | summaries.keys()):
        weight = sum(entry_size(name, held[name]) for held in (targets, summaries) if name in held)
        if names and filled + weight > _PART_BYTES:
            yield names
            names, filled = [], 0
        names.append(name)
        filled += weight
    yield names


def _part_attributes(vantage: Vantage, number: int, parts: int) -> dict[str, Attribute]:
    if number == 0:
        return {"parts": {"N": str(parts)}}
    # A heartbeat that shrinks leaves parts behind. They are no longer read, and expire in time.
    expires_at = math.ceil(vantage.heartbeat_at + HISTORY_SECONDS)
    return {"sk": {"S": vantage_key(vantage.name, number).sk}, EXPIRES_AT: {"N": str(expires_at)}}


def vantage_of(key: Key) -> str:
    """The vantage whose partition it is. What a monitor writes into the item does not count. Raises ItemError."""
    kind, _, vantage = key.pk.partition("#")
    if not vantage or "#" in vantage:
        raise ItemError(f"{key}: pk is {key.pk!r}, expected {kind}#<vantage>")
    return vantage


def part_number(key: Key) -> int:
    """Which part of its heartbeat an item is; 0 is the head. Raises ItemError."""
    name, _, number = key.sk.partition("#")
    if name != _HEARTBEAT or (number and not number.isdecimal()):
        raise ItemError(f"{key}: sk is {key.sk!r}, expected {_HEARTBEAT} or {_HEARTBEAT}#<part>")
    return int(number or 0)


def vantage_part_from(item: Item) -> Vantage:
    """One part of a heartbeat, with its share of the targets. Raises ItemError."""
    return from_attributes(Vantage, item, str(key_of(item)))


def parts_of(head: Item) -> int:
    """How many items make up the heartbeat, including the head. Raises ItemError."""
    parts = max(1, counter(head, "parts"))
    if parts > _MOST_PARTS:
        raise ItemError(f"{key_of(head)}: parts is {parts}, expected at most {_MOST_PARTS}")
    return parts


def merged(head: Vantage, parts: Iterable[Vantage]) -> Vantage:
    """The whole heartbeat. A part may be one heartbeat older or newer than another, but each target is whole."""
    targets, summaries = dict(head.targets), dict(head.summaries)
    for part in parts:
        targets |= part.targets
        summaries |= part.summaries
    return replace(head, targets=targets, summaries=summaries)


# --- history


def transition_item(transition: Transition, history_seconds: float) -> Item:
    key = _event_key(transitions_key(transition.group), transition.decided_at, transition.id)
    return _event(key, transition, transition.decided_at + history_seconds)


def transition_from(item: Item) -> Transition:
    """Raises ItemError."""
    return from_attributes(Transition, item, str(key_of(item)))


def restart_event_item(event: RestartEvent, history_seconds: float) -> Item:
    key = _event_key(restart_events_key(event.group), event.at, event.id)
    return _event(key, event, event.at + history_seconds)


def restart_event_from(item: Item) -> RestartEvent:
    """Raises ItemError."""
    return from_attributes(RestartEvent, item, str(key_of(item)))


def _event(key: Key, event: Transition | RestartEvent, expires_at: float) -> Item:
    return {**_keyed(key, event), EXPIRES_AT: {"N": str(math.ceil(expires_at))}}
