"""The course of a restart that is under way: one step at a time, each saved before it is taken.

Why: docs/decisions/restart-slot.md
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, assert_never

from routekeeper.domain.health import Health
from routekeeper.domain.refusal import Refusal
from routekeeper.domain.restart import (
    Action,
    Active,
    Candidate,
    InstanceState,
    NextStep,
    Phase,
    RestartBar,
    RestartOutcome,
    RestartState,
    Step,
    Wait,
    barred,
    is_stuck,
)
from routekeeper.domain.restart_owed import owe
from routekeeper.domain.settings import RestartPolicy

WITHDRAWAL_SECONDS: Final = 600.0
"""How long an instance is waited for that left the configuration during its restart. A stop takes less."""
_NEVER: Final = ("UnsupportedOperation", "OperationNotPermitted")
"""What EC2 answers to a stop that it never makes: of a one-time spot instance or one without an EBS root volume, and of
one with stop protection ("Error codes for the Amazon EC2 API")."""
_FULL: Final = "Insufficient"
"""How codes begin with which EC2 says that it has no capacity at present."""
_NOT_NOW: Final = ("IncorrectInstanceState",)
"""What EC2 answers to a stop or start that does not suit the instance's present state, which changes by itself."""


def advance(state: RestartState, active: Active, candidate: Candidate, instance: InstanceState, now: float) -> NextStep:
    """Take the restart that is under way one step further.

    The action of the present phase is repeated until the instance shows its effect. After a crash between save and call
    this is the recovery, and otherwise it changes nothing for EC2 (law 10). While a group of the target is paused,
    nothing is asked of EC2 (law 6); a restart that has come to its end by itself is still closed.
    """
    decision = _advance(state, active, candidate, instance, now)
    if candidate.paused is not None and isinstance(decision, Step) and decision.action is not None:
        return Wait(candidate.paused)
    return decision


def withdraw(state: RestartState, active: Active, instance: InstanceState, now: float) -> NextStep:
    """End the restart of a target, or of an instance, that is no longer in the configuration.

    If routekeeper has stopped the instance, it starts it again first.
    """
    spent = now - active.phase_since
    gone = f"{active.target} on {active.instance} is no longer configured; it is {instance.value}"
    match instance:
        case InstanceState.STOPPED if active.phase is not Phase.STARTING:
            return _enter(state, active, Phase.STARTING, now, gone, Action.START)
        case InstanceState.STOPPED if spent < WITHDRAWAL_SECONDS:
            return _again(state, active, Action.START)
        case InstanceState.STOPPING if spent < WITHDRAWAL_SECONDS:
            return Wait(gone)
        case InstanceState.STOPPED:
            return owe(state, active, RestartOutcome.NOT_STARTED, gone, now)
        case InstanceState.STOPPING | InstanceState.PENDING:
            return owe(state, active, RestartOutcome.ABANDONED, gone, now)
        case _:
            return _finish(state, active, RestartOutcome.ABANDONED, gone)


def refused(
    state: RestartState,
    active: Active,
    policy: RestartPolicy | None,
    asked: tuple[Action, Refusal],
    seen: InstanceState | None,
    now: float,
) -> Step | None:
    """What follows from EC2's refusal of what was just asked, if anything but asking again.

    An instance that still runs, and that EC2 never stops, is given up at once, in EC2's words, until the attempt ages
    out. Any other refusal may be EC2's lag, as with a permission that was granted a moment ago: it gets one repeat.
    Then this attempt has failed, and the next one comes at its time.
    """
    action, refusal = asked
    if not (refusal.final or refusal.code.startswith(_FULL)) or refusal.code in _NOT_NOW:
        return None
    untouched = action is not Action.START and seen in (InstanceState.RUNNING, InstanceState.PENDING)
    why = f"EC2 does not stop it: {refusal}"
    if untouched and policy is not None and refusal.code in _NEVER:
        bar = RestartBar(active.instance, now, why, active.started_at + policy.per_seconds)
        return _finish(barred(state, active.target, bar), active, RestartOutcome.FAILED, why, kept=True)
    if untouched and policy is not None and active.refusal is not None:
        return _finish(state, active, RestartOutcome.FAILED, why)
    if active.refusal is not None and active.refusal.code == refusal.code:
        return None
    noted = replace(state, active=replace(active, refusal=refusal))
    return Step(noted, active.target, active.instance, RestartOutcome.PROGRESS, str(refusal), quiet=True)


def _advance(
    state: RestartState, active: Active, candidate: Candidate, instance: InstanceState, now: float
) -> NextStep:
    if instance in (InstanceState.TERMINATED, InstanceState.SHUTTING_DOWN):
        return _finish(state, active, RestartOutcome.FAILED, f"{active.instance} is {instance.value}")
    match active.phase:
        case Phase.STOPPING | Phase.FORCING:
            return _stop(state, active, candidate, instance, now)
        case Phase.STARTING:
            return _start(state, active, candidate.policy, instance, now)
        case Phase.RECOVERING:
            return _recover(state, active, candidate, instance, now)
        case _:
            assert_never(active.phase)


