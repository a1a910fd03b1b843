"""Who stands where nobody listens."""

from __future__ import annotations


def nobody(*news: object) -> None:
    """Hears it, and does nothing."""
    del news
