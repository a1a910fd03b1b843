"""What a trace tells of a line: its usual loss, the bursts it comes in, and what a detection makes of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from routekeeper.domain.cusum import Loss
from routekeeper.domain.health import Detection, Health
from routekeeper.domain.settings import Configuration, Target
from routekeeper.replay import HealthChange, Outcome, Row, replay

_FEWEST_PAIRS = 10
"""Losses with a probe soon after them; fewer say nothing about bursts."""
_LONGEST_BURST_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Measured:
    """A target's rounds in a trace."""

    rounds: int
    lost: int
    usual: Loss
    """Outside of the spells in which the present detection calls the target UNHEALTHY."""


def measured(rows: Sequence[Row], target: Target) -> Measured | None:
    """None where the trace has no round of the target that ended in an answer or a loss."""
    known = [row for row in rows if row.target == target.name and row.outcome is not Outcome.UNKNOWN]
    if not known:
        return None
    bad = _bad_spells(known, target)
    usual = [row for row in known if not any(begins <= row.sent_at < ends for begins, ends in bad)]
    vantages = sorted({row.vantage for row in usual})
    series = [sorted((row for row in usual if row.vantage == name), key=lambda row: row.sent_at) for name in vantages]
    share = _share(series, target.detection)
    lost = sum(row.outcome is Outcome.LOST for row in known)
    return Measured(len(known), lost, Loss(share, _burst_seconds(series, share, target.detection)))


def accusations(rows: Sequence[Row], target: Target, rule: Detection) -> int:
    """How often a detection would have called the target UNHEALTHY on the trace, as it was probed then."""
    return sum(change.health is Health.UNHEALTHY for change in _changes(rows, replace(target, detection=rule)))


def _changes(rows: Sequence[Row], target: Target) -> list[HealthChange]:
    alone = Configuration({target.name: target}, {})
    events = replay((row for row in rows if row.target == target.name), alone)
    return [event for event in events if isinstance(event, HealthChange)]


def _bad_spells(rows: Sequence[Row], target: Target) -> list[tuple[float, float]]:
    """From the first loss of each verdict, as far as the detection looks back, to its end."""
    changes = _changes(rows, target)
    before = target.detection.unhealthy_for_seconds + target.detection.probe_interval_seconds
    spells = []
    for change, after in [*pairwise(changes), *((change, None) for change in changes[-1:])]:
        if change.health is Health.UNHEALTHY:
            spells.append((change.time - before, math.inf if after is None else after.time))
    return spells


def _share(series: Sequence[Sequence[Row]], rule: Detection) -> float:
    """The share of time in which probes are lost: a round stands for the time since the one before it.

    Rounds follow each other faster after a loss; counted by number they would tell too much of it.
    """
    lost = whole = 0.0
    for rows in series:
        for before, row in pairwise(rows):
            weight = min(row.sent_at - before.sent_at, rule.probe_interval_seconds)
            whole += weight
            lost += weight * (row.outcome is Outcome.LOST)
    return lost / whole if whole else 0.0


def _burst_seconds(series: Sequence[Sequence[Row]], share: float, rule: Detection) -> float:
    """How long losses last: from how often a probe soon after a lost one is lost, by Gilbert's model."""
    soon = 2 * rule.suspect_interval_seconds
    pairs = [
        (row.sent_at - before.sent_at, row.outcome is Outcome.LOST)
        for rows in series
        for before, row in pairwise(rows)
        if before.outcome is Outcome.LOST and row.sent_at - before.sent_at <= soon
    ]
    if len(pairs) < _FEWEST_PAIRS or share >= 1:
        return 0.0
    again = sum(lost for _, lost in pairs) / len(pairs)
    memory = (again - share) / (1 - share)
    if memory <= 0:
        return 0.0
    gap = sum(gap for gap, _ in pairs) / len(pairs)
    return _LONGEST_BURST_SECONDS if memory >= 1 else min(_LONGEST_BURST_SECONDS, -gap / math.log(memory) / (1 - share))
