"""Restarting a failed instance: one step at a time, each saved before it is taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import assert_never

from routekeeper.domain.health import Health
from routekeeper.domain.settings import RestartPolicy


class InstanceState(Enum):
    """EC2's instance lifecycle; the value is the API's word."""

    PENDING = "pending"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    SHUTTING_DOWN = "shutting-down"
    TERMINATED = "terminated"


class Phase(Enum):
    STOPPING = "STOPPING"
    FORCING = "FORCING"
    STARTING = "STARTING"
    RECOVERING = "RECOVERING"
    """Started; waiting for the instance to run and for its target to be HEALTHY."""


class Action(Enum):
    """What to ask of EC2."""

    STOP = "stop"
    FORCE_STOP = "force stop"
    START = "start"


@dataclass(frozen=True, slots=True)
class Active:
    """The one restart that is under way in a restart group."""

    target: str
    instance: str
    phase: Phase
    phase_since: float
    started_at: float
    attempt: int


@dataclass(frozen=True, slots=True)
class RestartState:
    """Everything remembered of a restart group: one item with one `active` slot, so that law 8 holds by shape."""

    group: str
    version: int = 0
    active: Active | None = None
    attempts: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """When restarts of each target were begun, oldest first; those within `per_seconds` count."""
    given_up: frozenset[str] = frozenset()
    """Targets with no attempts left, until they are HEALTHY or attempts age out."""


@dataclass(frozen=True, slots=True)
class Patient:
    """What is known now of one target that may be restarted."""

    target: str
    instance: str
    policy: RestartPolicy
    health: Health
    since: float | None
    """When the present health was decided."""
    reason: str
    carries_traffic: bool
    """Some group's traffic still goes through it although another path is HEALTHY, or is just being moved."""
    held: str | None = None
    """Why an operator wants no action here (a pause), if so."""


