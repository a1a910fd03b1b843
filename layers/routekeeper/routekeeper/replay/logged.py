"""A trace out of the monitors' log, where they were asked to record their rounds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from routekeeper.domain.errors import ConfigurationError
from routekeeper.replay.row import COLUMNS

_MESSAGE: Final = "rounds"
"""As monitor.recording writes it."""
_DECODER: Final = json.JSONDecoder()


def trace_from_log(path: Path) -> Iterator[str]:
    """The lines of a trace, from whatever text holds the monitors' log events, each as JSON on one line.

    Raises:
        ConfigurationError: the file cannot be read, or no rounds are in it.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as err:
        raise ConfigurationError(f"{path}: cannot be read: {err.strerror or err}") from err
    rows = {row for event in _events(text.splitlines()) for row in _rounds(event)}
    if not rows:
        raise ConfigurationError(f"{path}: no recorded rounds in it, expected log lines whose message is '{_MESSAGE}'")
    yield ",".join(COLUMNS)
    yield from sorted(rows, key=lambda row: (float(row.partition(",")[0]), row))


def _events(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Every JSON object that a line holds, behind a time stamp or another object."""
    for line in lines:
        place = line.find("{")
        while place >= 0:
            try:
                found, place = _DECODER.raw_decode(line, place)
            except json.JSONDecodeError:
                place += 1
            else:
                yield found
            place = line.find("{", place)


def _rounds(event: dict[str, Any]) -> Iterator[str]:
    rounds = event.get("rounds") if event.get("message") == _MESSAGE else None
    for row in rounds if isinstance(rounds, list) else ():
        if isinstance(row, str) and row.count(",") == len(COLUMNS) - 1 and _is_number(row.partition(",")[0]):
            yield row


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
