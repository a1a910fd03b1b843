"""Starts that are owed: asked for without an end, ever slower, and settled once the instance runs or is gone."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from routekeeper.domain.refusal import Refusal
from routekeeper.domain.restart import (
    Action,
    InstanceState,
    OwedStart,
    Phase,
    RestartOutcome,
    RestartState,
    Step,
    Wait,
    begin,
)
from routekeeper.domain.restart_owed import LONGEST_SECONDS, attend, pace, refused_again
from tests.unit.domain.restarts import (
    PENDING,
    RUNNING,
    SICK,
    SICK_B,
    STOPPED,
    STOPPING,
    TERMINATED,
    go_on,
    step,
    under_way,
    wait,
)

NO_CAPACITY = Refusal("InsufficientInstanceCapacity", "EC2 has none", final=True)
START = OwedStart("nat-a", "i-a", since=400.0, next_at=460.0)
OWING = RestartState("nat", 1, owed={"i-a": START})


@pytest.mark.parametrize(
    ("phase", "instance"),
    [(Phase.STARTING, STOPPED), (Phase.RECOVERING, STOPPED), (Phase.RECOVERING, STOPPING), (Phase.RECOVERING, PENDING)],
)
def test_law_15_what_does_not_run_in_time_frees_the_slot_and_is_owed_a_start(
    phase: Phase, instance: InstanceState
) -> None:
    state = under_way(phase)
    assert state.active is not None
    state = replace(state, active=replace(state.active, refusal=NO_CAPACITY))

    ended = step(go_on(state, instance, now=400))

    assert (ended.outcome, ended.action, ended.state.active) == (RestartOutcome.NOT_STARTED, None, None)
    assert ended.state.owed == {"i-a": replace(START, refusal=NO_CAPACITY)}
    assert "EC2 has none" in ended.reason


def test_law_15_while_a_start_is_owed_the_others_of_the_group_are_restarted_and_it_is_not() -> None:
    assert "yet to be started" in wait(begin(OWING, (SICK,), 1000))
    assert step(begin(OWING, (SICK, SICK_B), 1000)).target == "nat-b"


def test_law_15_it_is_asked_for_ever_slower_and_without_an_end() -> None:
    state, asked = OWING, list[float]()
    for now in range(400, 400 + 86_400, 10):
        decision = attend(state, state.owed["i-a"], None, STOPPED, now)
        if isinstance(decision, Step):
            assert (decision.action, decision.quiet) == (Action.START, True)
            state = decision.state
            asked.append(now)

    gaps = [later - earlier for earlier, later in pairwise(asked)]
    assert asked[0] == 460
    assert gaps == sorted(gaps)
    assert gaps[:4] == [120, 240, 480, LONGEST_SECONDS]
    assert set(gaps[4:]) == {LONGEST_SECONDS}
    assert state.owed["i-a"].tries == len(asked)
    assert pace(10**6) == LONGEST_SECONDS


@pytest.mark.parametrize(
    ("instance", "outcome"),
    [
        (RUNNING, RestartOutcome.RUNS_AGAIN),
        (TERMINATED, RestartOutcome.FAILED),
        (InstanceState.SHUTTING_DOWN, RestartOutcome.FAILED),
    ],
)
@pytest.mark.parametrize("paused", [None, "paused by ops"])
def test_it_ends_when_the_instance_runs_or_is_gone(
    instance: InstanceState, outcome: RestartOutcome, paused: str | None
) -> None:
    other = replace(START, target="nat-b", instance="i-b")
    owing = replace(OWING, owed={"i-a": START, "i-b": other})

    ended = step(attend(owing, START, paused, instance, 410))

    assert (ended.outcome, ended.action, ended.quiet) == (outcome, None, False)
    assert ended.state.owed == {"i-b": other}


@pytest.mark.parametrize("instance", [PENDING, STOPPING])
def test_what_is_on_its_way_is_waited_for(instance: InstanceState) -> None:
    assert isinstance(attend(OWING, START, None, instance, 9000), Wait)


def test_law_6_a_pause_holds_it() -> None:
    assert "paused by ops" in wait(attend(OWING, START, "paused by ops", STOPPED, 9000))


def test_why_it_is_refused_is_remembered_once() -> None:
    noted = step(refused_again(OWING, START, NO_CAPACITY))
    assert (noted.quiet, noted.action) == (True, None)
    assert noted.state.owed["i-a"].refusal == NO_CAPACITY

    assert refused_again(noted.state, noted.state.owed["i-a"], replace(NO_CAPACITY, words="still none")) is None