class Outcome(Enum):
    """What a step means to people; the metric or message that follows from it."""

    BEGUN = "restart begun"
    PROGRESS = "restart goes on"
    RECOVERED = "restart succeeded"
    FAILED = "restart failed"
    GAVE_UP = "restarts given up"


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do now."""

    reason: str


@dataclass(frozen=True, slots=True)
class Step:
    """Save `state`, then ask EC2 for `action`, in this order: a crash in between repeats the action."""

    state: RestartState
    target: str
    instance: str
    outcome: Outcome
    reason: str
    action: Action | None = None


Decision = Wait | Step


def begin(state: RestartState, patients: tuple[Patient, ...], now: float) -> Decision:
    """Choose which failed target of the group to restart, if any. Only while no restart is under way."""
    waits: list[str] = []
    for patient in patients:
        decision = _consider(state, patient, now)
        if isinstance(decision, Step):
            return decision
        waits.append(f"{patient.target}: {decision.reason}")
    return Wait("; ".join(waits))


def advance(state: RestartState, active: Active, patient: Patient, instance: InstanceState, now: float) -> Decision:
    """Take the restart that is under way one step further.

    The action of the present phase is repeated while the instance does not show its effect: after a crash between
    save and call that is the recovery, otherwise it is a no-op to EC2 (law 10).
    """
    if instance in (InstanceState.TERMINATED, InstanceState.SHUTTING_DOWN):
        return _finish(state, active, Outcome.FAILED, f"{active.instance} is {instance.value}")
    match active.phase:
        case Phase.STOPPING | Phase.FORCING:
            return _stop(state, active, patient.policy, instance, now)
        case Phase.STARTING:
            return _start(state, active, patient.policy, instance, now)
        case Phase.RECOVERING:
            return _recover(state, active, patient, instance, now)
        case _:
            assert_never(active.phase)


def next_attempt_at(state: RestartState, target: str, policy: RestartPolicy, now: float) -> float:
    """When the target may be restarted again: after `after_seconds`, doubled with each recent attempt."""
    recent = _recent(state, target, policy, now)
    if not recent:
        return now
    return recent[-1] + policy.after_seconds * 2.0 ** len(recent)


def _recent(state: RestartState, target: str, policy: RestartPolicy, now: float) -> tuple[float, ...]:
    return tuple(at for at in state.attempts.get(target, ()) if now - at < policy.per_seconds)


def _consider(state: RestartState, patient: Patient, now: float) -> Decision:
    if patient.health is Health.HEALTHY and patient.target in state.given_up:
        healed = replace(state, given_up=state.given_up - {patient.target})
        return Step(healed, patient.target, patient.instance, Outcome.RECOVERED, "HEALTHY without our help")
    if patient.health is not Health.UNHEALTHY or patient.since is None:
        return Wait(f"{patient.health.value}")
    if patient.held is not None:
        return Wait(patient.held)
    if (left := patient.since + patient.policy.after_seconds - now) > 0:
        return Wait(f"UNHEALTHY; restart in {left:.0f} s at the earliest")
    if patient.carries_traffic:
        return Wait("UNHEALTHY, and traffic has not left it yet")
    recent = _recent(state, patient.target, patient.policy, now)
    if len(recent) >= patient.policy.attempts:
        return _give_up(state, patient, len(recent))
    if (left := next_attempt_at(state, patient.target, patient.policy, now) - now) > 0:
        return Wait(f"UNHEALTHY after {len(recent)} restarts; the next in {left:.0f} s at the earliest")
    return _first_step(state, patient, recent, now)


def _give_up(state: RestartState, patient: Patient, attempts: int) -> Decision:
    if patient.target in state.given_up:
        return Wait(f"given up after {attempts} restarts")
    given_up = replace(state, given_up=state.given_up | {patient.target})
    hours = patient.policy.per_seconds / 3600
    reason = f"still UNHEALTHY after {attempts} restarts within {hours:g} h: {patient.reason}"
    return Step(given_up, patient.target, patient.instance, Outcome.GAVE_UP, reason)


def _first_step(state: RestartState, patient: Patient, recent: tuple[float, ...], now: float) -> Step:
    active = Active(patient.target, patient.instance, Phase.STOPPING, now, now, len(recent) + 1)
    begun = replace(
        state,
        active=active,
        attempts={**state.attempts, patient.target: (*recent, now)},
        given_up=state.given_up - {patient.target},
    )
    reason = f"attempt {active.attempt} of {patient.policy.attempts}: {patient.reason}"
    return Step(begun, patient.target, patient.instance, Outcome.BEGUN, reason, Action.STOP)


def _stop(state: RestartState, active: Active, policy: RestartPolicy, instance: InstanceState, now: float) -> Decision:
    spent = now - active.phase_since
    match instance:
        case InstanceState.STOPPED:
            return _enter(state, active, Phase.STARTING, now, f"stopped after {spent:.0f} s", Action.START)
        case _ if spent < policy.stop_timeout_seconds:
            if instance is InstanceState.RUNNING:
                action = Action.STOP if active.phase is Phase.STOPPING else Action.FORCE_STOP
                return _again(state, active, action)
            return Wait(f"{active.instance} is {instance.value} for {spent:.0f} s")
        case _ if active.phase is Phase.STOPPING:
            reason = f"still {instance.value} after {spent:.0f} s"
            return _enter(state, active, Phase.FORCING, now, reason, Action.FORCE_STOP)
        case _:
            return _finish(state, active, Outcome.FAILED, f"a forced stop hung for {spent:.0f} s")


def _start(state: RestartState, active: Active, policy: RestartPolicy, instance: InstanceState, now: float) -> Decision:
    match instance:
        case InstanceState.PENDING | InstanceState.RUNNING:
            return _enter(state, active, Phase.RECOVERING, now, f"{active.instance} is {instance.value}", None)
        case _ if now - active.phase_since < policy.boot_timeout_seconds:
            return _again(state, active, Action.START)
        case _:
            return _finish(state, active, Outcome.FAILED, f"did not start: it is {instance.value}")


def _recover(state: RestartState, active: Active, patient: Patient, instance: InstanceState, now: float) -> Decision:
    spent = now - active.phase_since
    healed = patient.since is not None and patient.since > active.started_at
    if instance is InstanceState.RUNNING and patient.health is Health.HEALTHY and healed:
        return _finish(state, active, Outcome.RECOVERED, f"HEALTHY {now - active.started_at:.0f} s after the stop")
    if spent < patient.policy.boot_timeout_seconds:
        return Wait(f"{active.instance} is {instance.value}, {active.target} is {patient.health.value}")
    return _finish(state, active, Outcome.FAILED, f"not HEALTHY {spent:.0f} s after its start: {patient.reason}")


def _again(state: RestartState, active: Active, action: Action) -> Step:
    reason = f"{action.value} has not shown yet"
    return Step(state, active.target, active.instance, Outcome.PROGRESS, reason, action)


def _enter(state: RestartState, active: Active, phase: Phase, now: float, reason: str, action: Action | None) -> Step:
    entered = replace(state, active=replace(active, phase=phase, phase_since=now))
    return Step(entered, active.target, active.instance, Outcome.PROGRESS, reason, action)


def _finish(state: RestartState, active: Active, outcome: Outcome, reason: str) -> Step:
    return Step(replace(state, active=None), active.target, active.instance, outcome, reason)
