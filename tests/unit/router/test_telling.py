"""People and programs are told once, after the routes, and whoever cannot be reached holds nothing up."""

from __future__ import annotations

from dataclasses import replace

from routekeeper.domain.group_state import Channel
from routekeeper.domain.health import Health
from routekeeper.domain.steering import NextHop
from routekeeper.telemetry.measurements import Metric
from tests.unit.router.stage import CONFIGURATION, DENIED, NAT_A, NAT_B, Stage


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
        stage.routes.refusals = {"rtb-1": [DENIED], "rtb-2": [DENIED]}
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
