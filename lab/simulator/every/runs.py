"""All runs of all stories on every core, and what came of them."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from lab.simulator.crew import Crew
from lab.simulator.every.aim import Aim, at, ways
from lab.simulator.every.stage import staged
from lab.simulator.shrink import Cut
from lab.simulator.simulation import Outcome
from lab.simulator.strikes import Call


@dataclass(frozen=True, slots=True)
class Part:
    """Every n-th run, so that a whole can be had in parts on several machines."""

    number: int = 1
    of: int = 1

    @staticmethod
    def parse(text: str) -> Part:
        """Raises ValueError."""
        number, _, of = text.partition("/")
        if not (number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
            raise ValueError(f"{text!r} is no part: expected 1/4, say")
        return Part(int(number), int(of))

    def of_all(self, aims: Sequence[Aim]) -> Sequence[Aim]:
        """Each call's failures are dealt out beginning with another part, so that every part has all kinds of them."""
        hands = (place + place // len(ways()) for place in range(len(aims)))
        return [aim for aim, hand in zip(aims, hands, strict=True) if hand % self.of == self.number - 1]


@dataclass(slots=True)
class Tally:
    """What came of the runs of one story."""

    calls: int = 0
    runs: int = 0
    seconds: float = 0.0
    """Of processor time: the sum of what each run took."""
    failed: list[tuple[Aim, Call, Outcome]] = field(default_factory=list)


def calls(story: str) -> list[Call]:
    """The calls of the story while nothing befalls it.

    Raises ValueError where it does not end right even so.
    """
    stage = staged(story)
    outcome = stage.play()
    if outcome.fault is not None:
        raise ValueError(f"{story} does not end right even if no call fails: {outcome.violation or outcome.error}")
    return stage.marksman.calls


Made = Mapping[str, Sequence[Call]]
"""The calls of each story while nothing befalls it."""


def aims(made: Made) -> list[Aim]:
    """Each call with everything that may befall it."""
    return [aim for story, found in made.items() for number in range(1, len(found) + 1) for aim in at(story, number)]


def some(made: Made) -> list[Aim]:
    """Of calls that are alike only the first, in the first story that has it: as many as `make test` has time for."""
    known = set[Call]()
    chosen = list[Aim]()
    for story, found in made.items():
        for number, call in enumerate(found, 1):
            if call not in known:
                known.add(call)
                chosen += at(story, number)
    return chosen


def play(aim: Aim) -> Outcome:
    """Raises nothing: what goes wrong is the outcome's error."""
    try:
        return staged(aim.story, aim).play()
    except Exception as error:  # noqa: BLE001 - a run that cannot be had is a find
        return Outcome.failed(error)


def _play(planned: Sequence[str], cut: Cut) -> Outcome:
    """The run whose place in the list is the seed."""
    began = time.process_time()
    outcome = play(Aim.parse(planned[cut.seed]))
    outcome.cost = time.process_time() - began
    return outcome


def played(planned: Sequence[Aim], workers: int | None = None) -> Iterator[tuple[Aim, Outcome] | None]:
    """Each run with what came of it, as it ends; None now and then, meanwhile."""
    count = min(workers or os.cpu_count() or 1, len(planned))
    if not count:
        return
    crew = Crew(partial(_play, [str(aim) for aim in planned]), 0, count, math.inf, end=len(planned))
    with crew:
        for ended in crew.outcomes():
            if ended is None:
                yield None
            else:
                cut, outcome = ended
                yield planned[cut.seed], outcome
