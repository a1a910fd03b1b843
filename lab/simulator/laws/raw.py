"""Attributes of stored items, read without the application's codec."""

from __future__ import annotations

from typing import Any

from routekeeper.store.codec import Item


def text(item: Item | None, name: str) -> str | None:
    held: Any = item.get(name) if item is not None else None
    found = held.get("S") if held is not None else None
    return found if isinstance(found, str) else None


def number(item: Item | None, name: str, default: float = 0.0) -> float:
    held: Any = item.get(name) if item is not None else None
    return float(held["N"]) if held is not None and "N" in held else default


def part(item: Item | None, name: str) -> Item | None:
    """A map attribute, or None."""
    held: Any = item.get(name) if item is not None else None
    found: Item | None = held.get("M") if held is not None else None
    return found


def parts(item: Item | None, name: str) -> list[Any]:
    held: Any = item.get(name) if item is not None else None
    found: list[Any] = held.get("L", []) if held is not None else []
    return found


def flag(item: Item | None, name: str) -> bool:
    held: Any = item.get(name) if item is not None else None
    return bool(held is not None and held.get("BOOL"))
