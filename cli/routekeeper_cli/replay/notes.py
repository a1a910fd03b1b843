"""What a person should know of input that is used all the same. On stderr: what programs read goes to stdout."""

from __future__ import annotations

import sys


def note(text: str) -> None:
    sys.stderr.write(f"NOTE: {text}\n")


def count(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun, for a sentence."""
    return f"{number} {one}" if number == 1 else f"{number} {many or one + 's'}"
