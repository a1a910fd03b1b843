"""The restarter, told as stories; times are seconds after their start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from routekeeper.domain.errors import AnnouncementError, Ec2Error, RestartError, StoreError
from routekeeper.domain.health import Health
from routekeeper.domain.restart import Action, Active, InstanceState, Phase
from routekeeper.domain.restart_event import RestartEvent
from routekeeper.domain.settings import Path
from routekeeper.domain.signals import spot_warning, state_change
from routekeeper.store.items import group_key, restart_key
from routekeeper.store.memory import MemoryStore
from tests.unit.restarter.story import INVOCATION_SECONDS, POLICY, START, KilledError, Life, Machine, Story

STOP, FORCE, GO = Action.STOP, Action.FORCE_STOP, Action.START


def active_phase(story: Story) -> Phase | None:
    active = story.store.load_restart("nat").active
    return active.phase if active is not None else None


def test_a_failed_instance_whose_traffic_has_left_is_stopped_and_started_until_its_target_is_healthy() -> None:
    story = Story()
    story.leave("nat-a")

    story.run(180)

    assert story.actions() == [STOP, GO]
    assert story.outcomes() == ["BEGUN", "RECOVERED"]
    assert story.ec2.machines["i-a"].state is InstanceState.RUNNING
    assert story.actions("i-b") == []
    assert story.store.load_restart("nat").active is None


def test_a_restart_runs_its_phases_within_one_invocation_and_not_one_a_minute() -> None:
    story = Story()
    story.leave("nat-a")
    story.timeline.sleep(60)

    summary = story.invoke()

    (report,) = summary.groups
    assert [event.outcome.name for event in report.events] == ["BEGUN", "PROGRESS", "PROGRESS", "RECOVERED"]
    assert 60 < story.seconds < 60 + INVOCATION_SECONDS
    assert story.actions() == [STOP, GO]


def test_while_nothing_is_under_way_an_invocation_returns_at_once_and_writes_nothing_new() -> None:
    story = Story()
    story.leave("nat-a")
    story.invoke()
    before = len(story.table.writes)

    summary = story.invoke()

    assert story.seconds == 0
    assert len(story.table.writes) == before
    assert "restart in 60 s at the earliest" in summary.groups[0].reason


def test_an_invocation_ends_before_its_deadline_and_the_next_goes_on_from_the_table() -> None:
    story = Story()
    story.ec2.machines["i-a"].stop_seconds = 100
    story.leave("nat-a")
    story.timeline.sleep(60)

    story.invoke()
    assert story.seconds <= 60 + INVOCATION_SECONDS - 10
    assert active_phase(story) is Phase.STOPPING
    story.run(180)

    assert story.actions() == [STOP, GO]
    assert story.outcomes() == ["BEGUN", "RECOVERED"]


# --- law 8: when


def test_law_8_an_instance_keeps_running_while_its_group_has_not_decided_to_leave_it() -> None:
    story = Story()
    story.sees("nat-a", Health.UNHEALTHY)

    story.run(600)
    assert story.actions() == []

    story.traffic("private-a", "nat-b")
    story.run(60)
    assert story.actions()[0] is STOP


def test_law_8_traffic_has_not_left_until_the_change_of_routes_is_recorded() -> None:
    story = Story()
    story.sees("nat-a", Health.UNHEALTHY)
    story.traffic("private-a", "nat-b", pending_from="nat-a")

    story.run(600)
    assert story.actions() == []

    story.traffic("private-a", "nat-b")
    story.run(60)
    assert story.actions()[0] is STOP


def test_law_8_one_group_that_still_sends_its_traffic_through_it_is_enough() -> None:
    story = Story()
    story.leave("nat-a")
    story.traffic("private-b", "nat-a")

    story.run(600)

    assert story.actions() == []


def test_law_8_a_group_that_has_decided_nothing_yet_may_send_its_traffic_anywhere() -> None:
    story = Story()
    story.leave("nat-a")
    story.traffic("private-b", None)

    story.run(600)

    assert story.actions() == []


def test_law_8_where_nothing_else_is_healthy_traffic_need_not_leave_first() -> None:
    story = Story()
    for target in ("nat-a", "nat-b"):
        story.sees(target, Health.UNHEALTHY)

    story.run(120)

    assert story.actions() == [STOP, GO]


def test_law_8_of_two_failed_instances_the_second_waits_for_the_first() -> None:
    story = Story()
    for target in ("nat-a", "nat-b"):
        story.sees(target, Health.UNHEALTHY)
    story.timeline.at(150, lambda: story.traffic("private-b", "nat-a"))

    story.run(400)

    assert story.outcomes() == ["BEGUN", "RECOVERED"] * 2
    assert [event.target for event in story.told] == ["nat-a", "nat-a", "nat-b", "nat-b"]
    assert story.at(STOP, "i-b")[0] > 150, "once nat-a is healthy again, traffic leaves nat-b first"


def test_law_1_a_target_of_which_nothing_is_known_is_not_restarted() -> None:
    story = Story()
    story.leave("nat-a")
    story.silence_monitors()

    story.timeline.sleep(45)
    story.run(300)

    assert story.actions() == []


def test_a_target_that_heals_before_its_time_is_left_alone() -> None:
    story = Story()
    story.leave("nat-a")
    story.timeline.at(50, lambda: story.sees("nat-a", Health.HEALTHY))

    story.run(300)

    assert story.actions() == []
    assert story.told == []


# --- law 6


def test_law_6_a_paused_group_holds_up_the_restart_of_its_instances_and_says_who_and_why() -> None:
    story = Story()
    story.leave("nat-a")
    story.pause("private-b", seconds=300)

    paused = story.run(300)
    assert story.actions() == []
    assert "group private-b is paused by ops: maintenance" in paused[-1].groups[0].reason

    story.run(60)
    assert story.actions()[0] is STOP, "the pause has expired"


def test_law_6_a_pause_in_the_middle_of_a_restart_stops_it_where_it_is_until_it_expires() -> None:
    story = Story()
    story.leave("nat-a")
    story.timeline.at(61, lambda: story.pause("private-a", seconds=240))

    story.run(240)
    assert story.actions() == [STOP]
    story.run(180)

    assert story.actions() == [STOP, GO]
    assert story.outcomes() == ["BEGUN", "RECOVERED"]


def test_a_held_restart_is_not_waited_for_within_the_invocation() -> None:
    story = Story()
    story.leave("nat-a")
    story.timeline.at(61, lambda: story.pause("private-a", seconds=600))
    story.run(120)
    begun = story.seconds

    story.invoke()

    assert story.seconds == begun


# --- instances that do not do as they are told


def test_a_stop_that_hangs_is_forced_after_its_timeout() -> None:
    story = Story()
    story.ec2.machines["i-a"].hangs = True
    story.leave("nat-a")

    story.run(360)

    assert story.at(FORCE)[0] - story.at(STOP)[0] == pytest.approx(POLICY.stop_timeout_seconds, abs=60)
    assert story.actions()[-1] is GO
    assert story.outcomes() == ["BEGUN", "RECOVERED"]


def stuck() -> Story:
    """Both have failed, and nat-a, whose turn it was, is not to be stopped by any means. 480 s have gone by."""
    story = Story()
    story.ec2.machines["i-a"] = Machine(hangs=True, hangs_even_forced=True)
    for target in ("nat-a", "nat-b"):
        story.sees(target, Health.UNHEALTHY)
    story.run(480)
    return story


def test_law_8_nor_where_aws_says_that_all_else_is_down_though_its_probes_do_not() -> None:
    story = Story()
    story.says(state_change("i-b", "stopped", story.timeline.now))
    story.sees("nat-a", Health.UNHEALTHY)

    story.run(180)

    assert story.actions() == [STOP, GO]


def test_law_8_traffic_leaves_first_for_what_is_only_announced_to_go() -> None:
    story = Story()
    story.says(spot_warning("i-b", "stop", story.timeline.now))
    story.sees("nat-a", Health.UNHEALTHY)

    story.run(180)

    assert story.actions() == []


def test_law_6_while_the_table_does_not_tell_whether_a_group_is_paused_a_restart_does_not_go_on() -> None:
    story = Story()
    story.ec2.machines["i-a"].hangs = True
    story.leave("nat-a")
    story.run(90)
    story.pause("private-a", 3600)
    story.timeline.sleep(1200)
    for _ in range(8):
        story.store.fail("load_group", StoreError("no answer"))

    story.invoke()

    assert story.actions() == [STOP]


def test_law_8_while_a_forced_stop_does_not_end_no_other_instance_of_the_group_is_stopped() -> None:
    story = stuck()

    story.run(3600)

    assert story.ec2.machines["i-a"].state is InstanceState.STOPPING
    assert story.actions("i-b") == []
    assert active_phase(story) is Phase.FORCING


def test_of_a_forced_stop_that_does_not_end_people_are_told_once_and_the_alarm_goes_on() -> None:
    story = stuck()

    summaries = story.run(600)

    assert story.outcomes() == ["BEGUN", "STUCK"]
    assert "after a forced stop" in story.told[1].reason
    assert {summary.given_up for summary in summaries} == {("nat-a",)}


def test_a_forced_stop_that_does_not_end_is_repeated_once_an_invocation() -> None:
    story = stuck()
    before = story.actions().count(FORCE)

    story.run(300)

    assert story.actions().count(FORCE) == before + 5


def test_an_instance_that_stops_long_after_it_was_forced_is_started_and_only_then_comes_the_others_turn() -> None:
    story = stuck()
    story.timeline.at(1000, lambda: story.ec2.release("i-a"))
    story.timeline.at(1100, lambda: story.traffic("private-b", "nat-a"))

    story.run(900)

    assert story.outcomes() == ["BEGUN", "STUCK", "RECOVERED", "BEGUN", "RECOVERED"]
    assert [event.target for event in story.told] == ["nat-a"] * 3 + ["nat-b"] * 2
    assert story.at(STOP, "i-b")[0] > story.at(GO)[0] > 1000
    assert story.invoke().given_up == ()


def test_law_8_an_instance_whose_last_attempt_was_stuck_is_started_all_the_same() -> None:
    story = Story(replace(POLICY, attempts=1))
    story.ec2.machines["i-a"] = Machine(hangs=True, hangs_even_forced=True)
    story.incurable.add("nat-a")
    story.leave("nat-a")
    story.timeline.at(1000, lambda: story.ec2.release("i-a"))

    story.run(1800)

    assert story.outcomes() == ["BEGUN", "STUCK", "FAILED", "GAVE_UP"]
    assert story.ec2.machines["i-a"].state is InstanceState.RUNNING


@pytest.mark.parametrize("way_out", ["terminated", "no longer configured"])
def test_people_free_the_slot_of_an_instance_that_does_not_stop(way_out: str) -> None:
    story = stuck()
    if way_out == "terminated":
        story.ec2.machines["i-a"].state = InstanceState.TERMINATED
    else:
        story.timeline.sleep(600)
        story.reconfigure(None)

    story.run(120)

    assert story.outcomes()[2] == ("FAILED" if way_out == "terminated" else "ABANDONED")
    assert story.actions("i-b") == [STOP, GO]


def test_an_instance_that_never_starts_is_given_up_after_its_attempts_and_people_are_told_once() -> None:
    story = Story()
    story.ec2.machines["i-a"].starts = False
    story.leave("nat-a")

    summaries = story.run(3 * 3600)

    assert story.outcomes() == ["BEGUN", "FAILED"] * POLICY.attempts + ["GAVE_UP"]
    assert story.actions().count(STOP) == POLICY.attempts
    assert summaries[-1].given_up == ("nat-a",), "as long as it stands it is in every summary"


def test_attempts_that_age_out_allow_another_try() -> None:
    story = Story(replace(POLICY, attempts=1, per_seconds=3600))
    story.incurable.add("nat-a")
    story.leave("nat-a")
    story.run(3000)
    assert story.outcomes() == ["BEGUN", "FAILED", "GAVE_UP"]

    story.incurable.clear()
    story.run(1200)

    assert story.outcomes() == ["BEGUN", "FAILED", "GAVE_UP", "BEGUN", "RECOVERED"]


def test_a_target_that_was_given_up_and_heals_by_itself_is_no_longer_given_up() -> None:
    story = Story(replace(POLICY, attempts=1))
    story.incurable.add("nat-a")
    story.leave("nat-a")
    story.run(900)
    story.sees("nat-a", Health.HEALTHY)

    summary = story.invoke()

    assert story.outcomes() == ["BEGUN", "FAILED", "GAVE_UP", "RECOVERED"]
    assert summary.given_up == ()


def test_a_terminated_instance_costs_its_attempts_and_nothing_hangs() -> None:
    story = Story()
    story.ec2.machines["i-a"].state = InstanceState.TERMINATED
    story.leave("nat-a")

    story.run(1200)

    assert story.outcomes()[-1] == "GAVE_UP"
    assert story.ec2.machines["i-a"].state is InstanceState.TERMINATED


# --- EC2 that refuses


@pytest.mark.parametrize("code", ["RequestLimitExceeded", "UnauthorizedOperation", "Timeout"])
def test_a_refused_stop_is_reported_and_tried_again(code: str) -> None:
    story = Story()
    story.ec2.refuse(STOP, code)
    story.leave("nat-a")
    story.timeline.sleep(60)

    (report,) = story.invoke().groups

    assert report.troubles == (f"stop: {code}",)
    assert report.error is None, "it was overcome"
    assert story.actions() == [STOP, GO]


def test_a_call_that_acts_and_is_not_answered_is_not_made_a_second_time() -> None:
    story = Story()
    story.ec2.refuse(STOP, "Timeout", after_acting=True)
    story.ec2.refuse(GO, "Timeout", after_acting=True)
    story.leave("nat-a")

    story.run(180)

    assert story.actions() == [STOP, GO]
    assert story.outcomes() == ["BEGUN", "RECOVERED"]


def test_a_stop_that_is_always_denied_ends_as_a_failure_and_is_an_error_of_the_invocation() -> None:
    story = Story()
    story.ec2.refuse(STOP, "UnauthorizedOperation", times=10_000)
    story.ec2.refuse(FORCE, "UnauthorizedOperation", times=10_000)
    story.leave("nat-a")
    story.timeline.sleep(60)

    with pytest.raises(RestartError, match="nat: stop: UnauthorizedOperation"):
        story.invoke().raise_errors()
    story.run(360)

    assert story.outcomes()[:2] == ["BEGUN", "FAILED"]


def test_law_8_a_stop_that_was_refused_is_not_repeated_once_the_target_is_healthy_again() -> None:
    story = Story()
    story.ec2.refuse(STOP, "RequestLimitExceeded", times=10_000)
    story.leave("nat-a")
    story.timeline.at(80, lambda: story.sees("nat-a", Health.HEALTHY))
    story.timeline.at(90, story.ec2.refusals.clear)

    story.run(300)

    assert story.actions() == []
    assert story.outcomes() == ["BEGUN", "RECOVERED"]


def test_law_8_a_stop_that_was_refused_is_not_repeated_while_traffic_is_back_on_the_instance() -> None:
    story = Story()
    story.ec2.refuse(STOP, "RequestLimitExceeded", times=10_000)
    story.leave("nat-a")
    story.timeline.at(80, lambda: story.traffic("private-a", "nat-a"))
    story.timeline.at(80, story.ec2.refusals.clear)

    story.run(240)

    assert story.actions() == []
    assert story.outcomes() == ["BEGUN", "FAILED"]


# --- law 10


def test_a_repeated_action_is_no_news() -> None:
    story = Story()
    story.ec2.refuse(STOP, "RequestLimitExceeded", times=3)
    story.leave("nat-a")

    story.run(180)

    assert [event.outcome.name for event in story.history()] == ["BEGUN", "PROGRESS", "PROGRESS", "RECOVERED"]
    assert story.outcomes() == ["BEGUN", "RECOVERED"]


def test_law_8_who_is_late_does_not_repeat_what_another_has_gone_on_from() -> None:
    """While it looks at the instance, another one finds it stopped and saves that it is to be started."""
    story = Story()
    story.ec2.machines["i-a"] = Machine(hangs=True, hangs_even_forced=True)
    story.leave("nat-a")
    story.run(300)
    forced = story.actions().count(FORCE)
    assert (active_phase(story), forced > 0) == (Phase.FORCING, True)

    def overtake() -> None:
        state = story.store.load_restart("nat")
        assert state.active is not None
        story.store.save_restart(replace(state, active=replace(state.active, phase=Phase.STARTING)))

    story.ec2.slow_seconds["i-a"] = 1.0
    story.timeline.after(0.5, overtake)

    story.invoke()

    assert story.actions().count(FORCE) == forced


def test_patience_counts_from_when_the_restarter_has_seen_a_verdict_turn() -> None:
    """What a vantage that was suspected had held for an hour counts for a moment, when it begins to hear again."""
    story = Story()
    story.run(3600)
    story.leave("nat-a", since=story.timeline.now - 3500)

    story.run(60)
    assert story.actions() == []

    story.run(120)
    assert story.actions() == [STOP, GO]


def test_law_8_traffic_that_somebody_has_put_there_by_hand_has_not_left() -> None:
    story = Story()
    story.leave("nat-a")
    story.astray("private-a", "nat-a")

    story.run(300)
    assert story.actions() == []

    story.astray("private-a")
    story.run(120)
    assert story.actions() == [STOP, GO]


def test_law_10_killed_between_save_and_call_the_next_invocation_makes_the_call() -> None:
    story = Story()
    story.leave("nat-a")
    story.ec2.kill_before(STOP)

    story.run(240)

    assert story.actions() == [STOP, GO]
    assert story.at(STOP) == [120], "the invocation of 60 s was killed"


def test_law_10_a_forced_stop_that_was_saved_and_never_asked_for_is_asked_for() -> None:
    story = Story()
    story.ec2.machines["i-a"].hangs = True
    story.leave("nat-a")
    story.ec2.kill_before(FORCE)

    story.run(480)

    assert FORCE in story.actions()
    assert story.outcomes() == ["BEGUN", "RECOVERED"]


def test_law_10_killed_at_any_line_the_restart_is_done_once_and_completely(quick: bool) -> None:
    lived = Story()
    lived.leave("nat-a")
    lived.run(180)
    half_steps = -lived.life.left
    assert half_steps > 100

    for killed_after in range(1, half_steps + 1, 3 if quick else 1):  # by threes: before a step and after one in turn
        story = Story()
        story.life = Life(killed_after)
        story.leave("nat-a")

        story.run(420)

        assert story.actions() == [STOP, GO], killed_after
        assert active_phase(story) is None
        assert [event.outcome.name for event in story.history()] == ["BEGUN", "PROGRESS", "PROGRESS", "RECOVERED"]
        assert story.ec2.machines["i-a"].state is InstanceState.RUNNING


def test_a_lost_race_leaves_the_group_to_the_winner() -> None:
    story = Story()
    story.leave("nat-a")
    story.timeline.sleep(60)
    story.store.before("save_restart", lambda: winner_begins(story))

    summary = story.invoke()

    assert story.actions() == [], "the winner asks EC2"
    assert summary.groups[0].reason == "somebody else is attending to it"
    assert summary.errors == ()


def winner_begins(story: Story) -> None:
    other = MemoryStore(story.table, writer="winner")
    other.save_restart(
        replace(other.load_restart("nat"), active=Active("nat-a", "i-a", Phase.STOPPING, START, START, 1))
    )


def test_a_save_whose_answer_is_lost_is_taken_up_by_the_next_invocation() -> None:
    story = Story()
    story.leave("nat-a")
    story.store.fail("save_restart", StoreError("no answer"), after_acting=True)

    story.run(240)

    assert story.actions() == [STOP, GO]
    assert [event.outcome.name for event in story.history()] == ["BEGUN", "PROGRESS", "PROGRESS", "RECOVERED"]


# --- law 11


def two_groups() -> Story:
    """Like any story, but each instance is in a restart group of its own."""
    story = Story()
    for name in ("nat-a", "nat-b"):
        target = story.configuration.targets[name]
        story.reconfigure(replace(target, restart=replace(POLICY, group=f"group-{name}")), name)
        story.sees(name, Health.UNHEALTHY)
    return story


def test_law_11_groups_are_restarted_side_by_side() -> None:
    story = two_groups()
    story.timeline.sleep(60)

    story.invoke()

    assert story.actions("i-a") == story.actions("i-b") == [STOP, GO]
    assert abs(story.at(STOP, "i-a")[0] - story.at(STOP, "i-b")[0]) < 1


@pytest.mark.parametrize(
    "trouble",
    [
        lambda story: story.ec2.unreadable.update({"i-a": Ec2Error("i-a is malformed", "InvalidInstanceID.Malformed")}),
        lambda story: story.poison(restart_key("group-nat-a")),
        lambda story: story.ec2.refuse(STOP, "UnauthorizedOperation"),
    ],
    ids=["bad ID", "poison record", "denied call"],
)
def test_law_11_one_groups_trouble_neither_strands_nor_delays_another(trouble: Callable[[Story], None]) -> None:
    story = two_groups()
    trouble(story)
    story.timeline.sleep(60)

    summary = story.invoke()

    assert story.actions("i-b") == [STOP, GO]
    assert story.at(STOP, "i-b") == [60]
    first, second = summary.groups
    assert first.troubles
    assert not second.troubles


def test_law_11_an_ec2_that_is_silent_about_one_instance_does_not_slow_another_groups_restart() -> None:
    story = two_groups()
    story.ec2.unreadable["i-a"] = Ec2Error("no answer", "Timeout")
    story.ec2.slow_seconds["i-a"] = 21
    story.timeline.sleep(60)

    _, second = story.invoke().groups

    assert [event.outcome.name for event in second.events][-1] == "RECOVERED"
    assert second.events[-1].at - second.events[0].at == pytest.approx(25, abs=2 * 3), "10 s each way, 5 s to be seen"


def test_law_11_a_group_is_told_of_as_soon_as_it_has_been_attended_to() -> None:
    story = two_groups()
    story.ec2.slow_seconds["i-a"] = 21
    story.sees("nat-b", Health.HEALTHY)
    story.traffic("private-a", "nat-b")
    story.timeline.sleep(60)

    told = {group: at for at, group in story.tell_times()}

    assert told["group-nat-b"] == 60
    assert told["group-nat-a"] > 80


def test_a_silent_ec2_ends_no_invocation_by_force() -> None:
    story = Story()
    story.leave("nat-a")
    story.timeline.sleep(60)
    story.ec2.slow_seconds["i-a"] = 7
    story.ec2.unreadable["i-a"] = Ec2Error("no answer", "Timeout")

    story.invoke()

    assert story.seconds < 60 + INVOCATION_SECONDS


def test_law_11_an_unreadable_failover_group_bars_only_restarts_of_the_instances_that_it_uses() -> None:
    story = two_groups()
    only_b = story.configuration.groups["private-b"]
    story.configuration = replace(
        story.configuration,
        groups={
            "private-a": replace(story.configuration.groups["private-a"], paths=(only_b.paths[1], Path("managed"))),
            "private-b": replace(only_b, paths=(only_b.paths[0],)),
        },
    )
    story.poison(group_key("private-a"))
    story.timeline.sleep(60)

    summary = story.invoke()

    assert story.actions("i-a") == [], "its traffic may still go through it"
    assert story.actions("i-b") == [STOP, GO]
    assert "private-a" in summary.errors[0]


def test_law_6_no_restart_begins_while_a_group_that_may_be_paused_is_unreadable() -> None:
    story = Story()
    story.leave("nat-a")
    story.sees("nat-b", Health.UNHEALTHY)  # nothing else is healthy: traffic would be no reason to wait
    story.poison(group_key("private-b"))
    story.timeline.sleep(60)

    summary = story.invoke()

    assert story.actions("i-a") == []
    assert "private-b" in summary.groups[0].reason


def test_law_10_a_restart_under_way_goes_on_while_a_group_is_unreadable() -> None:
    story = Story()
    story.leave("nat-a")
    story.timeline.sleep(60)
    story.ec2.kill_before(GO)
    with pytest.raises(KilledError):
        story.invoke()
    story.poison(group_key("private-b"))

    story.invoke()

    assert story.actions("i-a") == [STOP, GO], "what was stopped is not left stopped"


def test_a_table_that_does_not_answer_is_an_error_of_the_invocation_and_not_a_crash() -> None:
    story = Story()
    story.leave("nat-a")
    story.store.fail("load_board", StoreError("the table did not answer"))
    story.timeline.sleep(60)

    summary = story.invoke()

    assert summary.errors == ("nat: the table did not answer",)
    with pytest.raises(RestartError, match="nat: the table did not answer"):
        summary.raise_errors()


def test_where_no_time_is_left_groups_are_not_looked_at_and_the_summary_says_so() -> None:
    story = Story()
    story.leave("nat-a")

    summary = story.restarter().run(story.timeline.now + 5)

    assert summary.groups[0].reason == "not looked at: no time was left"


# --- telling people


def test_a_failing_announcement_does_not_stop_the_restart_and_is_reported() -> None:
    story = Story()
    story.untellable = AnnouncementError("the topic refused")
    story.leave("nat-a")
    story.timeline.sleep(60)

    summary = story.invoke()

    assert story.actions() == [STOP, GO]
    assert [event.outcome.name for event in summary.events][-1] == "RECOVERED"
    assert any("the topic refused" in trouble for trouble in summary.groups[0].troubles)


def test_history_tells_of_every_step_what_and_why() -> None:
    story = Story()
    story.leave("nat-a")

    story.run(180)

    told: list[RestartEvent] = story.history()
    assert len({event.id for event in told}) == 4
    assert [event.outcome.name for event in told] == ["BEGUN", "PROGRESS", "PROGRESS", "RECOVERED"]
    assert [event.action for event in told] == [STOP, GO, None, None]
    assert told[0].reason == "attempt 1 of 3: 1 of 1 vantages: az-a: seen UNHEALTHY"
    assert all(event.target == "nat-a" and event.instance == "i-a" and event.reason for event in told)


# --- configurations that change meanwhile


@pytest.mark.parametrize("removed", [True, False], ids=["target removed", "instance exchanged"])
def test_what_was_stopped_and_is_no_longer_configured_is_started_again_and_let_go(*, removed: bool) -> None:
    story = Story()
    story.ec2.machines |= {"i-a": Machine(stop_seconds=100), "i-new": Machine()}
    story.leave("nat-a")
    target = story.configuration.targets["nat-a"]
    story.timeline.at(65, lambda: story.reconfigure(None if removed else replace(target, instance="i-new")))

    story.run(300)

    assert story.actions()[:2] == [STOP, GO]
    assert story.outcomes()[:2] == ["BEGUN", "ABANDONED"]
    assert story.ec2.machines["i-a"].state is InstanceState.RUNNING


def test_what_is_no_longer_configured_and_still_runs_is_let_go_untouched() -> None:
    story = Story()
    story.ec2.kill_before(STOP)
    story.leave("nat-a")
    story.run(61)
    assert active_phase(story) is Phase.STOPPING
    story.reconfigure(None)

    story.run(60)

    assert story.actions() == []
    assert story.outcomes() == ["ABANDONED"]


def test_a_target_without_an_instance_is_never_a_patient() -> None:
    story = Story()
    story.reconfigure(replace(story.configuration.targets["nat-a"], instance=None))
    story.leave("nat-a")

    story.run(300)

    assert story.actions() == []
