"""People and programs are told once, after the routes, and whoever cannot be reached holds nothing up."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from routekeeper.domain.brake import Ledger
from routekeeper.domain.errors import AnnouncementError, StoreError
from routekeeper.domain.group_state import Channel, Transition
from routekeeper.domain.health import Health
from routekeeper.domain.settings import Brake
from routekeeper.domain.steering import NextHop
from routekeeper.router import transitions
from routekeeper.telemetry.measurements import Metric
from tests.unit.router.stage import CONFIGURATION, NAT_A, NAT_B, SILENT, Stage


def test_people_are_told_once_and_the_metrics_count_once(stage: Stage) -> None:
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    stage.run()
    assert [t.id for t in stage.people.told if t.group == "one"] == [stage.history()[0].id]
    assert stage.count(Metric.TRANSITIONS) == 2  # one for each group


def test_people_out_of_reach_hold_nothing_up_and_are_told_later(stage: Stage) -> None:
    stage.people.unreachable = set(Channel)
    stage.see("nat-a", Health.UNHEALTHY)
    reports = stage.run()
    assert reports["one"].error is None
    assert stage.routes.next_hops["rtb-1"] == NAT_B
    stage.people.unreachable = set()
    stage.run()
    assert {t.group for t in stage.people.told} == {"one", "two"}


def test_law_4_people_are_told_after_the_routes_and_never_before(stage: Stage) -> None:
    stage.people.unreachable = set(Channel)
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()  # leaves news that nobody could be told
    stage.see("nat-a", Health.HEALTHY)
    stage.see("nat-b", Health.UNHEALTHY)
    stage.people.unreachable = set()
    seen: list[set[NextHop]] = []
    stage.people.before_telling = lambda: seen.append(set(stage.routes.next_hops.values()))
    stage.configuration = replace(CONFIGURATION, groups={"one": CONFIGURATION.groups["one"]})
    stage.run()
    assert seen
    assert all(stage.routes.next_hops[table] == NAT_A for table in ("rtb-1", "rtb-2"))
    assert stage.routes.changes[-2:] == [("rtb-1", "i-a"), ("rtb-2", "i-a")]
    assert NAT_A in seen[0]


def test_telling_people_has_a_budget(stage: Stage) -> None:
    stage.people.before_telling = lambda: stage.sleep(6)
    stage.see("nat-a", Health.UNHEALTHY)
    begun = stage.now
    stage.run()
    assert stage.now - begun <= 2 * 2 * 6  # one slow call a channel and group, whatever else is untold


def test_a_refusing_event_bus_does_not_repeat_the_mail(stage: Stage) -> None:
    stage.people.unreachable = {Channel.EVENTS}
    stage.see("nat-a", Health.UNHEALTHY)
    for _ in range(5):
        stage.run()
        stage.now += 60
    assert [t.group for t in stage.people.told].count("one") == 1
    stage.people.unreachable = set()
    stage.run()
    stage.run()
    assert [t.group for t in stage.people.events].count("one") == 1
    assert stage.state().unannounced == ()


def test_news_that_nobody_wanted_for_an_hour_is_told_no_more(stage: Stage) -> None:
    stage.people.unreachable = set(Channel)
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    stage.now += 3601
    stage.run()
    assert stage.state().unannounced == ()


def test_what_took_more_than_an_hour_to_be_carried_out_is_told_all_the_same(stage: Stage) -> None:
    stage.see("nat-a", Health.UNHEALTHY)
    for _ in range(7):
        stage.routes.refusals = {"rtb-1": [*SILENT], "rtb-2": [*SILENT]}
        stage.see("nat-b", Health.HEALTHY)
        stage.run()
        stage.now += 600
    stage.see("nat-b", Health.HEALTHY)
    stage.routes.refusals = {}
    stage.run()
    [event] = stage.history()
    assert event in stage.people.told


def test_what_another_invocation_is_telling_is_left_to_it(stage: Stage) -> None:
    stage.people.unreachable = set(Channel)
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    stage.people.unreachable = set()
    stage.save(stage.state(), teller="another", teller_until=stage.now + 10)
    stage.run()
    assert "one" not in [t.group for t in stage.people.told]
    stage.now += 11
    stage.run()
    assert [t.group for t in stage.people.told].count("one") == 1


def bad_news(stage: Stage, group: str, error: Exception) -> None:
    """Telling of the group's transitions fails, whatever the channel."""

    def fail(transition: Transition) -> None:
        if transition.group == group:
            raise error

    stage.people.before_each = fail


