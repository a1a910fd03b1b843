"""Which call of which story fails, and how: enough to have the run again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from lab.simulator.strikes import Failure

FOR_GOOD: Final = "-for-good"
LASTING: Final = (Failure.DENIED, Failure.REFUSED)
"""What may befall not only the call, but its operation from then on, until it is given back."""


@dataclass(frozen=True, slots=True)
class Aim:
    story: str
    number: int
    """Of the call within the story, from 1."""
    failure: Failure
    for_good: bool = False

    def __str__(self) -> str:
        return f"{self.story}:{self.number}:{self.failure.value}{FOR_GOOD if self.for_good else ''}"

    @staticmethod
    def parse(text: str) -> Aim:
        """Raises ValueError."""
        story, _, rest = text.partition(":")
        number, _, failure = rest.partition(":")
        for_good = failure.endswith(FOR_GOOD)
        try:
            kind = Failure(failure.removesuffix(FOR_GOOD))
        except ValueError:
            raise ValueError(f"{failure!r} is no failure; there are {', '.join(ways())}") from None
        if for_good and kind not in LASTING:
            raise ValueError(f"{kind.value} befalls a single call only")
        if not number.isdecimal() or int(number) == 0:
            raise ValueError(f"{number!r} is no call: expected a number from 1 on")
        return Aim(story, int(number), kind, for_good)


def at(story: str, number: int) -> Iterator[Aim]:
    """Everything that may befall the call."""
    for failure in Failure:
        yield Aim(story, number, failure)
    for failure in LASTING:
        yield Aim(story, number, failure, for_good=True)


def ways() -> list[str]:
    """Every failure as a name has it."""
    return [str(aim).rpartition(":")[2] for aim in at("", 1)]
