"""Failed instances of one restart group, and steps of their restarts."""

from __future__ import annotations

from dataclasses import replace

from routekeeper.domain.health import Health
from routekeeper.domain.restart import Active, Candidate, InstanceState, NextStep, Phase, RestartState, Step, Wait
from routekeeper.domain.restart_course import advance
from routekeeper.domain.settings import RestartPolicy

POLICY = RestartPolicy(
    "nat", after_seconds=60, stop_timeout_seconds=120, boot_timeout_seconds=300, attempts=3, per_seconds=10_000
)
UNHEALTHY, HEALTHY, UNKNOWN = Health.UNHEALTHY, Health.HEALTHY, Health.UNKNOWN
RUNNING, STOPPING, STOPPED = InstanceState.RUNNING, InstanceState.STOPPING, InstanceState.STOPPED
PENDING, TERMINATED = InstanceState.PENDING, InstanceState.TERMINATED

SICK = Candidate("nat-a", "i-a", POLICY, UNHEALTHY, since=0.0, reason="no answer", carries_traffic=False)
SICK_B = replace(SICK, target="nat-b", instance="i-b")
IDLE = RestartState("nat")


def under_way(phase: Phase, since: float = 100.0) -> RestartState:
    active = Active("nat-a", "i-a", phase, phase_since=since, started_at=100.0, attempt=1)
    return RestartState("nat", 1, active, attempts={"nat-a": (100.0,)})


def go_on(state: RestartState, instance: InstanceState, now: float, candidate: Candidate = SICK) -> NextStep:
    assert state.active is not None
    return advance(state, state.active, candidate, instance, now)


def step(decision: NextStep | None) -> Step:
    assert isinstance(decision, Step)
    return decision


def wait(decision: NextStep) -> str:
    assert isinstance(decision, Wait)
    return decision.reason