def moved_back_and_forth(stage: Stage) -> tuple[str, str]:
    """The IDs of two transitions of group `one` that nobody could be told yet, oldest first."""
    stage.configuration = replace(CONFIGURATION, groups={"one": CONFIGURATION.groups["one"]})
    stage.people.unreachable = set(Channel)
    for dead, alive in (("nat-a", "nat-b"), ("nat-b", "nat-a")):
        stage.see(alive, Health.HEALTHY)
        stage.see(dead, Health.UNHEALTHY)
        stage.run()
    stage.people.unreachable = set()
    stage.measured.clear()
    newest, oldest = stage.history()
    return oldest.id, newest.id


@pytest.mark.parametrize("error", [ValueError("year 58633 is out of range"), AnnouncementError("InvalidParameter")])
def test_one_message_that_cannot_be_told_does_not_block_the_next(
    stage: Stage, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    poison, next_one = moved_back_and_forth(stage)

    def fail(transition: Transition) -> None:
        if transition.id == poison:
            raise error

    stage.people.before_each = fail
    caplog.clear()
    with caplog.at_level(logging.WARNING, logger="routekeeper"):
        stage.run()
    assert [one.id for one in stage.people.told] == [one.id for one in stage.people.events] == [next_one]
    assert [untold.transition.id for untold in stage.state().unannounced] == [poison]
    told = [vars(one) for one in caplog.records if one.getMessage() == "people not told"]
    assert [(one["transition"], one["channel"]) for one in told] == [(poison, "topic"), (poison, "events")]
    assert stage.count(Metric.TELLING_FAILURES) == 2


def test_law_11_news_of_one_group_that_cannot_be_told_does_not_block_another(stage: Stage) -> None:
    bad_news(stage, "one", ValueError("year 58633 is out of range"))
    stage.see("nat-a", Health.UNHEALTHY)
    reports = stage.run()
    assert {one.group for one in stage.people.told} == {"two"}
    assert reports["one"].error is None
    groups = {m.dimensions.get("group") for m in stage.measured if m.metric is Metric.TELLING_FAILURES}
    assert groups == {None, "one"}


@pytest.mark.parametrize("error", [StoreError("no answer"), ValueError("a bug")])
def test_no_failure_around_the_telling_stays_in_a_future_that_nobody_looks_at(
    stage: Stage, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    moved_back_and_forth(stage)
    store = stage.store
    store.before("load_group", lambda: None)  # the pass itself reads the group first
    store.fail("load_group", error)
    with caplog.at_level(logging.WARNING, logger="routekeeper"):
        stage.run(store)
    assert "telling failed" in [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING]
    assert stage.count(Metric.TELLING_FAILURES) == 1


def test_a_slow_channel_leaves_the_other_its_time(stage: Stage) -> None:
    stage.people.slow, stage.people.sleep = {Channel.TOPIC: 30.0}, stage.sleep
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    assert {one.group for one in stage.people.events} == {"one", "two"}


def test_news_that_is_given_up_is_logged_and_counted(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    moved_back_and_forth(stage)
    stage.now += 3601
    with caplog.at_level(logging.ERROR, logger="routekeeper"):
        stage.run()
    assert [one.getMessage() for one in caplog.records].count("people never told") == 4
    assert stage.count(Metric.TELLING_FAILURES) == 4


def test_news_that_the_item_has_no_room_for_is_logged_and_counted(
    stage: Stage, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transitions, "UNTOLD_LIMIT", 1)
    with caplog.at_level(logging.ERROR, logger="routekeeper"):
        oldest, _ = moved_back_and_forth(stage)
    assert [vars(one)["transition"] for one in caplog.records if one.getMessage() == "people never told"] == [oldest]


def test_news_of_the_brake_that_cannot_be_told_is_logged_counted_and_blocks_no_channel(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.configuration = replace(CONFIGURATION, brake=Brake(12, 3600.0))
    stage.store.save_brake(Ledger(engaged_at=stage.now, untold=tuple(Channel)))
    stage.people.failing_brake = {Channel.TOPIC: ValueError("a bug")}
    with caplog.at_level(logging.WARNING, logger="routekeeper"):
        stage.run()
    assert [channel for _, channel in stage.people.engagements] == [Channel.EVENTS]
    assert stage.store.load_brake().untold == (Channel.TOPIC,)
    assert "people not told of the brake" in [one.getMessage() for one in caplog.records]
    assert stage.count(Metric.TELLING_FAILURES) == 1
