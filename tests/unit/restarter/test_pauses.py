"""Restarts while a failover group is paused: none begins and none goes on (law 6)."""

from __future__ import annotations

from routekeeper.domain.errors import StoreError
from tests.unit.restarter.story import GO, STOP, Story


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
