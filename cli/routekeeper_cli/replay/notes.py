"""What a person should know of input that is used all the same. On stderr: what programs read goes to stdout."""

from __future__ import annotations

import sys


def note(text: str) -> None:
    sys.stderr.write(f"NOTE: {text}\n")
