"""Delay over loss rate for every rule, each set to the same rate of false alarms; the best possible beside them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from bench.decisions.chains import Line, Rule, at_pace, seconds
from bench.decisions.contestants import counter, either, in_a_row, least, rounds_of, score, several_of
from bench.decisions.informed import informed, weights
from routekeeper.domain import cusum
from routekeeper.domain.cusum import Cadence, Loss, Score

YEAR_SECONDS: Final = 365.25 * 86_400
USUAL: Final = 0.01
UNACCEPTABLE: Final = 0.3
SHARES: Final = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Loss rates that are looked at; from 20 % on something is wanted of them."""
WANTED_FROM: Final = 0.2
_DESIGNS: Final = (0.03, 0.05, 0.08, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99)
"""Loss rates that a CUSUM may be made for; the best one at each rate is the reference."""
_BAD: Final = (0.2, 0.3, 0.5)
BURSTS: Final = (0.0, 0.05, 0.1, 0.2, 0.5)
_FINENESS: Final = 2
"""Steps of the reference's score for one answer: its weights are rounded to half of that of an answer."""


@dataclass(frozen=True)
class World:
    """How probes are sent, and the line that nobody should be alarmed about."""

    pace: Cadence
    usual: Loss

    def between_alarms(self, rule: Rule) -> float:
        return seconds(rule, Line(self.usual), at_pace(rule, self.pace))

    def quiet(self, rule: Rule) -> bool:
        return self.between_alarms(rule) >= YEAR_SECONDS

    def delay(self, rule: Rule, share: float) -> float:
        """Mean seconds from the onset of loss to the sending of the deciding probe; losses come one by one."""
        return seconds(rule, Line(Loss(share)), at_pace(rule, self.pace)) - self.pace.calm_seconds / 2

    def delays(self, rule: Rule) -> list[float]:
        return [self.delay(rule, share) for share in SHARES]


EVEN: Final = World(Cadence(1.0, 1.0), Loss(USUAL))
"""One probe a second whatever happens: the rules alone."""
DEPLOYED: Final = World(Cadence(1.0, 0.1), Loss(USUAL))
BURSTY: Final = World(Cadence(1.0, 0.1), Loss(USUAL, 0.1))


def ours(world: World, in_a_row_needed: int = 10) -> Rule:
    """routekeeper with `loss: {usual: 1%, unacceptable: 30%, false_alarms: 1 a year}` and its losses in a row."""
    alarm = cusum.alarm(world.usual, UNACCEPTABLE, world.pace, YEAR_SECONDS)
    return either(alarm, in_a_row_needed)


def score_alone(world: World) -> Rule:
    alarm = cusum.alarm(world.usual, UNACCEPTABLE, world.pace, YEAR_SECONDS)
    return score(alarm.rise, 1, alarm.threshold)


def with_four_in_a_row(world: World) -> Rule:
    """routekeeper with `unhealthy_threshold: 4`, its score made rarer until both together are quiet enough."""
    rise = cusum.alarm(world.usual, UNACCEPTABLE, world.pace, YEAR_SECONDS).rise
    _, rule = least(lambda threshold: either(Score(rise, threshold), 4), world.quiet, start=4 * rise)
    return rule


def others(world: World) -> dict[str, Rule]:
    """Each family with the least setting that is quiet enough."""
    found: dict[str, Rule] = {}
    for name, family in {"in a row, phi accrual": in_a_row, "counter": counter, "pings": rounds_of}.items():
        _, found[name] = least(family, world.quiet)
    count = next((count for count in range(1, 6) if world.quiet(several_of(count, 5))), None)
    if count is not None:
        found["several of 5"] = several_of(count, 5)
    return found


def reference(world: World) -> tuple[list[float], list[float]]:
    """The best delay of any CUSUM at each loss rate, and the rate which that one is made for.

    Where the usual line loses in bursts they know that, and weigh each outcome by the one before it.
    """
    table = {share: world.delays(made_for(share, world)) for share in _DESIGNS}
    best = [min(table, key=lambda share: table[share][place]) for place in range(len(SHARES))]
    return [table[share][place] for place, share in enumerate(best)], best


def made_for(share: float, world: World) -> Rule:
    """The CUSUM that tells a `share`, lost one by one, from the usual line, with the least threshold that is quiet."""
    if world.usual.burst_seconds:
        by = weights(world.usual, share, world.pace, _FINENESS)
        return least(partial(informed, by, world.pace), world.quiet, start=32)[1]
    good = math.log((1 - USUAL) / (1 - share))
    rise = max(1, round(_FINENESS * math.log(share / USUAL) / good))
    _, rule = least(partial(score, rise, _FINENESS), world.quiet, start=rise)
    return rule


def bad_in_bursts(world: World) -> list[dict[str, Any]]:
    """The score and the reference on lines other than they were made for: bad ones in bursts, usual ones in others."""
    told = {f"reference made for {share:.0%}": made_for(share, world) for share in _BAD}
    return [
        {
            "rule": name,
            "delays": [
                [
                    seconds(rule, Line(Loss(share, burst)), at_pace(rule, world.pace)) - world.pace.calm_seconds / 2
                    for burst in BURSTS
                ]
                for share in _BAD
            ],
            "shares": _BAD,
            "false_alarms_a_year": [
                YEAR_SECONDS / seconds(rule, Line(Loss(USUAL, burst)), at_pace(rule, world.pace)) for burst in BURSTS
            ],
        }
        for name, rule in ({"routekeeper, its score alone": score_alone(world)} | told).items()
    ]


def ratios(rule: Rule, best: Sequence[float], world: World, timeout_seconds: float) -> list[float]:
    """Ours over the reference at each loss rate, both with the timeout of the deciding probe."""
    mine = world.delays(rule)
    return [(one + timeout_seconds) / (other + timeout_seconds) for one, other in zip(mine, best, strict=True)]
