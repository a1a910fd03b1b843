"""Where results are written: build/bench/NAME.json; what is committed of them: docs/bench/NAME.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

PROJECT: Final = Path(__file__).resolve().parent.parent
DIRECTORY: Final = PROJECT / "build" / "bench"


def write(name: str, results: Any) -> Path:
    """Write a part's results; the file."""
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    file = DIRECTORY / f"{name}.json"
    file.write_text(json.dumps(results, indent=1) + "\n")
    return file


def read(name: str) -> Any:
    """A part's results. Raises FileNotFoundError where the part has not run."""
    return json.loads((DIRECTORY / f"{name}.json").read_text())
