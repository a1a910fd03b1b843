"""What a trace tells about a line: what it usually loses, how often it is late, and what a detection makes of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from routekeeper.domain.detection import Detection
from routekeeper.domain.health import Health, Observation
from routekeeper.domain.settings import Configuration, Target
from routekeeper_cli.replay import HealthChange, replay
from routekeeper_cli.tune.bursts import burst_seconds
from routekeeper_cli.tune.rounds import Round, course

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
    """A target's rounds in a trace. Those of each vantage are looked at by themselves."""

    rounds: int
    """Rounds that ended in an answer or a loss."""
    lost: int
    loss: Share | None
    """Loss outside of the spells in which the present detection calls the target UNHEALTHY. None: there is no such
    time."""
    late: Share | None
    """The same for answers that `latency` calls late. None also if it is off."""


def measured(held: Mapping[str, Sequence[Round]], rule: Detection) -> Measured:
    """What a target's rounds tell. Each vantage is judged as though it decided alone."""
    known = [one.seen for rounds in held.values() for one in rounds if one.seen.health is not Health.UNKNOWN]
    well = [_well(rounds, rule) for rounds in held.values()]
    return Measured(
        len(known),
        sum(seen.health is Health.UNHEALTHY for seen in known),
        _share([[(seen.sent_at, seen.health is Health.UNHEALTHY) for seen in one] for one in well], rule),
        _share([_lateness(one, rule) for one in well], rule),
    )


def accusations(held: Mapping[str, Sequence[Round]], target: Target, configuration: Configuration) -> int:
    """How often its quorum would have called the target UNHEALTHY in these rounds, as it was probed then."""
    silence = configuration.stale_after_seconds
    rows = [one.row for rounds in held.values() for one, _ in course(rounds, target.detection, silence)]
    events = replay(rows, replace(configuration, targets={target.name: target}, groups={}))
    return sum(isinstance(event, HealthChange) and event.health is Health.UNHEALTHY for event in events)


def _well(rounds: Sequence[Round], rule: Detection) -> list[Observation]:
    """What was seen outside of bad spells, in the order of sending."""
    spells = list(_bad_spells(rounds, rule))
    known = (one.seen for one in rounds if one.seen.health is not Health.UNKNOWN)
    well = [seen for seen in known if not any(begins <= seen.sent_at < ends for begins, ends in spells)]
    return sorted(well, key=lambda seen: seen.sent_at)


def _bad_spells(rounds: Sequence[Round], rule: Detection) -> Iterator[tuple[float, float]]:
    """The spells, each from the first probe of the evidence for UNHEALTHY to the probe that ended it."""
    begins = None
    for one, state in course(rounds, rule, math.inf):
        if state.health is Health.UNHEALTHY:
            begins = state.first_loss_at
        elif begins is not None:
            yield begins, one.seen.sent_at
            begins = None
    if begins is not None:
        yield begins, math.inf


def _lateness(seen: Sequence[Observation], rule: Detection) -> list[Fate]:
    """Whether each answer was late. Answers without a known round trip are left out."""
    if rule.latency is None:
        return []
    trips = [(one.sent_at, one.round_trip_seconds) for one in seen]
    return [(at, trip >= rule.latency.unacceptable_seconds) for at, trip in trips if trip is not None]


def _share(series: Sequence[Sequence[Fate]], rule: Detection) -> Share | None:
    """The share of time in which probes end badly. A round stands for the time since the one before it.

    Rounds follow each other faster after a loss. If they were counted by number, loss would weigh too much.
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
