"""Figures as people write them."""

from __future__ import annotations


def percent(share: float) -> str:
    """A part of 1 in four digits, e.g. `0.5%`."""
    return f"{share * 100:.4g}%"


def count(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun, for a sentence."""
    return f"{number} {one}" if number == 1 else f"{number} {many or one + 's'}"
