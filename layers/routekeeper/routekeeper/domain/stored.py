"""What all values have in common that outlive an invocation in the table and are saved again.

Why: docs/decisions/stored-shapes.md
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A value that is read, changed with `replace` and saved by functions of different versions."""

    unknown_attributes: Mapping[str, Any] | None = field(default=None, repr=False, compare=False)
    """Attributes that this version does not know, as they were read. They are saved as they are."""
