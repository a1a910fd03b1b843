"""What was wanted of a part, and whether it was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench import results_file
from bench.machine import machine


@dataclass(frozen=True, slots=True)
class Wanted:
    """One figure that was wanted, and what was found."""

    what: str
    limit: str
    found: str
    holds: bool


def conclude(name: str, figures: Mapping[str, Any], wanted: Sequence[Wanted]) -> None:
    """Write build/bench/NAME.json and say what holds and what does not."""
    results_file.write(name, {"machine": machine(), "wanted": [asdict(one) for one in wanted], **figures})
    for one in wanted:
        print(f"{'holds' if one.holds else 'FAILS'}: {one.what}: wanted {one.limit}, found {one.found}")
