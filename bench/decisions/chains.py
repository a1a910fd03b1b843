"""Mean times to a verdict, exactly: a rule and a line as one Markov chain."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from routekeeper.domain.cusum import Cadence, Loss

State = Hashable
Step = Callable[[Any, bool], Any]
Gap = Callable[[Any], float]
"""Seconds to the next probe, by state."""


@dataclass(frozen=True)
class Rule:
    """A rule of detection: from state to state with each probe. None is the verdict; the start is the calm state."""

    name: str
    start: State
    step: Step
    """The next state after a probe that was lost, or was not."""


@dataclass(frozen=True)
class Line:
    """A line with hidden good and bad spells, as `lines.GilbertElliott`."""

    loss: Loss
    loss_when_bad: float = 1.0
    loss_when_good: float = 0.0

    def fates(self, bad: bool, gap_seconds: float) -> Iterator[tuple[bool, bool, float]]:
        """Of a probe that follows after a gap: is the line in a bad spell, is the probe lost, how likely is that."""
        chance_bad = self.loss.after(gap_seconds)[bad]
        for now_bad, spell in ((True, chance_bad), (False, 1 - chance_bad)):
            lost = self.loss_when_bad if now_bad else self.loss_when_good
            for is_lost, chance in ((True, spell * lost), (False, spell * (1 - lost))):
                if chance > 0:
                    yield now_bad, is_lost, chance


def at_pace(rule: Rule, pace: Cadence) -> Gap:
    """The gap after each state: calm at the start, else suspect."""
    return lambda state: pace.calm_seconds if state == rule.start else pace.suspect_seconds


def seconds(rule: Rule, line: Line, gap: Gap) -> float:
    """Mean seconds from the rule's start on a line in a good spell to the sending of the deciding probe.

    States are eliminated one by one without a subtraction (Grassmann, Taksar and Heyman 1985), so that also times of
    10^20 s are exact to rounding.
    """
    known: dict[tuple[State, bool], int] = {(rule.start, False): 0}
    todo: list[tuple[State, bool]] = [(rule.start, False)]
    rows: list[dict[int, float]] = []
    escape: list[float] = []
    times: list[float] = []
    for state, bad in todo:  # grows while it is worked through
        wait = gap(state)
        row: dict[int, float] = {}
        out = 0.0
        for now_bad, is_lost, chance in line.fates(bad, wait):
            if (after := rule.step(state, is_lost)) is None:
                out += chance
                continue
            if (place := known.setdefault((after, now_bad), len(todo))) == len(todo):
                todo.append((after, now_bad))
            row[place] = row.get(place, 0.0) + chance
        rows.append(row)
        escape.append(out)
        times.append(wait)
    return _absorbed(rows, escape, times)


def _absorbed(rows: list[dict[int, float]], escape: list[float], times: list[float]) -> float:
    count = len(rows)
    chances, out, spent = np.zeros((count, count)), np.array(escape, float), np.array(times, float)
    for number, row in enumerate(rows):
        for place, chance in row.items():
            chances[number, place] = chance
    for last in range(count - 1, 0, -1):
        leaves = chances[last, :last].sum() + out[last]
        if leaves == 0:  # every state can be reached, and this one is not left again
            return math.inf
        share = chances[:last, last] / leaves
        touched = np.nonzero(share)[0]
        reached = np.nonzero(chances[last, :last])[0]
        chances[np.ix_(touched, reached)] += np.outer(share[touched], chances[last, reached])
        out[:last] += share * out[last]
        spent[:last] += share * spent[last]
    return float(spent[0] / out[0]) if out[0] > 0 else float("inf")
