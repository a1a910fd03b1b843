"""Health of one target as one vantage sees it: a fold of observations with hysteresis.

The rule is that of load balancers (HAProxy's `rise` and `fall`) with a duration beside each count: a verdict needs
that many consecutive outcomes *and* that they span at least that long. If loss or latency is configured, sustained loss
or slowness makes a verdict, too (`grey`), and the same kind of evidence takes it back.

Why: docs/decisions/detection-defaults.md, docs/decisions/stale-losses.md
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import assert_never

from routekeeper.domain import grey
from routekeeper.domain.bounds import Count, Time
from routekeeper.domain.detection import Detection
from routekeeper.domain.grey import LatencyRule, LossRule, Tally, Turn


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
    """The outcome in words, e.g. `tcp 10.1.0.5:22: no answer in 0.6 s`."""
    round_trip_seconds: float | None = None
    address: str | None = None
    """The IP addresses that were probed, several with commas between them; None where nothing was sent."""


@dataclass(frozen=True, slots=True)
class TargetHealth:
    """What one vantage holds about one target. A successor continues from it, so a verdict survives hand-over."""

    health: Health = Health.UNKNOWN
    since: Time = 0.0
    """When the present health was decided."""
    reason: str = "not yet observed"
    failures: Count = 0
    first_failure_at: Time | None = None
    """When the first probe of the present run of failures was sent."""
    successes: Count = 0
    first_success_at: Time | None = None
    """When the first probe of the present run of successes was sent."""
    answered_at: Time = 0.0
    """When the newest answered probe was sent. A loss sent before it is stale."""
    known_at: Time = 0.0
    """When evidence of either kind last arrived."""
    first_loss_at: Time | None = None
    """While UNHEALTHY: when the first probe of the evidence that decided it was sent."""
    loss: Tally | None = None
    latency: Tally | None = None
    """Evidence of grey failure; None if there is none, or the rule is not configured."""
    address: str | None = None
    """Which addresses the present health is about, as in the observation that decided it."""

    @property
    def newest(self) -> float:
        """The newest time that it tells of."""
        runs = (self.first_failure_at or 0.0, self.first_success_at or 0.0, self.first_loss_at or 0.0)
        return max(self.since, self.known_at, self.answered_at, *runs)

    @property
    def grey(self) -> bool:
        """Whether sustained loss or slowness speaks against the target."""
        return any(tally is not None and tally.raised for tally in (self.loss, self.latency))


def later(one: TargetHealth, other: TargetHealth) -> TargetHealth:
    """The one of two states of a target at one vantage that has seen more; the first if neither has."""
    return max(one, other, key=lambda state: (state.known_at, state.since))


def prepare(rule: Detection) -> None:
    """Compute now what `observe` would compute at the first observation: thresholds may take some milliseconds."""
    if rule.loss is not None:
        rule.loss_standard(rule.loss)
    if rule.latency is not None:
        rule.latency_standard(rule.latency)


def observe(state: TargetHealth, seen: Observation, rule: Detection) -> TargetHealth:
    """Fold one observation in.

    UNKNOWN changes nothing here; `expire` does so in time (law 1). Outcomes arrive out of order, because an answer
    arrives within a round trip and a loss only after its timeout. A loss sent before the newest answered probe says
    nothing about the present and is no failure. But it breaks the run of answers that it was sent into, and it counts
    for the loss rate, in which every outcome has its place in the order of sending.
    """
    # A deployment may have switched a rule off while its evidence stood in the table. It would never be cleared.
    if rule.loss is None and state.loss is not None:
        state = replace(state, loss=None)
    if rule.latency is None and state.latency is not None:
        state = replace(state, latency=None)
    match seen.health:
        case Health.UNKNOWN:
            return state
        case Health.HEALTHY:
            state = _answered(state, seen, rule)
        case Health.UNHEALTHY if seen.sent_at < state.answered_at:
            state = _overtaken(state, seen)
        case Health.UNHEALTHY:
            state = _lost(state, seen, rule)
        case _:
            assert_never(seen.health)
    if rule.loss is not None:
        state = _weigh_loss(state, seen, rule, rule.loss)
    if rule.latency is not None and seen.round_trip_seconds is not None:
        state = _weigh_latency(state, seen, rule, rule.latency)
    return state


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

    A run of failures speeds probing up until the verdict. So do losses or late answers that are not yet made up for,
    and the first run of answers of an UNKNOWN target. Recovery does not: it takes `healthy_for_seconds`, and more
    probes would not shorten it.
    """
    doubtful = state.failures > 0 or any(
        tally is not None and tally.suspicious for tally in (state.loss, state.latency)
    )
    match state.health:
        case Health.HEALTHY:
            return doubtful
        case Health.UNHEALTHY:
            return False
        case Health.UNKNOWN:
            return doubtful or state.successes > 0


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
    if state.health is Health.HEALTHY or state.grey or state.successes < rule.healthy_threshold:
        return state
    span = seen.completed_at - first
    # Recovery is slow on purpose. A first verdict has nothing to recover from.
    if state.health is Health.UNHEALTHY and span < rule.healthy_for_seconds:
        return state
    reason = f"{state.successes} answers in a row over {span:.1f} s; last: {seen.reason}"
    return _decided(state, seen, Health.HEALTHY, reason, None)


