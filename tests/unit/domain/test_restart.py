"""When a restart begins, whose turn it is, and when it is given up (law 8)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from routekeeper.domain.restart import Action, Active, Candidate, Phase, RestartOutcome, begin, next_attempt_at
from tests.unit.domain.restarts import HEALTHY, IDLE, POLICY, SICK, SICK_B, UNKNOWN, step, under_way, wait


def test_a_restart_begins_once_the_target_has_been_unhealthy_long_enough() -> None:
    assert "restart in 1 s at the earliest" in wait(begin(IDLE, (SICK,), now=59))

    begun = step(begin(IDLE, (SICK,), now=60))

    assert (begun.outcome, begun.action) == (RestartOutcome.BEGUN, Action.STOP)
    assert begun.state.active == Active("nat-a", "i-a", Phase.STOPPING, 60, 60, attempt=1)
    assert begun.state.attempts == {"nat-a": (60,)}
    assert begun.reason == "attempt 1 of 3: no answer"


@pytest.mark.parametrize(
    ("candidate", "reason"),
    [
        (replace(SICK, health=HEALTHY), "HEALTHY"),
        (replace(SICK, health=UNKNOWN, since=None), "UNKNOWN"),
        (replace(SICK, carries_traffic=True), "traffic has not left it yet"),
        (replace(SICK, paused="group private-a is paused by ops"), "paused by ops"),
    ],
)
def test_law_8_no_restart_begins_without_failure_with_traffic_or_against_an_operator(
    candidate: Candidate, reason: str
) -> None:
    assert reason in wait(begin(IDLE, (candidate,), now=1000))


def test_law_8_no_second_restart_begins_while_one_is_under_way() -> None:
    assert "nat-a is being restarted" in wait(begin(under_way(Phase.STARTING), (SICK_B,), now=1000))


def test_a_target_that_cannot_be_restarted_now_does_not_keep_another_waiting() -> None:
    begun = step(begin(IDLE, (replace(SICK, carries_traffic=True), SICK_B), now=1000))

    assert begun.target == "nat-b"


def test_of_two_failed_targets_the_one_with_fewer_attempts_comes_first() -> None:
    tried = replace(IDLE, attempts={"nat-a": (100.0,)})

    assert step(begin(tried, (SICK, SICK_B), now=5000)).target == "nat-b"


def test_each_attempt_waits_twice_as_long_as_the_one_before() -> None:
    state = replace(IDLE, attempts={"nat-a": (1000.0,)})
    assert next_attempt_at(state, "nat-a", POLICY, now=1001) == 1000 + 2 * 60

    assert "the next in 1 s at the earliest" in wait(begin(state, (SICK,), now=1119))
    assert step(begin(state, (SICK,), now=1120)).outcome is RestartOutcome.BEGUN

    twice = replace(IDLE, attempts={"nat-a": (1000.0, 1120.0)})
    assert next_attempt_at(twice, "nat-a", POLICY, now=1121) == 1120 + 4 * 60


def test_without_attempts_so_far_the_next_may_begin_now() -> None:
    assert next_attempt_at(IDLE, "nat-a", POLICY, now=7) == 7


def test_giving_up_is_told_once_and_then_waited_out() -> None:
    tried = replace(IDLE, attempts={"nat-a": (100.0, 300.0, 600.0)})

    gave_up = step(begin(tried, (SICK,), now=5000))

    assert (gave_up.outcome, gave_up.action) == (RestartOutcome.GAVE_UP, None)
    assert gave_up.state.given_up == {"nat-a"}
    assert "given up after 3 restarts" in wait(begin(gave_up.state, (SICK,), now=5001))


def test_an_attempt_that_ages_out_makes_room_for_another() -> None:
    tried = replace(IDLE, attempts={"nat-a": (100.0, 300.0, 600.0)}, given_up=frozenset({"nat-a"}))

    begun = step(begin(tried, (SICK,), now=100 + POLICY.per_seconds))

    assert begun.outcome is RestartOutcome.BEGUN
    assert begun.state.given_up == frozenset()
    assert begun.state.attempts["nat-a"] == (300.0, 600.0, 100 + POLICY.per_seconds)


def test_recovery_by_itself_ends_the_giving_up() -> None:
    healed = step(begin(replace(IDLE, given_up=frozenset({"nat-a"})), (replace(SICK, health=HEALTHY),), now=5000))

    assert (healed.outcome, healed.action) == (RestartOutcome.RECOVERED, None)
    assert healed.state.given_up == frozenset()
