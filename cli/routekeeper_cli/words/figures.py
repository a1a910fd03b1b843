"""Figures as people write them."""

from __future__ import annotations


def percent(share: float) -> str:
    """The share of 1, e.g. `0.5%`, as a configuration may say it."""
    return f"{share * 100:.4g}%"


def count(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun, for a sentence."""
    return f"{number} {one}" if number == 1 else f"{number} {many or one + 's'}"
