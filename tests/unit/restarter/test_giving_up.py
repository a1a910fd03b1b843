"""Instances that restarts do not cure: attempts are counted, given up once, and age out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from routekeeper.domain.health import Health
from routekeeper.domain.restart import InstanceState
from routekeeper.ec2.errors import refused
from tests.unit.restarter.fake_ec2 import Machine
from tests.unit.restarter.story import GO, POLICY, STOP, Story


def test_an_instance_that_is_never_cured_is_given_up_after_its_attempts_and_people_are_told_once() -> None:
    story = Story()
    story.incurable.add("nat-a")
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


@pytest.mark.parametrize("state", [InstanceState.TERMINATED, InstanceState.SHUTTING_DOWN])
def test_law_15_a_terminated_instance_is_not_restarted_and_people_are_told_once(state: InstanceState) -> None:
    story = Story()
    story.ec2.machines["i-a"].state = state
    story.leave("nat-a")

    summaries = story.run(2 * POLICY.per_seconds / 24)

    assert story.outcomes() == ["GAVE_UP"]
    assert state.value in story.told[0].reason
    assert story.ec2.asked == []
    assert summaries[-1].given_up == ("nat-a",)


def test_a_terminated_instance_that_another_has_replaced_is_restarted_as_any() -> None:
    story = Story()
    story.ec2.machines |= {"i-a": Machine(InstanceState.TERMINATED), "i-new": Machine()}
    story.leave("nat-a")
    story.run(120)

    story.reconfigure(replace(story.configuration.targets["nat-a"], instance="i-new"))
    story.run(300)

    assert story.actions("i-new") == [STOP, GO]
    assert story.outcomes() == ["GAVE_UP", "BEGUN", "RECOVERED"]
    assert story.invoke().given_up == ()


def test_no_restart_begins_before_the_state_of_its_instance_is_known() -> None:
    story = Story()
    story.ec2.unreadable["i-a"] = refused("no answer", "Timeout")
    story.leave("nat-a")
    story.run(300)
    assert (story.told, story.ec2.asked) == ([], [])

    story.ec2.unreadable.clear()
    story.run(120)

    assert story.actions() == [STOP, GO]
