"""What the court holds, where chance alone would take too long to show it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lab.simulator.plan import Event, Kind, Plan
from lab.simulator.scenarios import SCENARIOS
from lab.simulator.simulation import Simulation
from routekeeper.domain import path_health, view
from routekeeper.domain.health import Health
from routekeeper.domain.quorum import Verdict
from routekeeper.domain.settings import FailbackMode, FailbackPolicy
from routekeeper.router.recording import Recording
from routekeeper.router.scope import Barred


def left_as_a_blackhole() -> Plan:
    """A paused group stays on an instance that somebody stops, leaves the blackhole at last, and may return."""
    plan = SCENARIOS["stopped"].plan()
    private = replace(plan.configuration.groups["private-a"], failback=FailbackPolicy(FailbackMode.AUTO, 60.0))
    groups = {**plan.configuration.groups, "private-a": private}
    pause = {"action": "pause", "group": "private-a", "for": "200s", "by": "ann", "reason": "to show it"}
    events = (Event(90.0, Kind.ASK, payload=pause), Event(100.0, Kind.STOPPED, "i-a", seconds=400.0))
    return replace(plan, configuration=replace(plan.configuration, groups=groups), events=events, seconds=1500.0)


def test_a_path_that_was_a_blackhole_is_returned_to() -> None:
    outcome = Simulation(left_as_a_blackhole()).run()
    assert outcome.fault is None
    assert outcome.moves >= 2


def test_a_blackhole_that_never_ends_is_found_though_the_item_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def mutated(group: Any, state: Any, verdicts: Any, actual: Any, now: float) -> Any:
        found = before(group, state, verdicts, actual, now)
        for path, memory in state.paths.items():
            if memory.blackholed_at is not None and path != state.path:
                found[path] = Verdict(Health.UNHEALTHY, "a blackhole once", since=memory.blackholed_at)
        return found

    before = path_health.health_of_paths
    monkeypatch.setattr(view, "health_of_paths", mutated)
    assert Simulation(left_as_a_blackhole()).run().fault == "returning happens"


def test_a_refusal_after_which_the_next_path_waits_for_the_next_pass_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one vantage no other verdict brings another pass just after the first."""

    def mutated(self: Any, state: Any, pending: Any, applied: Any, *what: Any, **how: Any) -> None:
        try:
            before(self, state, pending, applied, *what, **how)
        except Barred as barred:
            raise applied.error() from barred

    plan = replace(SCENARIOS["refused"].plan(), vantages=("a",))
    assert Simulation(plan).run().fault is None
    before = Recording._bar
    monkeypatch.setattr(Recording, "_bar", mutated)
    assert Simulation(plan).run().fault == "what is refused keeps nobody waiting"
