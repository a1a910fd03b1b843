"""The rounds of a target in a trace by vantage, and those of them that matter."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from routekeeper.domain.detection import Detection
from routekeeper.domain.health import Health, Observation, TargetHealth, expire, observe
from routekeeper.domain.settings import Target
from routekeeper_cli.replay import Row
from routekeeper_cli.replay.run import end_of

_NEARLY = 0.9


class Round(NamedTuple):
    row: Row
    seen: Observation
    """As in replay: an answer after the target's timeout is a loss."""


def by_vantage(rows: Iterable[Row], target: Target) -> dict[str, list[Round]]:
    """The target's rounds of each vantage, in the order in which they ended."""
    found = defaultdict[str, list[Round]](list)
    for end in sorted((end_of(row, target) for row in rows), key=lambda end: end.order):
        found[end.row.vantage].append(Round(end.row, end.seen))
    return dict(found)


def course(rounds: Sequence[Round], rule: Detection, silence_seconds: float) -> Iterator[tuple[Round, TargetHealth]]:
    """What a vantage holds after each round that a verdict depends on. Most answers of a good line are left out.

    While a target is HEALTHY and nothing speaks against it, one more answer in time only changes how long ago the last
    one was. So it may be left out, but not always. The last one is kept. So is one with a loss under way or soon after,
    because the order of sending counts. And so is one without which the rounds around it would be nearly
    `silence_seconds` apart, because silence counts, too.
    """
    silence = _NEARLY * min(silence_seconds, rule.unknown_after_seconds)
    near = 3 * max((one.seen.completed_at - one.seen.sent_at for one in rounds), default=0.0)
    state, resting = TargetHealth(), False
    disturbed_at = _next_disturbances(rounds, rule)
    following = [*(one.seen.completed_at for one in rounds[1:]), math.inf]
    for one, next_at, next_disturbance in zip(rounds, following, disturbed_at, strict=True):
        now = one.seen.completed_at
        if resting and next_at - state.known_at <= silence and next_disturbance > max(next_at, now + near):
            continue
        state = observe(expire(state, now, rule), one.seen, rule)
        resting = _at_rest(state)
        yield one, state


def _next_disturbances(rounds: Sequence[Round], rule: Detection) -> list[float]:
    """For each round, when the next round ended that was no answer in time. It may be the round itself."""
    found, at = [], math.inf
    for one in reversed(rounds):
        trip = one.seen.round_trip_seconds
        late = rule.latency is not None and trip is not None and trip >= rule.latency.unacceptable_seconds
        if late or one.seen.health is not Health.HEALTHY:
            at = one.seen.completed_at
        found.append(at)
    return found[::-1]


def _at_rest(state: TargetHealth) -> bool:
    tallies = (tally for tally in (state.loss, state.latency) if tally is not None)
    return (
        state.health is Health.HEALTHY
        and not state.failures
        and not any(tally.raised or tally.score for tally in tallies)
    )