def _overtaken(state: TargetHealth, seen: Observation) -> TargetHealth:
    state = replace(state, known_at=max(state.known_at, seen.completed_at))
    if state.first_success_at is None or seen.sent_at < state.first_success_at:
        return state
    # Answers on both sides of a loss are not in a row. Only the newest of those after it is certain.
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
    span = seen.completed_at - first
    if state.failures < rule.unhealthy_threshold or span < rule.unhealthy_for_seconds:
        return state
    # A cut: what was tallied before says nothing about the line that comes back.
    state = replace(state, loss=None, latency=None)
    if state.health is Health.UNHEALTHY:
        return state
    reason = f"{state.failures} failures in a row over {span:.1f} s; last: {seen.reason}"
    return _decided(state, seen, Health.UNHEALTHY, reason, first)


def _weigh_loss(state: TargetHealth, seen: Observation, rule: Detection, loss: LossRule) -> TargetHealth:
    bad, standard = seen.health is Health.UNHEALTHY, rule.loss_standard(loss)
    sent_at, completed_at = seen.sent_at, seen.completed_at
    tally, turn = grey.tally_up(state.loss or Tally(), standard, bad=bad, sent_at=sent_at, completed_at=completed_at)
    return _turned(replace(state, loss=tally), seen, turn, f"probes lost; usual is {loss.usual * 100:g}%")


def _weigh_latency(state: TargetHealth, seen: Observation, rule: Detection, latency: LatencyRule) -> TargetHealth:
    limit, usual = latency.unacceptable_seconds, latency.usual_seconds
    bad = seen.round_trip_seconds is not None and seen.round_trip_seconds >= limit
    sent_at, completed_at, standard = seen.sent_at, seen.completed_at, rule.latency_standard(latency)
    tally, turn = grey.tally_up(state.latency or Tally(), standard, bad=bad, sent_at=sent_at, completed_at=completed_at)
    told = f"answers took {limit * 1000:g} ms or longer; usual is {usual * 1000:g} ms"
    return _turned(replace(state, latency=tally), seen, turn, told)


def _decided(
    state: TargetHealth, seen: Observation, health: Health, reason: str, first_loss_at: float | None
) -> TargetHealth:
    """The state with the health that this observation has decided."""
    return replace(
        state,
        health=health,
        since=seen.completed_at,
        reason=reason,
        address=seen.address,
        first_loss_at=first_loss_at,
    )


def _turned(state: TargetHealth, seen: Observation, turn: Turn | None, told: str) -> TargetHealth:
    """The verdict on grey failure: UNHEALTHY as soon as one tally is raised, HEALTHY once the last is cleared."""
    if turn is None or (not turn.raised and (state.grey or state.health is not Health.UNHEALTHY)):
        return state
    reason = f"within {seen.completed_at - turn.since:.1f} s {turn.bad} of {turn.seen} {told}"
    if not turn.raised:
        return _decided(state, seen, Health.HEALTHY, reason, None)
    if state.health is Health.UNHEALTHY:
        return replace(state, reason=reason)
    return _decided(state, seen, Health.UNHEALTHY, reason, turn.since)
