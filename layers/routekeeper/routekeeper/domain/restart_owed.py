"""Starts that are owed: routekeeper has stopped the instance, and goes on starting it without an end, ever slower.

Why: docs/decisions/owed-starts.md
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from routekeeper.domain.bounds import lasts
from routekeeper.domain.refusal import Refusal
from routekeeper.domain.restart import (
    Action,
    Active,
    InstanceState,
    NextStep,
    OwedStart,
    RestartOutcome,
    RestartState,
    Step,
    Wait,
)

SHORTEST_SECONDS: Final = 60.0
"""Until the first repetition. Each further one waits twice as long."""
LONGEST_SECONDS: Final = 900.0
"""Between two repetitions at most."""


def pace(tries: int) -> float:
    """Seconds until the next request, after so many."""
    return min(LONGEST_SECONDS, SHORTEST_SECONDS * 2.0 ** min(tries, 10))


def owe(state: RestartState, active: Active, outcome: RestartOutcome, reason: str, now: float) -> Step:
    """End a restart whose instance does not run, and remember that it has to be started. This frees the slot."""
    start = OwedStart(active.target, active.instance, now, now + pace(0), refusal=active.refusal)
    owing = replace(
        state,
        active=None,
        given_up=state.given_up - {active.target},
        owed={**state.owed, active.instance: start},
    )
    why = "" if active.refusal is None else f": {active.refusal}"
    told = f"{reason}{why}; its start is asked for until it runs"
    return Step(owing, active.target, active.instance, outcome, told)


def attend(state: RestartState, start: OwedStart, paused: str | None, instance: InstanceState, now: float) -> NextStep:
    """Start the instance if it is time, or settle what is owed: it runs, whoever has started it, or it is terminated.

    `paused`: why an operator wants no action on the target, if there is a pause (law 6).
    """
    told = f"{start.instance} is {instance.value}"
    match instance:
        case InstanceState.RUNNING:
            reason = f"{told} {now - start.since:.0f} s after its restart had ended without it"
            return _settle(state, start, RestartOutcome.RUNS_AGAIN, reason)
        case InstanceState.TERMINATED | InstanceState.SHUTTING_DOWN:
            return _settle(state, start, RestartOutcome.FAILED, f"{told}: it is started no more")
        case InstanceState.STOPPED if paused is not None:
            return Wait(f"{told}: {paused}")
        case InstanceState.STOPPED if not lasts(start.next_at, now, LONGEST_SECONDS):
            tries = start.tries + 1
            asked = replace(start, tries=tries, next_at=now + pace(tries))
            reason = f"{told}: start number {tries} since its restart has ended"
            return _quietly(state, asked, reason, Action.START)
        case InstanceState.STOPPED:
            return Wait(f"{told}; its start is asked for again in {start.next_at - now:.0f} s")
        case _:
            return Wait(told)


def refused_again(state: RestartState, start: OwedStart, refusal: Refusal) -> Step | None:
    """Remember why EC2 has not started it; None if that is known."""
    if start.refusal is not None and start.refusal.code == refusal.code:
        return None
    return _quietly(state, replace(start, refusal=refusal), str(refusal), None)


def _quietly(state: RestartState, start: OwedStart, reason: str, action: Action | None) -> Step:
    asked = replace(state, owed={**state.owed, start.instance: start})
    return Step(asked, start.target, start.instance, RestartOutcome.PROGRESS, reason, action, quiet=True)


def _settle(state: RestartState, start: OwedStart, outcome: RestartOutcome, reason: str) -> Step:
    left = {instance: other for instance, other in state.owed.items() if instance != start.instance}
    return Step(replace(state, owed=left), start.target, start.instance, outcome, reason)
