"""The restarter over whole invocations: one restart at a time in a group (law 8), groups side by side (law 11)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from routekeeper.domain.errors import RestartError, StoreError
from routekeeper.domain.health import Health
from routekeeper.domain.restart import InstanceState, Phase
from routekeeper.domain.settings import Path
from routekeeper.ec2.errors import refused
from routekeeper.store.items import group_key, restart_key
from tests.unit.restarter.fake_ec2 import KilledError
from tests.unit.restarter.story import GO, POLICY, STOP, Story, active_phase
from tests.unit.restarter.timeline import INVOCATION_SECONDS


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


def test_law_8_of_two_failed_instances_the_second_waits_for_the_first() -> None:
    story = Story()
    for target in ("nat-a", "nat-b"):
        story.sees(target, Health.UNHEALTHY)
    story.timeline.at(150, lambda: story.traffic("private-b", "nat-a"))

    story.run(400)

    assert story.outcomes() == ["BEGUN", "RECOVERED"] * 2
    assert [event.target for event in story.told] == ["nat-a", "nat-a", "nat-b", "nat-b"]
    assert story.at(STOP, "i-b")[0] > 150, "once nat-a is healthy again, traffic leaves nat-b first"


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
        lambda story: story.ec2.unreadable.update({"i-a": refused("i-a is malformed", "InvalidInstanceID.Malformed")}),
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
    story.ec2.unreadable["i-a"] = refused("no answer", "Timeout")
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
