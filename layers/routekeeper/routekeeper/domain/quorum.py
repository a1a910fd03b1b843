"""What is true of a target: the fresh vantages vote.

Why: docs/decisions/suspected-vantages.md
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, assert_never

from routekeeper.domain.health import Health, TargetHealth
from routekeeper.domain.settings import Quorum, Target


@dataclass(frozen=True, slots=True)
class Verdict:
    """The health of a target over all vantages, with its reason and times."""

    health: Health
    reason: str
    since: float | None = None
    """When the last vote that the verdict needed was cast."""
    oldest_vote_at: float | None = None
    """When the first of the votes that agree was cast."""
    first_loss_at: float | None = None
    """While UNHEALTHY: when the earliest lost probe of the agreeing vantages was sent."""
    announced: bool = False
    """UNHEALTHY only because AWS has announced that it will go down. Its probes are still answered."""


UNOBSERVED = Verdict(Health.UNKNOWN, "no fresh vantage has an opinion")
ALWAYS_HEALTHY = Verdict(Health.HEALTHY, "the path has no target and is taken as healthy", since=0.0)

LEAST_JUDGED: Final = 2
"""A broken vantage that judges a single target looks like one whose target has failed. So it is believed."""

Ballots = Mapping[str, Mapping[str, TargetHealth]]
"""Health by target by vantage, fresh vantages only."""


def about(targets: Mapping[str, Target], ballots: Ballots) -> Ballots:
    """The ballots on configured targets. Those on other targets may still be in the table, and do not count."""
    return {
        vantage: {target: state for target, state in held.items() if target in targets}
        for vantage, held in ballots.items()
    }


def suspected_vantages(ballots: Ballots) -> frozenset[str]:
    """Vantages whose judged targets, two or more, are all UNHEALTHY while another sees one HEALTHY (law 5)."""
    return frozenset(
        vantage
        for vantage, held in ballots.items()
        if _all_fail(held) and any(_disagrees(held, other) for name, other in ballots.items() if name != vantage)
    )


def verdicts(targets: Mapping[str, Target], ballots: Ballots) -> dict[str, Verdict]:
    """The verdict on every target. `ballots` holds fresh vantages only: stale ones do not vote."""
    ballots = about(targets, ballots)
    suspected = suspected_vantages(ballots)
    trusted = {vantage: held for vantage, held in ballots.items() if vantage not in suspected}
    return {name: _verdict(name, target.quorum, trusted) for name, target in targets.items()}


def _all_fail(held: Mapping[str, TargetHealth]) -> bool:
    judged = [state for state in held.values() if state.health is not Health.UNKNOWN]
    return len(judged) >= LEAST_JUDGED and all(state.health is Health.UNHEALTHY for state in judged)


def _disagrees(held: Mapping[str, TargetHealth], other: Mapping[str, TargetHealth]) -> bool:
    return any(
        state.health is Health.UNHEALTHY and target in other and other[target].health is Health.HEALTHY
        for target, state in held.items()
    )


def _verdict(target: str, quorum: Quorum, ballots: Ballots) -> Verdict:
    votes = {
        vantage: held[target]
        for vantage, held in sorted(ballots.items())
        if target in held and held[target].health is not Health.UNKNOWN
    }
    if not votes:
        return UNOBSERVED
    for health in (Health.UNHEALTHY, Health.HEALTHY):
        needed = _needed(quorum, health, len(votes))
        agreeing = {vantage: state for vantage, state in votes.items() if state.health is health}
        if len(agreeing) >= needed:
            return _agreed(health, agreeing, needed, len(votes))
    told = ", ".join(f"{vantage} says {state.health.value}" for vantage, state in votes.items())
    return Verdict(Health.UNKNOWN, f"vantages disagree: {told}")


def _needed(quorum: Quorum, health: Health, votes: int) -> int:
    match quorum:
        case Quorum.ANY:
            # One vote is enough for UNHEALTHY, so the target is HEALTHY only if no vote says otherwise.
            return votes if health is Health.HEALTHY else 1
        case Quorum.MAJORITY:
            return votes // 2 + 1
        case Quorum.ALL:
            return votes
        case _:
            assert_never(quorum)


def _agreed(health: Health, agreeing: Mapping[str, TargetHealth], needed: int, votes: int) -> Verdict:
    decisive = sorted(state.since for state in agreeing.values())[needed - 1]
    losses = [state.first_loss_at for state in agreeing.values() if state.first_loss_at is not None]
    told = "; ".join(f"{vantage}: {state.reason}" for vantage, state in agreeing.items())
    return Verdict(
        health,
        f"{len(agreeing)} of {votes} vantages: {told}",
        since=decisive,
        oldest_vote_at=min(state.since for state in agreeing.values()),
        first_loss_at=min(losses) if losses and health is Health.UNHEALTHY else None,
    )
