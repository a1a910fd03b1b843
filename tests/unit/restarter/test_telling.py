"""What people are told of a restart, and what is kept of it in history."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

import pytest

from lab.memory_store import MemoryStore
from routekeeper.domain.errors import AnnouncementError, StoreError
from routekeeper.domain.health import Health
from routekeeper.domain.restart_event import RestartEvent
from tests.unit.restarter.fake_ec2 import KilledError
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


def test_law_7_whichever_save_is_not_answered_people_are_told_of_each_step_once() -> None:
    story = Story()
    story.leave("nat-a")
    story.run(180)
    saves = [write.operation for write in story.table.writes].count("save_restart")
    assert saves > 4

    for answered in range(saves):
        story = Story()
        lose_an_answer(story, answered)
        story.leave("nat-a")

        story.run(420)

        news = [event for event in story.history() if event.outcome.name != "PROGRESS"]
        assert [event.outcome.name for event in news] == ["BEGUN", "RECOVERED"], answered
        assert story.told == news, answered
        assert story.store.load_restart("nat").untold == ()


def lose_an_answer(story: Story, answered: int) -> None:
    """So many saves of the restarter are answered. The next one acts, and nobody hears of it."""
    for _ in range(answered):
        story.store.before("save_restart", lambda: None)
    lost = partial(story.store.fail, "save_restart", StoreError("no answer"), after_acting=True)
    story.store.before("save_restart", lost)


def test_news_that_another_may_still_be_telling_is_left_to_it_for_a_while() -> None:
    story = Story()
    story.ec2.kill_before(STOP)
    story.leave("nat-a")
    story.timeline.sleep(60)
    with suppress(KilledError):
        story.invoke()

    story.invoke()
    assert story.outcomes() == ["RECOVERED"]

    story.run(120)
    assert story.outcomes() == ["RECOVERED", "BEGUN"]


def test_what_was_told_is_told_once_though_another_has_gone_on_meanwhile() -> None:
    story = Story()
    another = MemoryStore(story.table, writer="another")
    story.while_told = lambda: another.save_restart(another.load_restart("nat"))
    story.leave("nat-a")

    story.run(300)

    assert story.outcomes() == ["BEGUN", "RECOVERED"]
    assert story.store.load_restart("nat").untold == ()


def test_a_table_that_takes_no_save_is_an_error_and_people_are_not_told_the_same_again_and_again() -> None:
    story = Story()

    def denied_from_the_end_on() -> None:
        if story.outcomes() == ["BEGUN", "RECOVERED"]:
            story.store.fail("save_restart", StoreError("denied"), times=5)

    story.while_told = denied_from_the_end_on
    story.leave("nat-a")
    story.run(120)

    assert [summary.errors for summary in story.run(240)] == [("nat: denied",)] * 4
    assert story.outcomes() == ["BEGUN", "RECOVERED"]

    story.run(180)
    assert story.outcomes() == ["BEGUN", "RECOVERED", "RECOVERED"], "it was not known whether they had been told"


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
