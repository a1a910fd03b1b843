"""Foreign text, made fit to be shown. Everything that quotes what a person or a file has brought uses this.

No character of it acts on a terminal, ends a line or turns the direction of writing, and it is never long.
"""

from __future__ import annotations

from typing import Final

LONGEST_QUOTE: Final = 80


def visible(text: str) -> str:
    """The text with an escape, as in a Python string, for each character that is not printed as itself."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def visible_lines(text: str) -> str:
    """The same for a text of our own that has several lines: they stay lines."""
    return "\n".join(map(visible, text.split("\n")))


def short(text: str, most: int = LONGEST_QUOTE) -> str:
    """The text, visible and cut after `most` characters."""
    return visible(text) if len(text) <= most else f"{visible(text[:most])}..."
