"""Golden files: what is told today, to be read by people and compared by tests."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
REFRESH: Final = "REFRESH_GOLDEN"
"""The environment variable that has golden files written instead of compared."""


def expected(name: str, told: str) -> str:
    """What the golden file `name` says; with `REFRESH_GOLDEN` set, `told`, which is then written into it."""
    path = HERE / name
    if os.environ.get(REFRESH):
        path.parent.mkdir(exist_ok=True)
        path.write_text(told, encoding="utf-8")
    return path.read_text(encoding="utf-8")


def names(folder: str) -> set[str]:
    """The golden files of a folder, without their suffixes."""
    return {path.stem for path in (HERE / folder).iterdir()}
