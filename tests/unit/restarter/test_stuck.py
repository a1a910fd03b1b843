"""Instances that do not stop: forced, then kept in their slot until they have stopped or people let them go (law 8)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from routekeeper.domain.health import Health
from routekeeper.domain.restart import InstanceState, Phase
from tests.unit.restarter.fake_ec2 import Machine
from tests.unit.restarter.story import FORCE, GO, POLICY, STOP, Story, active_phase


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
