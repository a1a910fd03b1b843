"""Grey failure in made-up worlds: the rules that targets are given, the lines that try them, and what they come to.

The court knows each rule by its chart: numbers written down here once, not what the application works out. They are
those of docs/decisions/grey-failure.md, and `tests/unit/domain/test_cusum.py` solves for their like another way.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from lab.simulator.plan import Event, Kind
from routekeeper.domain.detection import Detection
from routekeeper.domain.grey import LatencyRule, LossRule
from routekeeper.domain.settings import Configuration, Target


@dataclass(frozen=True, slots=True)
class Chart:
    """A Bernoulli CUSUM: a bad outcome adds `rise`, a good one takes 1 off, and `enough` is enough."""

    rise: int
    enough: int
    clears: int
    """How many good outcomes without a bad one take the verdict back."""

    def score(self, outcomes: Iterable[bool]) -> int:
        """Where the score stands after outcomes of which the bad ones are True, in the order of sending."""
        score = 0
        for bad in outcomes:
            score = max(0, score + (self.rise if bad else -1))
        return score

    def even_probes(self, share: float) -> float:
        """How many probes it takes where bad ones come evenly, a `share` of all."""
        return self.enough / (share * self.rise - (1 - share))


LOSS: Final = {
    LossRule(0.01, 0.3): Chart(10, 148, 150),
    LossRule(0.01, 0.3, burst_seconds=0.0): Chart(10, 45, 224),
    LossRule(0.02, 0.1, burst_seconds=0.0): Chart(19, 169, 292),
    LossRule(0.02, 0.5, burst_seconds=0.2, false_alarms_per_year=12): Chart(5, 124, 105),
}
LATENCY: Final = {
    LatencyRule(0.02, 0.1): Chart(2, 67, 78),
    LatencyRule(0.05, 0.2): Chart(2, 101, 50),
}
SOME: Final = 0.4
"""The share of worlds in which some targets have such rules."""


def clear_seconds(rule: Detection) -> float:
    """How long after the last bad outcome a verdict on grey failure may stand, with one answer an interval."""
    charts = [LOSS[rule.loss].clears] if rule.loss is not None else []
    charts += [LATENCY[rule.latency].clears] if rule.latency is not None else []
    return max(charts, default=0) * rule.probe_interval_seconds


def with_rules(configuration: Configuration, random: Random) -> Configuration:
    """The configuration with rules for some targets, or as it is."""
    if random.random() >= SOME:
        return configuration
    targets = {name: _with_rules(target, random) for name, target in configuration.targets.items()}
    return replace(configuration, targets=targets)


def _with_rules(target: Target, random: Random) -> Target:
    loss = random.choice(list(LOSS)) if random.random() < 0.6 else None
    latency = random.choice(list(LATENCY)) if random.random() < 0.4 else None
    return replace(target, detection=replace(target.detection, loss=loss, latency=latency))


def lines(
    random: Random, configuration: Configuration, vantages: tuple[str, ...], start: float, length: float
) -> list[Event]:
    """What befalls lines to targets with rules within `length` seconds of `start`: lasting loss, slowness."""
    watched = [t for t in configuration.targets.values() if t.detection.loss or t.detection.latency]
    if not watched:
        return []
    return [_line(random, random.choice(watched), vantages, start, length) for _ in range(random.randint(0, 2))]


def _line(random: Random, target: Target, vantages: tuple[str, ...], start: float, length: float) -> Event:
    kinds = [Kind.LOSS, Kind.FLICKER] if target.detection.loss else []
    kinds += [Kind.DELAY] if target.detection.latency else []
    kind = random.choice(kinds)
    amount = {Kind.LOSS: (0.1, 0.6), Kind.FLICKER: (0.2, 0.6), Kind.DELAY: (0.05, 0.35)}[kind]
    vantage = "*" if random.random() < 0.7 else random.choice(vantages)
    at, seconds = start + random.uniform(0, length), random.choice((60.0, 200.0, 400.0)) * random.uniform(0.5, 1.5)
    return Event(at, kind, target.name, vantage, seconds, random.uniform(*amount))
