"""How a restart goes on, ends, and is let go once it is no longer configured (laws 6, 8 and 10)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from routekeeper.domain.refusal import Refusal
from routekeeper.domain.restart import Action, Candidate, InstanceState, Phase, RestartOutcome, Step, Wait, begin
from routekeeper.domain.restart_course import WITHDRAWAL_SECONDS, refused, withdraw
from tests.unit.domain.restarts import (
    HEALTHY,
    PENDING,
    POLICY,
    RUNNING,
    SICK,
    SICK_B,
    STOPPED,
    STOPPING,
    TERMINATED,
    UNKNOWN,
    go_on,
    step,
    under_way,
    wait,
)


@pytest.mark.parametrize(
    ("phase", "instance", "action"),
    [
        (Phase.STOPPING, RUNNING, Action.STOP),
        (Phase.FORCING, RUNNING, Action.FORCE_STOP),
        (Phase.FORCING, STOPPING, Action.FORCE_STOP),
        (Phase.STARTING, STOPPED, Action.START),
        (Phase.RECOVERING, STOPPED, Action.START),
    ],
)
def test_law_10_an_action_that_does_not_show_is_repeated_and_changes_no_state(
    phase: Phase, instance: InstanceState, action: Action
) -> None:
    state = under_way(phase)

    again = step(go_on(state, instance, now=110))

    assert again.action is action
    assert again.state == state


@pytest.mark.parametrize(
    ("phase", "instance", "now", "entered", "action"),
    [
        (Phase.STOPPING, STOPPED, 110, Phase.STARTING, Action.START),
        (Phase.FORCING, STOPPED, 110, Phase.STARTING, Action.START),
        (Phase.STOPPING, STOPPING, 220, Phase.FORCING, Action.FORCE_STOP),
        (Phase.STOPPING, RUNNING, 220, Phase.FORCING, Action.FORCE_STOP),
        (Phase.STARTING, PENDING, 110, Phase.RECOVERING, None),
        (Phase.STARTING, RUNNING, 110, Phase.RECOVERING, None),
    ],
)
def test_what_shows_or_takes_too_long_leads_to_the_next_phase(
    phase: Phase, instance: InstanceState, now: float, entered: Phase, action: Action | None
) -> None:
    entering = step(go_on(under_way(phase), instance, now))

    assert entering.state.active is not None
    assert (entering.state.active.phase, entering.state.active.phase_since) == (entered, now)
    assert (entering.outcome, entering.action) == (RestartOutcome.PROGRESS, action)


@pytest.mark.parametrize(
    ("phase", "instance"),
    [
        (Phase.STOPPING, STOPPING),
        (Phase.STOPPING, PENDING),
        (Phase.FORCING, PENDING),
        (Phase.STARTING, STOPPING),
        (Phase.RECOVERING, PENDING),
        (Phase.RECOVERING, RUNNING),
        (Phase.RECOVERING, STOPPING),
    ],
)
def test_what_takes_its_time_is_waited_for(phase: Phase, instance: InstanceState) -> None:
    assert instance.value in wait(go_on(under_way(phase), instance, now=110))


@pytest.mark.parametrize(
    ("phase", "instance", "now"),
    [
        (Phase.FORCING, RUNNING, 220),
        (Phase.FORCING, PENDING, 220),
        (Phase.RECOVERING, RUNNING, 400),
        (Phase.STOPPING, TERMINATED, 110),
        (Phase.RECOVERING, InstanceState.SHUTTING_DOWN, 110),
    ],
)
def test_what_cannot_succeed_any_more_fails_and_frees_the_group(
    phase: Phase, instance: InstanceState, now: float
) -> None:
    failed = step(go_on(under_way(phase), instance, now))

    assert (failed.outcome, failed.action, failed.state.active) == (RestartOutcome.FAILED, None, None)
    assert failed.state.attempts == {"nat-a": (100.0,)}, "it counts"


def test_law_8_a_forced_stop_that_is_overdue_is_told_once_repeated_and_keeps_the_slot() -> None:
    told = step(go_on(under_way(Phase.FORCING), STOPPING, 220))
    assert (told.outcome, told.action) == (RestartOutcome.STUCK, Action.FORCE_STOP)
    assert told.state.active == under_way(Phase.FORCING).active
    assert told.state.given_up == {"nat-a"}

    again = step(go_on(told.state, STOPPING, 5000))
    assert (again.outcome, again.action, again.state) == (RestartOutcome.PROGRESS, Action.FORCE_STOP, told.state)
    assert isinstance(begin(told.state, (SICK_B,), 5000), Wait)


@pytest.mark.parametrize(
    ("instance", "outcome", "action"),
    [
        (STOPPED, RestartOutcome.PROGRESS, Action.START),
        (RUNNING, RestartOutcome.FAILED, None),
        (TERMINATED, RestartOutcome.FAILED, None),
    ],
)
def test_what_was_stuck_goes_on_once_it_is_no_longer_stopping_and_is_no_longer_given_up(
    instance: InstanceState, outcome: RestartOutcome, action: Action | None
) -> None:
    stuck = replace(under_way(Phase.FORCING), given_up=frozenset({"nat-a"}))

    freed = step(go_on(stuck, instance, 5000))

    assert (freed.outcome, freed.action, freed.state.given_up) == (outcome, action, frozenset())


def test_a_restart_has_succeeded_when_the_target_is_healthy_since_after_it_began() -> None:
    state = under_way(Phase.RECOVERING)
    assert isinstance(go_on(state, RUNNING, 150, replace(SICK, health=HEALTHY, since=99.0)), Wait)
    assert isinstance(go_on(state, PENDING, 150, replace(SICK, health=HEALTHY, since=140.0)), Wait)

    recovered = step(go_on(state, RUNNING, 150, replace(SICK, health=HEALTHY, since=140.0)))

    assert (recovered.outcome, recovered.state.active) == (RestartOutcome.RECOVERED, None)


@pytest.mark.parametrize("phase", [Phase.STOPPING, Phase.FORCING])
def test_law_8_an_instance_that_still_runs_is_spared_once_its_target_is_healthy_again(phase: Phase) -> None:
    spared = step(go_on(under_way(phase), RUNNING, 110, replace(SICK, health=HEALTHY, since=105.0)))

    assert (spared.outcome, spared.action, spared.state.active) == (RestartOutcome.RECOVERED, None, None)


@pytest.mark.parametrize("phase", [Phase.STOPPING, Phase.FORCING])
@pytest.mark.parametrize(
    "candidate", [replace(SICK, carries_traffic=True), replace(SICK, health=UNKNOWN, since=None)], ids=["traffic", "?"]
)
def test_law_8_a_late_stop_waits_for_what_allows_it_and_fails_when_it_waits_too_long(
    phase: Phase, candidate: Candidate
) -> None:
    assert isinstance(go_on(under_way(phase), RUNNING, 110, candidate), Wait)

    failed = step(go_on(under_way(phase), RUNNING, 220, candidate))

    assert (failed.outcome, failed.action, failed.state.active) == (RestartOutcome.FAILED, None, None)


@pytest.mark.parametrize("instance", [STOPPING, STOPPED])
def test_what_has_been_stopped_is_started_again_whatever_became_of_traffic_and_health(instance: InstanceState) -> None:
    candidate = replace(SICK, health=UNKNOWN, since=None, carries_traffic=True)

    assert step(go_on(under_way(Phase.STOPPING), STOPPED, 110, candidate)).action is Action.START
    assert step(go_on(under_way(Phase.FORCING), instance, 110, candidate)).action is not None


def test_law_6_a_held_restart_asks_nothing_of_ec2_but_is_still_closed_when_it_has_ended() -> None:
    held = replace(SICK, paused="paused by ops")
    for phase, instance, now in [
        (Phase.STOPPING, RUNNING, 110),
        (Phase.STOPPING, STOPPED, 110),
        (Phase.STOPPING, STOPPING, 220),
        (Phase.STARTING, STOPPED, 110),
    ]:
        assert wait(go_on(under_way(phase), instance, now, held)) == "paused by ops"

    healed = replace(held, health=HEALTHY, since=140.0)
    assert step(go_on(under_way(Phase.RECOVERING), RUNNING, 150, healed)).outcome is RestartOutcome.RECOVERED


# --- letting go of what is no longer configured


@pytest.mark.parametrize("instance", [RUNNING, TERMINATED, InstanceState.SHUTTING_DOWN])
def test_what_runs_or_is_gone_is_let_go_at_once(instance: InstanceState) -> None:
    state = under_way(Phase.STOPPING)
    assert state.active is not None

    ended = step(withdraw(state, state.active, instance, now=110))

    assert (ended.outcome, ended.action, ended.state.active) == (RestartOutcome.ABANDONED, None, None)


def test_what_was_stopped_is_started_before_it_is_let_go() -> None:
    stopping = under_way(Phase.FORCING)
    assert stopping.active is not None
    assert isinstance(withdraw(stopping, stopping.active, STOPPING, now=110), Wait)

    starting = step(withdraw(stopping, stopping.active, STOPPED, now=120))
    assert starting.action is Action.START
    assert starting.state.active is not None
    assert starting.state.active.phase is Phase.STARTING

    again = step(withdraw(starting.state, starting.state.active, STOPPED, now=130))
    assert (again.action, again.state) == (Action.START, starting.state)
    assert step(withdraw(starting.state, starting.state.active, RUNNING, now=140)).outcome is RestartOutcome.ABANDONED


@pytest.mark.parametrize(
    ("phase", "instance", "seconds", "outcome"),
    [
        (Phase.STOPPING, STOPPING, WITHDRAWAL_SECONDS, RestartOutcome.ABANDONED),
        (Phase.RECOVERING, PENDING, 10, RestartOutcome.ABANDONED),
        (Phase.STARTING, STOPPED, WITHDRAWAL_SECONDS, RestartOutcome.NOT_STARTED),
    ],
)
def test_law_15_what_is_let_go_and_does_not_run_is_owed_a_start(
    phase: Phase, instance: InstanceState, seconds: float, outcome: RestartOutcome
) -> None:
    state = under_way(phase)
    assert state.active is not None

    ended = step(withdraw(state, state.active, instance, now=100 + seconds))

    assert (ended.outcome, ended.action, ended.state.active) == (outcome, None, None)
    assert set(ended.state.owed) == {"i-a"}


# --- what EC2 refuses


def refuse(phase: Phase, action: Action, code: str, seen: InstanceState, earlier: str | None = None) -> Step | None:
    state = under_way(phase)
    assert state.active is not None
    earlier_one = None if earlier is None else Refusal(earlier, "as before", final=True)
    active = replace(state.active, refusal=earlier_one)
    state = replace(state, active=active)
    final = code != "Timeout"
    return refused(state, active, POLICY, (action, Refusal(code, "EC2's words", final=final)), seen, 110)


@pytest.mark.parametrize("code", ["UnsupportedOperation", "OperationNotPermitted"])
@pytest.mark.parametrize("action", [Action.STOP, Action.FORCE_STOP])
def test_law_15_a_stop_that_ec2_never_makes_ends_the_restart_until_the_attempt_ages_out(
    code: str, action: Action
) -> None:
    ended = step(refuse(Phase.STOPPING, action, code, RUNNING))

    assert (ended.outcome, ended.action, ended.state.active) == (RestartOutcome.FAILED, None, None)
    assert "EC2's words" in ended.reason
    assert ended.state.given_up == {"nat-a"}
    bar = ended.state.barred["nat-a"]
    assert (bar.instance, bar.since, bar.until) == ("i-a", 110, 100 + POLICY.per_seconds)


@pytest.mark.parametrize(
    ("action", "code", "seen"),
    [
        (Action.STOP, "Timeout", RUNNING),
        (Action.STOP, "IncorrectInstanceState", RUNNING),
        (Action.START, "Timeout", STOPPED),
        (Action.START, "IncorrectInstanceState", STOPPED),
    ],
)
def test_what_ec2_may_take_a_moment_later_is_only_asked_again(action: Action, code: str, seen: InstanceState) -> None:
    assert refuse(Phase.STOPPING, action, code, seen) is None


def test_a_refusal_that_may_be_lag_gets_one_repeat() -> None:
    noted = step(refuse(Phase.STOPPING, Action.STOP, "UnauthorizedOperation", RUNNING))
    assert (noted.quiet, noted.action) == (True, None)
    assert noted.state.active is not None
    assert noted.state.active.refusal is not None

    again = step(refuse(Phase.STOPPING, Action.STOP, "UnauthorizedOperation", RUNNING, "UnauthorizedOperation"))
    assert again.outcome is RestartOutcome.FAILED


@pytest.mark.parametrize(
    ("action", "seen"), [(Action.FORCE_STOP, STOPPING), (Action.START, STOPPED)], ids=["stopping", "stopped"]
)
def test_law_15_what_is_on_its_way_down_or_is_down_is_never_given_up(action: Action, seen: InstanceState) -> None:
    noted = step(refuse(Phase.FORCING, action, "UnsupportedOperation", seen))
    assert noted.state.active is not None
    assert refuse(Phase.FORCING, action, "UnsupportedOperation", seen, "UnsupportedOperation") is None
