"""What people are told of a restart, and what is kept of it in history."""

from __future__ import annotations

import pytest

from routekeeper.domain.errors import AnnouncementError
from routekeeper.domain.health import Health
from routekeeper.domain.restart_event import RestartEvent
from tests.unit.restarter.story import GO, STOP, Story


def test_a_failing_announcement_does_not_stop_the_restart_and_is_reported() -> None:
    story = Story()
    story.untellable = AnnouncementError("the topic refused")
    story.leave("nat-a")
    story.timeline.sleep(60)

    summary = story.invoke()

    assert story.actions() == [STOP, GO]
    assert [event.outcome.name for event in summary.events][-1] == "RECOVERED"
    assert any("the topic refused" in trouble for trouble in summary.groups[0].troubles)


def test_a_bug_in_a_message_does_not_stop_the_restart_and_is_reported_and_counted() -> None:
    story = Story()
    story.untellable = ValueError("year 58633 is out of range")
    story.leave("nat-a")
    story.timeline.sleep(60)

    summary = story.invoke()

    assert story.actions() == [STOP, GO]
    assert any("year 58633 is out of range" in trouble for trouble in summary.groups[0].troubles)
    assert summary.groups[0].untold == len([e for e in summary.events if e.outcome.name != "PROGRESS"])


def test_what_could_not_be_told_is_told_later_in_its_order() -> None:
    story = Story()
    story.untellable = AnnouncementError("the topic refused")
    story.leave("nat-a")
    story.run(240)
    assert story.told == []

    story.untellable = None
    story.run(60)

    assert story.outcomes() == ["BEGUN", "RECOVERED"]
    assert story.told == [event for event in story.history() if event.outcome.name != "PROGRESS"]
    story.run(120)
    assert len(story.told) == 2, "once"


def test_what_could_not_be_told_for_an_hour_stands_in_history_only(caplog: pytest.LogCaptureFixture) -> None:
    story = Story()
    story.untellable = AnnouncementError("the topic refused")
    story.leave("nat-a")
    story.run(3900)
    story.untellable = None

    story.run(60)

    assert story.told == []
    assert story.store.load_restart("nat").untold == ()
    assert [record.message for record in caplog.records].count("people never told") == 2


def test_history_tells_of_every_step_what_and_why() -> None:
    story = Story()
    story.leave("nat-a")

    story.run(180)

    told: list[RestartEvent] = story.history()
    assert len({event.id for event in told}) == 4
    assert [event.outcome.name for event in told] == ["BEGUN", "PROGRESS", "PROGRESS", "RECOVERED"]
    assert [event.action for event in told] == [STOP, GO, None, None]
    assert told[0].reason == "attempt 1 of 3: 1 of 1 vantages: a: seen UNHEALTHY"
    assert all(event.target == "nat-a" and event.instance == "i-a" and event.reason for event in told)


def test_a_repeated_action_is_no_news() -> None:
    story = Story()
    story.ec2.refuse(STOP, "RequestLimitExceeded", times=3)
    story.leave("nat-a")

    story.run(180)

    assert [event.outcome.name for event in story.history()] == ["BEGUN", "PROGRESS", "PROGRESS", "RECOVERED"]
    assert story.outcomes() == ["BEGUN", "RECOVERED"]


def test_a_vote_from_the_future_is_left_out_and_logged_once_an_invocation(caplog: pytest.LogCaptureFixture) -> None:
    story = Story()
    story.sees("nat-a", Health.UNHEALTHY, since=story.timeline.now + 10_000)

    story.invoke()

    assert [record.message for record in caplog.records].count("item of the board not believed") == 1
    assert story.told == []
