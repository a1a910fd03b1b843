"""Health of one target as one vantage sees it: a fold of observations with hysteresis.

The rule is the rise and fall of load balancers (HAProxy's `rise` and `fall`) with a duration beside each count:
a verdict needs that many consecutive outcomes *and* that they span at least that long.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import assert_never


class Health(Enum):
    """What is known. UNKNOWN is the absence of evidence, never a mild form of UNHEALTHY (law 1)."""

    HEALTHY = "HEALTHY"
    UNHEALTHY = "UNHEALTHY"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Observation:
    """The outcome of one round of probing a target."""

    health: Health
    sent_at: float
    completed_at: float
    reason: str
    """The source of the outcome in words, e.g. `tcp 10.1.0.5:22 did not answer within 0.75 s`."""
    round_trip_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Detection:
    """How eagerly a target is judged.

    Counts are consecutive observations; a duration runs from the sending of the first to the end of the last.
    """

    probe_interval_seconds: float = 1.0
    suspect_interval_seconds: float = 0.1
    probe_timeout_seconds: float = 0.75
    unhealthy_threshold: int = 10
    unhealthy_for_seconds: float = 1.5
    healthy_threshold: int = 10
    healthy_for_seconds: float = 30.0
    unknown_after_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class TargetHealth:
    """What one vantage holds about one target. A successor continues from it, so a verdict survives hand-over."""

    health: Health = Health.UNKNOWN
    since: float = 0.0
    """When the present health was decided."""
    reason: str = "not yet observed"
    failures: int = 0
    first_failure_at: float | None = None
    """When the first probe of the present run of failures was sent."""
    successes: int = 0
    first_success_at: float | None = None
    """When the first probe of the present run of successes was sent."""
    answered_at: float = 0.0
    """When the newest answered probe was sent. A loss sent before it is stale."""
    known_at: float = 0.0
    """When evidence of either kind last arrived."""
    first_loss_at: float | None = None
    """While UNHEALTHY: when the first probe of the run that decided it was sent."""


def observe(state: TargetHealth, seen: Observation, rule: Detection) -> TargetHealth:
    """Fold one observation in.

    UNKNOWN changes nothing but, in time, `expire` does (law 1). Outcomes arrive out of order, because an answer
    arrives within a round trip and a loss only after its timeout: a loss sent before the newest answered probe
    says nothing about the present and is no failure. It does break the run of answers that it was sent into.
    """
    match seen.health:
        case Health.UNKNOWN:
            return state
        case Health.HEALTHY:
            return _answered(state, seen, rule)
        case Health.UNHEALTHY:
            if seen.sent_at < state.answered_at:
                return _overtaken(state, seen)
            return _lost(state, seen, rule)
        case _:
            assert_never(seen.health)


def expire(state: TargetHealth, now: float, rule: Detection) -> TargetHealth:
    """Forget verdict and runs once no evidence of either kind has arrived for `unknown_after_seconds`."""
    if now - state.known_at < rule.unknown_after_seconds:
        return state
    forgotten = TargetHealth(since=state.since, answered_at=state.answered_at, known_at=state.known_at)
    if state.health is Health.UNKNOWN:
        return replace(forgotten, reason=state.reason)
    reason = f"no evidence for {rule.unknown_after_seconds:g} s; was {state.health.value}"
    return replace(forgotten, since=now, reason=reason)


def is_suspect(state: TargetHealth) -> bool:
    """Whether a verdict may be near, so that probing at `suspect_interval_seconds` brings it sooner.

    A run of failures speeds probing up until the verdict; so does the first run of successes of a target nobody
    knows yet. Recovery does not: it is bound by `healthy_for_seconds`, and more probes would not shorten it.
    """
    match state.health:
        case Health.HEALTHY:
            return state.failures > 0
        case Health.UNHEALTHY:
            return False
        case Health.UNKNOWN:
            return state.failures > 0 or state.successes > 0


def _answered(state: TargetHealth, seen: Observation, rule: Detection) -> TargetHealth:
    first = state.first_success_at if state.successes and state.first_success_at is not None else seen.sent_at
    state = replace(
        state,
        failures=0,
        first_failure_at=None,
        successes=state.successes + 1,
        first_success_at=first,
        answered_at=max(state.answered_at, seen.sent_at),
        known_at=max(state.known_at, seen.completed_at),
    )
    if state.health is Health.HEALTHY or state.successes < rule.healthy_threshold:
        return state
    span = seen.completed_at - first
    # Coming back is slow on purpose; a first verdict has nothing to come back from.
    if state.health is Health.UNHEALTHY and span < rule.healthy_for_seconds:
        return state
    reason = f"{state.successes} answers in a row over {span:.1f} s; last: {seen.reason}"
    return replace(state, health=Health.HEALTHY, since=seen.completed_at, reason=reason, first_loss_at=None)


def _overtaken(state: TargetHealth, seen: Observation) -> TargetHealth:
    state = replace(state, known_at=max(state.known_at, seen.completed_at))
    if state.first_success_at is None or seen.sent_at < state.first_success_at:
        return state
    # Answers either side of a loss are not in a row. Of those after it only the newest is sure.
    return replace(state, successes=1, first_success_at=state.answered_at)


def _lost(state: TargetHealth, seen: Observation, rule: Detection) -> TargetHealth:
    earlier = state.first_failure_at if state.failures else None
    first = seen.sent_at if earlier is None else min(earlier, seen.sent_at)
    state = replace(
        state,
        failures=state.failures + 1,
        first_failure_at=first,
        successes=0,
        first_success_at=None,
        known_at=max(state.known_at, seen.completed_at),
    )
    if state.health is Health.UNHEALTHY or state.failures < rule.unhealthy_threshold:
        return state
    span = seen.completed_at - first
    if span < rule.unhealthy_for_seconds:
        return state
    reason = f"{state.failures} failures in a row over {span:.1f} s; last: {seen.reason}"
    return replace(state, health=Health.UNHEALTHY, since=seen.completed_at, reason=reason, first_loss_at=first)
