"""What a trace tells of a line: what it usually loses, how often it is late, and what a detection makes of it."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from routekeeper.domain.health import Detection, Health, Observation, TargetHealth, expire, observe
from routekeeper.domain.settings import Configuration, Target
from routekeeper.replay import HealthChange, Row, replay
from routekeeper.replay.run import _end as ended  # one rule for what a row stands for
from routekeeper.tune.bursts import burst_seconds

Fate = tuple[float, bool]
"""When a probe was sent, and whether it ended badly."""


@dataclass(frozen=True, slots=True)
class Share:
    """How often probes end badly, and for how long."""

    share: float
    burst_seconds: float | None
    """None: the trace does not tell."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A target's rounds in a trace, each vantage's by themselves."""

    rounds: int
    """That ended in an answer or a loss."""
    lost: int
    """As replay has it: an answer after the target's timeout is a loss."""
    loss: Share | None
    """Outside of the spells in which the present detection calls the target UNHEALTHY. None: there is no such time."""
    late: Share | None
    """The same for answers that `latency` calls late. None where it is off, too."""


def measured(rows: Sequence[Row], target: Target) -> Measured:
    """What the rows of a target hold. Each vantage's are judged as though it decided alone."""
    rule, held = target.detection, defaultdict[str, list[Observation]](list)
    for end in sorted((ended(row, target) for row in rows), key=lambda end: (end.at, end.line)):
        if end.seen.health is not Health.UNKNOWN:
            held[end.row.vantage].append(end.seen)
    rounds = [seen for one in held.values() for seen in one]
    well = [_well(one, rule) for one in held.values()]
    return Measured(
        len(rounds),
        sum(seen.health is Health.UNHEALTHY for seen in rounds),
        _share([[(seen.sent_at, seen.health is Health.UNHEALTHY) for seen in one] for one in well], rule),
        _share([_lateness(one, rule) for one in well], rule),
    )


def accusations(rows: Sequence[Row], target: Target, configuration: Configuration) -> int:
    """How often the target would have been called UNHEALTHY on its rows, as it was probed then, by its quorum."""
    events = replay(rows, replace(configuration, targets={target.name: target}, groups={}))
    return sum(isinstance(event, HealthChange) and event.health is Health.UNHEALTHY for event in events)


def _well(rounds: Sequence[Observation], rule: Detection) -> list[Observation]:
    """The rounds outside of bad spells, in the order of sending."""
    spells = list(_bad_spells(rounds, rule))
    well = [seen for seen in rounds if not any(begins <= seen.sent_at < ends for begins, ends in spells)]
    return sorted(well, key=lambda seen: seen.sent_at)


def _bad_spells(rounds: Sequence[Observation], rule: Detection) -> Iterator[tuple[float, float]]:
    """Each from the first probe of the evidence for UNHEALTHY to the one with which that was over."""
    state, begins = TargetHealth(), None
    for seen in rounds:
        state = observe(expire(state, seen.completed_at, rule), seen, rule)
        if state.health is Health.UNHEALTHY:
            begins = state.first_loss_at
        elif begins is not None:
            yield begins, seen.sent_at
            begins = None
    if begins is not None:
        yield begins, math.inf


def _lateness(rounds: Sequence[Observation], rule: Detection) -> list[Fate]:
    """Nothing can be said of answers whose round trip is not known."""
    if rule.latency is None:
        return []
    trips = [(seen.sent_at, seen.round_trip_seconds) for seen in rounds]
    return [(at, trip >= rule.latency.unacceptable_seconds) for at, trip in trips if trip is not None]


def _share(series: Sequence[Sequence[Fate]], rule: Detection) -> Share | None:
    """The share of time in which probes end badly: a round stands for the time since the one before it.

    Rounds follow each other faster after a loss; counted by number they would tell too much of it.
    """
    bad = whole = 0.0
    pairs = []
    for fates in series:
        for (before, was_bad), (at, is_bad) in pairwise(fates):
            weight = min(at - before, rule.probe_interval_seconds)
            whole += weight
            bad += weight * is_bad
            if was_bad:
                pairs.append((at - before, is_bad))
    if bad == whole:
        return None  # nothing went well, or nothing is left
    share = bad / whole
    if not bad:
        return Share(share, None)
    return Share(share, burst_seconds(pairs, share, 2 * rule.suspect_interval_seconds, bad))