def _stop(state: RestartState, active: Active, candidate: Candidate, instance: InstanceState, now: float) -> NextStep:
    spent = now - active.phase_since
    if instance is InstanceState.STOPPED:
        return _enter(state, active, Phase.STARTING, now, f"stopped after {spent:.0f} s", Action.START)
    untouched = instance is InstanceState.RUNNING
    if untouched and candidate.health is Health.HEALTHY:
        return _finish(state, active, RestartOutcome.RECOVERED, "HEALTHY again before it was stopped")
    # A stop may be repeated long after it was decided (refusals, a crash). What allowed it must still hold (law 8).
    reprieve = _reprieve(candidate) if untouched else None
    if spent >= candidate.policy.stop_timeout_seconds:
        return _overdue(state, active, instance, reprieve, now)
    if reprieve is not None:
        return Wait(reprieve)
    if active.phase is Phase.FORCING and instance is not InstanceState.PENDING:
        return _again(state, active, Action.FORCE_STOP)
    if untouched:
        return _again(state, active, Action.STOP)
    return Wait(f"{active.instance} is {instance.value} for {spent:.0f} s")


def _reprieve(candidate: Candidate) -> str | None:
    if candidate.health is not Health.UNHEALTHY:
        return f"{candidate.target} is {candidate.health.value}, so it is not stopped now: {candidate.reason}"
    return f"{candidate.target} carries traffic again, so it is not stopped now" if candidate.carries_traffic else None


def _overdue(
    state: RestartState, active: Active, instance: InstanceState, reprieve: str | None, now: float
) -> NextStep:
    spent = now - active.phase_since
    if reprieve is not None:
        return _finish(state, active, RestartOutcome.FAILED, f"not stopped within {spent:.0f} s; {reprieve}")
    if active.phase is Phase.STOPPING:
        reason = f"still {instance.value} after {spent:.0f} s"
        return _enter(state, active, Phase.FORCING, now, reason, Action.FORCE_STOP)
    if instance is InstanceState.STOPPING:
        return _stuck(state, active, spent)
    return _finish(state, active, RestartOutcome.FAILED, f"still {instance.value} {spent:.0f} s after a forced stop")


def _stuck(state: RestartState, active: Active, spent: float) -> Step:
    """Tell people once, and go on forcing the stop for as long as it takes.

    The slot is kept. Otherwise a second instance could be stopped while the first is on its way down, and nobody would
    start the first one when it has stopped (law 8).
    """
    if is_stuck(state):
        return _again(state, active, Action.FORCE_STOP)
    told = replace(state, given_up=state.given_up | {active.target})
    reason = f"still stopping {spent:.0f} s after a forced stop; no other of its restart group is restarted meanwhile"
    return Step(told, active.target, active.instance, RestartOutcome.STUCK, reason, Action.FORCE_STOP)


def _start(state: RestartState, active: Active, policy: RestartPolicy, instance: InstanceState, now: float) -> NextStep:
    spent = now - active.phase_since
    if instance in (InstanceState.PENDING, InstanceState.RUNNING):
        return _enter(state, active, Phase.RECOVERING, now, f"{active.instance} is {instance.value}", None)
    if spent >= policy.boot_timeout_seconds:
        reason = f"still {instance.value} {spent:.0f} s after its start"
        return owe(state, active, RestartOutcome.NOT_STARTED, reason, now)
    if instance is InstanceState.STOPPED:
        return _again(state, active, Action.START)
    return Wait(f"{active.instance} is {instance.value}")


def _recover(
    state: RestartState, active: Active, candidate: Candidate, instance: InstanceState, now: float
) -> NextStep:
    spent = now - active.phase_since
    healed = candidate.since is not None and candidate.since > active.started_at
    if instance is InstanceState.RUNNING and candidate.health is Health.HEALTHY and healed:
        return _finish(
            state, active, RestartOutcome.RECOVERED, f"HEALTHY {now - active.started_at:.0f} s after the stop"
        )
    if spent < candidate.policy.boot_timeout_seconds:
        if instance is InstanceState.STOPPED:  # EC2 has taken the start, and then had no capacity for it
            return _again(state, active, Action.START)
        return Wait(f"{active.instance} is {instance.value}, {active.target} is {candidate.health.value}")
    if instance is not InstanceState.RUNNING:
        reason = f"{instance.value} {spent:.0f} s after its start"
        return owe(state, active, RestartOutcome.NOT_STARTED, reason, now)
    reason = f"not HEALTHY {spent:.0f} s after its start, and {active.instance} is running: {candidate.reason}"
    return _finish(state, active, RestartOutcome.FAILED, reason)


def _again(state: RestartState, active: Active, action: Action) -> Step:
    reason = f"{action.value} has not shown yet"
    return Step(state, active.target, active.instance, RestartOutcome.PROGRESS, reason, action)


def _enter(state: RestartState, active: Active, phase: Phase, now: float, reason: str, action: Action | None) -> Step:
    entered = replace(_unstuck(state, active), active=replace(active, phase=phase, phase_since=now, refusal=None))
    return Step(entered, active.target, active.instance, RestartOutcome.PROGRESS, reason, action)


def _finish(state: RestartState, active: Active, outcome: RestartOutcome, reason: str, *, kept: bool = False) -> Step:
    """`kept`: whether people must still see to the target."""
    ended = replace(state if kept else _unstuck(state, active), active=None)
    return Step(ended, active.target, active.instance, outcome, reason)


def _unstuck(state: RestartState, active: Active) -> RestartState:
    return replace(state, given_up=state.given_up - {active.target})
