"""EC2 that refuses or does not answer: asked again, unless the stop is no longer justified (law 8)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from routekeeper.domain.errors import RestartError
from routekeeper.domain.health import Health
from routekeeper.ec2.errors import refused
from tests.unit.restarter.story import FORCE, GO, POLICY, STOP, Story
from tests.unit.restarter.timeline import INVOCATION_SECONDS


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
    story.run(3600)

    assert story.outcomes() == [*["BEGUN", "FAILED"] * POLICY.attempts, "GAVE_UP"]
    assert 20_000 - len(story.ec2.refusals) == 2 * POLICY.attempts


def test_a_permission_that_is_given_back_is_used_by_the_next_attempt() -> None:
    story = Story()
    story.ec2.refuse(STOP, "UnauthorizedOperation", times=2)
    story.leave("nat-a")
    story.run(3600)
    assert story.outcomes() == ["BEGUN", "FAILED", "BEGUN", "RECOVERED"]


@pytest.mark.parametrize("code", ["UnsupportedOperation", "OperationNotPermitted"])
def test_law_15_what_ec2_never_stops_is_given_up_at_once_in_its_words(code: str) -> None:
    story = Story(replace(POLICY, per_seconds=7200))
    story.ec2.refuse(STOP, code, times=10_000)
    story.leave("nat-a")

    summaries = story.run(7200)

    assert story.outcomes() == ["BEGUN", "FAILED"]
    assert f"EC2 does not stop it: stop: {code}" in story.told[1].reason
    assert 10_000 - len(story.ec2.refusals) == 1
    assert summaries[-1].given_up == ("nat-a",)
    assert story.actions("i-b") == []


def test_law_15_what_ec2_never_stops_keeps_no_other_instance_of_its_group_waiting() -> None:
    story = Story()
    story.ec2.refuse(STOP, "UnsupportedOperation")
    for target in ("nat-a", "nat-b"):
        story.sees(target, Health.UNHEALTHY)
    story.timeline.sleep(60)

    story.invoke()

    assert [(event.target, event.outcome.name) for event in story.told] == [
        ("nat-a", "BEGUN"), ("nat-a", "FAILED"), ("nat-b", "BEGUN"), ("nat-b", "RECOVERED"),
    ]  # fmt: skip


@pytest.mark.parametrize("ending", ["healthy", "aged out"])
def test_law_15_what_ec2_did_not_stop_is_tried_again_once_it_was_healthy_or_the_attempt_has_aged_out(
    ending: str,
) -> None:
    story = Story(replace(POLICY, per_seconds=7200))
    story.ec2.refuse(STOP, "OperationNotPermitted")
    story.leave("nat-a")
    story.run(300)

    if ending == "healthy":
        story.sees("nat-a", Health.HEALTHY)
        story.run(60)
        story.leave("nat-a")
        story.run(420)
    else:
        story.run(7200)

    assert story.outcomes()[:2] == ["BEGUN", "FAILED"]
    assert story.outcomes()[-2:] == ["BEGUN", "RECOVERED"]
    assert story.actions() == [STOP, GO]


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


def test_a_silent_ec2_ends_no_invocation_by_force() -> None:
    story = Story()
    story.leave("nat-a")
    story.timeline.sleep(60)
    story.ec2.slow_seconds["i-a"] = 7
    story.ec2.unreadable["i-a"] = refused("no answer", "Timeout")

    story.invoke()

    assert story.seconds < 60 + INVOCATION_SECONDS
