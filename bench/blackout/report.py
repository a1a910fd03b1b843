"""The results as tables and as a picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


def tables(results: Mapping[str, Any]) -> str:
    """The results in Markdown."""
    return "\n".join(_lines(results))


def _lines(results: Mapping[str, Any]) -> Iterator[str]:
    for scenario in results["scenarios"]:
        yield scenario["name"]
        for name, one in scenario["contestants"].items():
            yield f"  {name} {one}"


def draw(results: Mapping[str, Any], file: Path) -> None:
    """Write the picture."""
