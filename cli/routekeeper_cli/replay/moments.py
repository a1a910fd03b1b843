"""The times of a trace, for people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

_A_DATE_FROM_SECONDS: Final = 1e8


def is_date(time: float) -> bool:
    """Whether it counts from the Unix epoch. A time from March 1973 on is taken to do so, an earlier one not."""
    return time >= _A_DATE_FROM_SECONDS


def moment(time: float) -> str:
    if not is_date(time):
        return f"{time:.3f}"
    return datetime.fromtimestamp(time, UTC).isoformat(sep=" ", timespec="milliseconds").removesuffix("+00:00")
