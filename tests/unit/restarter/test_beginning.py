"""When a restart begins: once its target has failed for long enough and traffic has left it (laws 1 and 8)."""

from __future__ import annotations

from dataclasses import replace

from routekeeper.domain.health import Health
from routekeeper.domain.signals import spot_warning, state_change
from tests.unit.restarter.story import GO, STOP, Story


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


def test_law_8_traffic_that_somebody_has_put_there_by_hand_has_not_left() -> None:
    story = Story()
    story.leave("nat-a")
    story.drifted("private-a", "nat-a")

    story.run(300)
    assert story.actions() == []

    story.drifted("private-a")
    story.run(120)
    assert story.actions() == [STOP, GO]


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


def test_patience_counts_from_when_the_restarter_has_seen_a_verdict_turn() -> None:
    """What a vantage that was suspected had held for an hour counts for a moment, when it begins to hear again."""
    story = Story()
    story.run(3600)
    story.leave("nat-a", since=story.timeline.now - 3500)

    story.run(60)
    assert story.actions() == []

    story.run(120)
    assert story.actions() == [STOP, GO]


def test_a_target_without_an_instance_is_never_a_patient() -> None:
    story = Story()
    story.reconfigure(replace(story.configuration.targets["nat-a"], instance=None))
    story.leave("nat-a")

    story.run(300)

    assert story.actions() == []
