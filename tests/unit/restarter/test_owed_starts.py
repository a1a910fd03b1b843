"""Instances that do not start once they have been stopped: started again and again, until they run (law 15)."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from routekeeper.domain.health import Health
from routekeeper.domain.restart import InstanceState
from routekeeper.operator.report import restart_status
from tests.unit.restarter.fake_ec2 import Machine
from tests.unit.restarter.story import GO, STOP, Story

NO_CAPACITY = "InsufficientInstanceCapacity"


def owing() -> Story:
    """nat-a was stopped after a minute, and EC2 refuses each start. 600 s have gone by."""
    story = Story()
    story.ec2.refuse(GO, NO_CAPACITY, times=10_000)
    story.leave("nat-a")
    story.run(600)
    return story


def test_law_15_half_an_hour_without_capacity_ends_with_an_instance_that_runs() -> None:
    story = owing()
    story.timeline.at(1800, story.ec2.refusals.clear)

    story.run(1800 - 600 + 960)

    assert story.outcomes() == ["BEGUN", "NOT_STARTED", "RUNS_AGAIN"]
    assert NO_CAPACITY in story.told[1].reason
    assert story.ec2.machines["i-a"].state is InstanceState.RUNNING
    assert story.actions() == [STOP, GO]
    assert story.invoke().given_up == ()


@pytest.mark.parametrize("hours", [2, pytest.param(24, marks=pytest.mark.long)])
def test_law_15_it_is_asked_for_however_long_it_lasts_and_people_are_told_once(hours: int) -> None:
    story = owing()
    before = len(story.ec2.refusals)

    summaries = story.run(hours * 3600)

    assert hours * 3600 / 960 <= before - len(story.ec2.refusals) <= hours * 4 + 5
    assert story.outcomes() == ["BEGUN", "NOT_STARTED"]
    assert {summary.given_up for summary in summaries} == {("nat-a",)}, "the alarm lasts"
    assert [event.outcome.name for event in story.history()].count("PROGRESS") == 1, "tries are no history"
    assert {summary.errors for summary in summaries} == {()}


def test_law_8_the_other_instance_of_the_group_is_restarted_meanwhile_if_its_traffic_has_left() -> None:
    story = owing()
    story.sees("nat-b", Health.UNHEALTHY)
    story.run(120)

    assert story.actions("i-b") == [STOP]
    assert [event.target for event in story.told] == ["nat-a", "nat-a", "nat-b"]


def test_law_6_a_pause_of_a_group_that_uses_it_holds_its_start() -> None:
    story = owing()
    story.pause("private-b", 3600)
    before = len(story.ec2.refusals)
    story.run(3600)
    assert len(story.ec2.refusals) == before

    story.run(960)
    assert len(story.ec2.refusals) < before


@pytest.mark.parametrize(
    ("state", "outcome"), [(InstanceState.RUNNING, "RUNS_AGAIN"), (InstanceState.TERMINATED, "FAILED")]
)
def test_it_ends_within_a_minute_when_somebody_else_starts_or_terminates_it(state: InstanceState, outcome: str) -> None:
    story = owing()
    story.run(7200)
    story.ec2.machines["i-a"].state = state

    story.run(60)

    assert story.outcomes()[2] == outcome
    assert story.store.load_restart("nat").owed == {}


@pytest.mark.parametrize("removed", [True, False], ids=["target removed", "instance exchanged"])
def test_law_15_an_instance_that_has_left_the_configuration_is_started_all_the_same(*, removed: bool) -> None:
    story = owing()
    story.ec2.machines["i-new"] = Machine()
    story.reconfigure(None if removed else replace(story.configuration.targets["nat-a"], instance="i-new"))
    story.ec2.refusals.clear()

    story.run(960)

    assert story.ec2.machines["i-a"].state is InstanceState.RUNNING
    assert "RUNS_AGAIN" in story.outcomes()


def test_law_15_an_instance_that_ec2_stops_again_after_it_has_taken_the_start_is_started_again() -> None:
    story = Story()
    story.ec2.machines["i-a"] = Machine(start_seconds=1000)
    story.leave("nat-a")
    story.timeline.at(80, partial(story.ec2.release, "i-a"))
    story.timeline.at(80, partial(setattr, story.ec2.machines["i-a"], "start_seconds", 10.0))

    story.run(300)

    assert story.actions() == [STOP, GO, GO]
    assert story.outcomes() == ["BEGUN", "RECOVERED"]


def test_status_shows_what_is_owed_and_why() -> None:
    story = owing()

    told = restart_status(story.store.load_restart("nat"))

    [owed] = told["owed"]
    assert (owed["target"], owed["instance"], owed["code"]) == ("nat-a", "i-a", NO_CAPACITY)
    assert owed["tries"] >= 1
    assert told["active"] is None
