"""Where results lie, what each of them holds, and what was wanted of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from bench import machine

PROJECT: Final = Path(__file__).resolve().parent.parent
BUILD: Final = PROJECT / "build" / "bench"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One figure that was wanted, and whether it was found."""

    what: str
    limit: str
    found: str
    holds: bool


def write(name: str, figures: Mapping[str, Any], wanted: Sequence[Wanted]) -> Path:
    """Write build/bench/NAME.json: the figures, what was wanted of them, and the machine."""
    BUILD.mkdir(parents=True, exist_ok=True)
    path = BUILD / f"{name}.json"
    whole = {"machine": machine.describe(), "wanted": [asdict(one) for one in wanted], **figures}
    path.write_text(json.dumps(whole, indent=2) + "\n")
    for one in wanted:
        print(f"{'holds' if one.holds else 'FAILS'}: {one.what}: wanted {one.limit}, found {one.found}")
    print(f"written: {path.relative_to(PROJECT)}")
    return path


def read(name: str) -> dict[str, Any] | None:
    """What the last run of a part wrote, or None."""
    path = BUILD / f"{name}.json"
    if not path.exists():
        return None
    found: dict[str, Any] = json.loads(path.read_text())
    return found
