"""What SNS and EventBridge take: subjects of one short line, and texts up to a size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

SUBJECT_LIMIT: Final = 99
"""Characters. SNS takes subjects of fewer than 100 ASCII characters, without line breaks and control characters (SNS
API reference, Publish)."""
SHORTEST_NAME: Final = 11
"""Characters that a cut name keeps at least: four at its beginning, four at its end, and the dots between them."""
MOST_OCTETS: Final = 240 * 1024
"""Of a message's body and of an event's detail. The limit is 256 KB for both: SNS API reference, Publish; EventBridge
User Guide, "Calculating PutEvents event entry size". The rest is for what is wrapped around them on their way."""
REASON_OCTETS: Final = 32 * 1024
"""Of a reason. One octet of it becomes up to six in an event, where JSON escapes it."""
_DOTS: Final = "..."
_SEPARATOR_OCTETS: Final = 2
"""Between two entries of a list: a comma and a space in JSON, a line break in a message."""


@dataclass(frozen=True, slots=True)
class Headline:
    """What has happened, in one line."""

    words: str
    """With `{}` in the place of each name."""
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.words.format(*self.names)

    def shorter(self) -> Iterator[str]:
        """The same with its longest names cut in the middle, more and more."""
        longest = max(map(len, self.names), default=0)
        for most in range(longest - 1, SHORTEST_NAME - 1, -1):
            yield self.words.format(*(_without_middle(name, most) for name in self.names))


def subject(deployment: str, headline: Headline) -> str:
    """The headline as a subject that SNS takes.

    A subject that is too long loses the deployment first, because the body names it, too. After that names are cut, but
    only in the middle, so that a subject always says from where and to where.
    """
    text = ""
    for text in map(_one_plain_line, (f"[{deployment}] {headline}", str(headline), *headline.shorter())):
        if len(text) <= SUBJECT_LIMIT:
            break
    return text[:SUBJECT_LIMIT]


def how_many_fit(texts: Iterable[str], room: int) -> int:
    """How many of the texts, from the first on, fit into `room` octets as entries of a list."""
    fitting = 0
    for text in texts:
        room -= octets(text) + _SEPARATOR_OCTETS
        if room < 0:
            break
        fitting += 1
    return fitting


def cut_reason(reason: str) -> str:
    """The reason, cut if it would leave no room for the rest: that of drift names every route that was found."""
    if octets(reason) <= REASON_OCTETS:
        return reason
    kept = reason.encode()[: REASON_OCTETS - len(_DOTS)]
    return kept.decode(errors="ignore") + _DOTS


def octets(text: str) -> int:
    return len(text.encode())


def _one_plain_line(text: str) -> str:
    return "".join(character if " " <= character <= "~" else "?" for character in text)


def _without_middle(name: str, most: int) -> str:
    if len(name) <= most:
        return name
    kept = most - len(_DOTS)
    return f"{name[: kept - kept // 2]}{_DOTS}{name[-(kept // 2) :]}"
