"""The CUSUM of the true likelihood ratio where losses come in bursts: it knows the outcome before, and how long ago.

On a line of Gilbert's the chance of a loss depends on the outcome before and on the gap since. A loss behind a loss
says little, because a burst explains it; one behind an answer says much. As alarms become rare, no rule that accuses
the line as seldom is quicker to find loss that comes one by one at the rate it is made for (Lai 1998, "Information
bounds and quick detection of parameter changes in stochastic systems", IEEE Transactions on Information Theory 44).
"""

from __future__ import annotations

import math
from typing import Final

from bench.decisions.chains import Rule
from routekeeper.domain.cusum import Cadence, Loss

START: Final = (0, False)
"""Here alone the pace is calm: the monitor hurries behind every loss, and while there is a score."""


def weights(usual: Loss, share: float, pace: Cadence, fineness: int) -> dict[tuple[bool, bool, float], int]:
    """How much each outcome says for a `share` that is lost one by one, and against the usual line.

    That is the log-likelihood ratio, by the outcome before, the outcome (True: lost) and the gap in seconds. It is in
    whole steps: an answer at the suspect pace weighs `fineness` of them, or more where it outweighs a factor of e.
    """
    exact = {}
    for gap in (pace.calm_seconds, pace.suspect_seconds):
        for before, chance in zip((False, True), usual.after(gap), strict=True):
            exact[before, True, gap] = math.log(share / chance)
            exact[before, False, gap] = math.log((1 - share) / (1 - chance))
    step = min(1.0, -exact[False, False, pace.suspect_seconds]) / fineness
    return {outcome: round(value / step) for outcome, value in exact.items()}


def informed(by: dict[tuple[bool, bool, float], int], pace: Cadence, threshold: int) -> Rule:
    """The rule with those weights; its state is the score and the outcome before."""

    def step(state: tuple[int, bool], lost: bool) -> tuple[int, bool] | None:
        level, before = state
        gap = pace.calm_seconds if state == START else pace.suspect_seconds
        after = max(0, level + by[before, lost, gap])
        return None if after >= threshold else (after, lost)

    return Rule(f"informed, at {threshold}", START, step)
