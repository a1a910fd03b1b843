"""Instances that restarts do not cure: attempts are counted, given up once, and age out."""

from __future__ import annotations

from dataclasses import replace

from routekeeper.domain.health import Health
from routekeeper.domain.restart import InstanceState
from tests.unit.restarter.story import POLICY, STOP, Story


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
