"""A prefix-list reference in a transit gateway route table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ReferenceState = Literal["pending", "available", "modifying", "deleting"]


@dataclass(slots=True)
class Reference:
    """A prefix-list reference in a transit gateway route table.

    `attachment` is what the API shows (None: blackhole); `effective` is what packets follow, which changes at the
    end of a transition. `effective` is unset before a new reference is available.
    """

    route_table: str
    prefix_list: str
    attachment: str | None
    state: ReferenceState = "pending"
    in_effect: bool = False
    effective: str | None = None
