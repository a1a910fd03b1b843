"""`routekeeper.store.codec.from_attributes`, which here decodes each item once.

In the simulator's table items are replaced and never changed in place, and what they are decoded to is never changed
either. Every read of every invocation decodes all that it finds; most of it has been read before.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

from routekeeper.store import codec
from routekeeper.store.codec import Item

T = TypeVar("T")

MOST: Final = 1000
"""So many are remembered at once."""
_decode: Final = codec.from_attributes
_known: Final[dict[tuple[type, int], tuple[Item, Any]]] = {}
"""With the item itself: as long as it is here, no other one has its identity."""


def from_attributes(kind: type[T], item: Item, where: str) -> T:
    """As the codec's own."""
    key = kind, id(item)
    if key in _known:
        remembered: T = _known[key][1]
        return remembered
    decoded = _decode(kind, item, where)
    if len(_known) >= MOST:
        _known.clear()
    _known[key] = item, decoded
    return decoded
