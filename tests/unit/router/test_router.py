"""The router over a whole failover: decide, commit, put in place, record, tell."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from routekeeper.domain.errors import StoreError
from routekeeper.domain.group_state import Asker, Channel, Intent, Pause, Pin, TransitionKind
from routekeeper.domain.health import Health
from routekeeper.domain.settings import Configuration, Group, IcmpProbe, Path, Quorum, Target
from routekeeper.domain.signals import spot_warning
from routekeeper.domain.steering import NextHop, NextHopKind, VpcRoute
from routekeeper.ec2.errors import refused
from routekeeper.telemetry.measurements import Metric
from tests.unit.router.stage import CONFIGURATION, NAT_A, NAT_B, Stage, group

ASKED = Asker("kim", 0.0, "maintenance")
DENIED = refused("denied", "UnauthorizedOperation")


@pytest.fixture
def stage() -> Stage:
    """Both groups on nat-a, adopted."""
    stage = Stage()
    stage.run()
    stage.measured.clear()
    return stage


def test_at_the_start_what_is_there_is_adopted_and_nothing_is_changed() -> None:
    stage = Stage()
    stage.run()
    assert stage.state().path == "nat-a"
    assert stage.routes.changes == []
    assert stage.history() == ()


def test_a_dead_path_found_at_the_start_is_left_in_the_same_pass() -> None:
    stage = Stage()
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    assert stage.state().path == "nat-b"
    assert stage.history()[0].from_path == "nat-a"


def test_a_dead_path_is_left_for_a_healthy_one_in_every_table(stage: Stage) -> None:
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    assert stage.routes.next_hops == {"rtb-1": NAT_B, "rtb-2": NAT_B, "rtb-3": NAT_B}
    assert stage.state().path == "nat-b"


def test_law_7_a_move_is_one_event_that_tells_what_why_and_how_fast(stage: Stage) -> None:
    stage.see("nat-a", Health.UNHEALTHY)
    stage.now += 0.25
    stage.run()
    stage.run()
    [event] = stage.history()
    assert (event.kind, event.from_path, event.to_path) == (TransitionKind.FAILOVER, "nat-a", "nat-b")
    assert "nat-a is UNHEALTHY" in event.reason
    assert [(c.resource, c.before, c.after, c.refusal) for c in event.changes] == [
        ("rtb-1", "i-a", "i-b", None),
        ("rtb-2", "i-a", "i-b", None),
    ]
    assert event.detection_seconds == pytest.approx(1.65)
    assert event.steering_seconds == pytest.approx(0.25)


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


def _write_before_the_change_of(stage: Stage, table: str) -> None:
    """An operator writes to the group, once, when its route in the table is about to be changed."""
    written: list[str] = []

    def write_once(changed: str) -> None:
        if changed == table and not written:
            written.append(changed)
            stage.save(stage.state(), reason="an operator wrote something")

    stage.routes.before_change = write_once


def _fail_before_the_last_refused_read(stage: Stage, target: str) -> None:
    def fail_meanwhile() -> None:
        if len(stage.routes.refusals["read"]) == 1:
            stage.see(target, Health.UNHEALTHY)

    stage.routes.before_read = fail_meanwhile


def test_law_7_changes_made_before_a_refused_record_are_part_of_the_event(stage: Stage) -> None:
    _write_before_the_change_of(stage, "rtb-2")
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    [event] = stage.history()
    assert [(c.resource, c.before, c.after, c.refusal) for c in event.changes] == [
        ("rtb-1", "i-a", "i-b", None),
        ("rtb-2", "i-a", "i-b", None),
    ]


def test_law_7_a_pause_while_routes_are_moved_hides_nothing_of_it(stage: Stage) -> None:
    def pause_once(table: str) -> None:
        if table == "rtb-2" and stage.state().pause is None:
            stage.save(stage.state(), pause=Pause(stage.now + 7200, ASKED))

    stage.routes.before_change = pause_once
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    [event] = stage.history()
    assert [(c.resource, c.refusal) for c in event.changes] == [("rtb-1", None), ("rtb-2", None)]
    assert event in stage.people.told
    assert stage.state().pending is None


def test_traffic_returns_once_the_preferred_path_was_healthy_for_the_hold_down(stage: Stage) -> None:
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    stage.now += 100
    stage.see("nat-a", Health.HEALTHY)
    stage.run()  # the stream wakes the router with every change of health
    stage.now += 59
    stage.run()
    assert stage.state().path == "nat-b"
    stage.now += 2
    stage.run()
    assert stage.state().path == "nat-a"
    assert stage.history()[0].kind is TransitionKind.FAILBACK


def test_law_4_a_vantage_that_falls_silent_does_not_shorten_the_hold_down(stage: Stage) -> None:
    """b has called nat-a HEALTHY all along; only a spoke against it, and then stops speaking at all."""
    stage.configuration = replace(
        CONFIGURATION,
        groups={"one": CONFIGURATION.groups["one"]},
        targets={name: replace(target, quorum=Quorum.ANY) for name, target in CONFIGURATION.targets.items()},
    )
    for target in ("nat-a", "nat-b"):
        stage.see(target, Health.HEALTHY, vantage="b")
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    assert stage.state().path == "nat-b"
    for _ in range(10):
        stage.now += 60
        stage.beat("b")
        stage.run()  # which beats for a
    silent_since = stage.now
    while stage.state().path == "nat-b" and stage.now < silent_since + 600:
        stage.now += 20
        stage.beat("b")
        stage.router(stage.store).run(f"alone-{stage.now}", stage.now + 30)
    assert stage.now - silent_since >= CONFIGURATION.stale_after_seconds + 60


def flap(stage: Stage, times: int) -> None:
    """nat-a fails for a minute, and is well for two, so often; the router hears of each turn and looks every minute."""
    for _ in range(times):
        stage.see("nat-a", Health.UNHEALTHY)
        stage.run()
        stage.now += 60
        stage.see("nat-a", Health.HEALTHY)
        for _ in range(3):
            stage.run()
            stage.now += 60


def test_a_path_that_keeps_failing_is_returned_to_later_and_left_as_fast(stage: Stage) -> None:
    flap(stage, 2)
    assert stage.state().path == "nat-a"
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    assert stage.state().path == "nat-b", "the third flap in a few minutes, and left at once all the same"
    failed_at = stage.now
    stage.see("nat-a", Health.HEALTHY)
    while stage.state().path == "nat-b":
        stage.now += 60
        stage.beat()
        stage.run()
    assert 25 * 60 < stage.now - failed_at < 30 * 60
    assert stage.penalty("nat-a") == pytest.approx(2536, rel=0.01)


def test_flaps_of_a_path_without_traffic_count_while_the_group_is_paused_too(stage: Stage) -> None:
    stage.save(stage.state(), path="nat-b", pause=Pause(stage.now + 7200, ASKED))
    flap(stage, 2)
    assert stage.state().path == "nat-b"
    assert stage.penalty("nat-a") > 1800


def test_a_look_that_shows_nothing_new_writes_nothing(stage: Stage) -> None:
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    stage.run()
    version = stage.state().version
    for _ in range(5):
        stage.now += 60
        stage.run()
    assert stage.state().version == version


def test_law_3_with_no_healthy_path_nothing_moves_and_it_is_measured(stage: Stage) -> None:
    stage.see("nat-a", Health.UNHEALTHY)
    stage.see("nat-b", Health.UNHEALTHY)
    stage.run()
    assert stage.routes.changes == []
    assert stage.count(Metric.NO_HEALTHY_PATH) == 2


def test_law_1_stale_vantages_have_no_say(stage: Stage) -> None:
    stage.see("nat-a", Health.UNHEALTHY)
    stage.now += CONFIGURATION.stale_after_seconds + 1
    reports = stage.router(stage.store).run("late", stage.now + 30)
    assert stage.routes.changes == []
    assert all(report.error is None for report in reports)


def test_law_6_a_paused_group_is_left_alone_drift_included(stage: Stage) -> None:
    stage.save(stage.state(), pause=Pause(stage.now + 600, ASKED))
    stage.see("nat-a", Health.UNHEALTHY)
    stage.routes.next_hops["rtb-2"] = NAT_B
    stage.run()
    assert stage.routes.changes == [("rtb-3", "i-b")]
    stage.now += 601
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    assert stage.routes.next_hops["rtb-1"] == NAT_B


def test_law_6_a_pin_moves_to_its_path_and_holds_it(stage: Stage) -> None:
    stage.save(stage.state(), pin=Pin("nat-b", stage.now + 600, ASKED))
    stage.run()
    assert stage.history()[0].kind is TransitionKind.MANUAL
    assert stage.history()[0].asked == ASKED
    stage.now += 300
    stage.see("nat-b", Health.UNHEALTHY)
    stage.run()
    assert stage.state().path == "nat-b"


def test_drift_is_put_right_and_recorded_as_drift(stage: Stage) -> None:
    stage.routes.next_hops["rtb-2"] = NAT_B
    stage.run()
    assert stage.routes.next_hops["rtb-2"] == NAT_A
    [event] = stage.history()
    assert event.kind is TransitionKind.DRIFT
    assert [change.resource for change in event.changes] == ["rtb-2"]
    assert stage.count(Metric.DRIFT) == 1


@pytest.mark.parametrize("health", [Health.UNHEALTHY, Health.UNKNOWN])
def test_laws_2_and_3_drift_is_left_where_it_is_while_nothing_is_healthy(stage: Stage, health: Health) -> None:
    stage.see("nat-a", health)
    stage.see("nat-b", Health.UNHEALTHY)
    stage.routes.next_hops["rtb-2"] = NAT_B
    report = stage.run()["one"]
    assert stage.routes.changes == []
    assert stage.history() == ()
    assert report.error is None
    stage.see("nat-a", Health.HEALTHY)
    stage.run()
    assert stage.routes.changes == [("rtb-2", "i-a")]


def test_law_2_drift_is_judged_by_what_is_known_once_the_routes_could_be_read(stage: Stage) -> None:
    stage.configuration = replace(CONFIGURATION, groups={"one": CONFIGURATION.groups["one"]})
    stage.see("nat-b", Health.UNHEALTHY)
    stage.routes.next_hops["rtb-2"] = NAT_B
    stage.routes.refusals["read"] = [refused("throttled", "RequestLimitExceeded")] * 4
    _fail_before_the_last_refused_read(stage, "nat-a")
    stage.run()
    assert stage.routes.refusals["read"] == []
    assert stage.routes.changes == []


def test_a_blackholed_route_is_left_though_its_probes_still_succeed(stage: Stage) -> None:
    stage.routes.blackholes |= {"rtb-1", "rtb-2"}
    stage.run()
    assert stage.state().path == "nat-b"
    assert "blackhole" in stage.history()[0].reason


def test_a_pass_that_finds_everything_in_place_writes_nothing(stage: Stage) -> None:
    before = len(stage.table.writes)
    stage.run()
    # the stage itself writes one heartbeat
    assert [write.operation for write in stage.table.writes[before:]] == ["save_vantage"]


class TestRefusals:
    def test_a_failing_table_does_not_strand_the_others(self, stage: Stage) -> None:
        stage.routes.refusals["rtb-1"] = [DENIED]
        stage.see("nat-a", Health.UNHEALTHY)
        reports = stage.run()
        assert stage.routes.next_hops == {"rtb-1": NAT_A, "rtb-2": NAT_B, "rtb-3": NAT_B}
        assert reports["one"].error is not None
        assert "denied" in reports["one"].error
        assert stage.count(Metric.STEERING_FAILURES) == 1

    def test_what_failed_is_completed_later_as_an_event_of_its_own(self, stage: Stage) -> None:
        stage.routes.refusals["rtb-1"] = [DENIED]
        stage.see("nat-a", Health.UNHEALTHY)
        stage.run()
        stage.run()
        completion, failover = stage.history()
        assert completion.kind is TransitionKind.COMPLETION
        assert [c.resource for c in completion.changes] == ["rtb-1"]
        assert [c.resource for c in failover.changes if c.refusal is None] == ["rtb-2"]

    def test_a_throttled_call_is_tried_again_within_the_pass(self, stage: Stage) -> None:
        stage.routes.refusals["rtb-1"] = [refused("slow down", "RequestLimitExceeded")] * 3
        stage.see("nat-a", Health.UNHEALTHY)
        assert stage.run()["one"].error is None
        assert stage.routes.next_hops["rtb-1"] == NAT_B
        assert len(stage.history()) == 1

    def test_a_call_that_timed_out_after_acting_is_a_success(self, stage: Stage) -> None:
        stage.routes.acts_before_refusing = True
        stage.routes.refusals["rtb-1"] = [refused("no answer", "Timeout")]
        stage.see("nat-a", Health.UNHEALTHY)
        assert stage.run()["one"].error is None
        assert stage.routes.next_hops["rtb-1"] == NAT_B

    def test_nothing_changed_is_nothing_recorded_and_is_tried_again(self, stage: Stage) -> None:
        stage.routes.refusals["rtb-3"] = [DENIED]
        stage.see("nat-a", Health.UNHEALTHY)
        stage.run()
        assert stage.history("two") == ()
        assert stage.people.told == [stage.history("one")[0]]
        stage.run()
        [event] = stage.history("two")
        assert event.kind is TransitionKind.FAILOVER

    def test_law_2_a_move_that_was_refused_is_not_carried_out_once_its_path_is_no_longer_healthy(
        self, stage: Stage
    ) -> None:
        stage.routes.refusals = {"rtb-1": [DENIED], "rtb-2": [DENIED]}
        stage.see("nat-a", Health.UNHEALTHY)
        stage.run()
        stage.see("nat-a", Health.HEALTHY)
        stage.see("nat-b", Health.UNKNOWN)
        stage.run()
        assert stage.routes.next_hops["rtb-1"] == stage.routes.next_hops["rtb-2"] == NAT_A
        assert (stage.state().path, stage.state().pending) == ("nat-a", None)
        back, given_up = stage.history()
        assert back.changes == ()
        assert {str(change.refusal) for change in given_up.changes} == {f"overtaken by {back.id}"}

    def test_law_3_a_move_that_was_refused_waits_while_nothing_is_healthy(self, stage: Stage) -> None:
        stage.routes.refusals = {"rtb-1": [DENIED], "rtb-2": [DENIED]}
        stage.see("nat-a", Health.UNHEALTHY)
        stage.run()
        stage.see("nat-b", Health.UNKNOWN)
        stage.run()
        assert stage.routes.next_hops["rtb-1"] == stage.routes.next_hops["rtb-2"] == NAT_A
        assert stage.count(Metric.NO_HEALTHY_PATH) > 0
        stage.see("nat-b", Health.HEALTHY)
        stage.run()
        assert stage.routes.next_hops["rtb-1"] == stage.routes.next_hops["rtb-2"] == NAT_B

    def test_law_2_a_path_that_fails_while_ec2_takes_no_change_is_not_moved_onto(self, stage: Stage) -> None:
        """EC2 is silent for five seconds a call; meanwhile the standby dies and the line comes back."""
        asked: list[str] = []

        def silence(table: str) -> None:
            asked.append(table)
            stage.now += 5
            if len(asked) == 4:
                stage.see("nat-a", Health.HEALTHY)
                stage.see("nat-b", Health.UNHEALTHY)
            stage.beat()
            if len(asked) <= 8:
                raise refused("no answer", "Timeout")

        stage.routes.before_change = silence
        stage.configuration = replace(CONFIGURATION, groups={"one": CONFIGURATION.groups["one"]})
        stage.see("nat-a", Health.UNHEALTHY)
        stage.run()
        assert stage.routes.changes == []
        assert stage.state().path == "nat-a"

    def test_law_4_a_third_path_is_taken_when_the_standby_fails_while_ec2_takes_no_change(self, stage: Stage) -> None:
        third = NextHop(NextHopKind.INSTANCE, "i-c")
        one = CONFIGURATION.groups["one"]
        stage.configuration = replace(
            CONFIGURATION, groups={"one": replace(one, paths=(*one.paths, Path("nat-c", None, (third,))))}
        )
        asked: list[str] = []

        def silence(table: str) -> None:
            asked.append(table)
            stage.now += 5
            if len(asked) == 2:
                stage.see("nat-b", Health.UNHEALTHY)
            stage.beat()
            if len(asked) <= 4:
                raise refused("no answer", "Timeout")

        stage.routes.before_change = silence
        stage.see("nat-a", Health.UNHEALTHY)
        stage.run()
        assert set(stage.routes.changes) == {("rtb-1", "i-c"), ("rtb-2", "i-c")}

    def test_law_2_what_was_decided_before_is_looked_at_again_when_the_routes_can_be_read(self, stage: Stage) -> None:
        stage.routes.refusals = {"rtb-1": [DENIED], "rtb-2": [DENIED]}
        stage.see("nat-a", Health.UNHEALTHY)
        stage.run()
        stage.see("nat-a", Health.HEALTHY)
        stage.see("nat-b", Health.UNKNOWN)
        stage.routes.refusals["read"] = [refused("no answer", "Timeout")] * 4
        stage.run()
        assert stage.routes.next_hops["rtb-1"] == stage.routes.next_hops["rtb-2"] == NAT_A

    def test_law_7_what_a_pass_changed_before_it_died_is_recorded_though_ec2_refuses_the_rest_for_good(
        self, stage: Stage
    ) -> None:
        stage.configuration = replace(CONFIGURATION, groups={"one": CONFIGURATION.groups["one"]})
        store = stage.store
        store.fail("record", StoreError("it died"))
        stage.routes.refusals["rtb-2"] = [DENIED] * 10
        stage.see("nat-a", Health.UNHEALTHY)
        stage.run(store)
        assert stage.history() == ()
        stage.now += 60
        stage.run()
        [event] = stage.history()
        assert {change.resource: change.refusal is None for change in event.changes} == {"rtb-1": True, "rtb-2": False}
        stage.run()
        assert stage.history() == (event,), "the rest is tried again, and is no news"

    def test_unreadable_routes_do_not_keep_the_desired_path_from_being_decided(self, stage: Stage) -> None:
        stage.routes.refusals["read"] = [DENIED] * 2
        stage.see("nat-a", Health.UNHEALTHY)
        reports = stage.run()
        assert all(report.error is not None for report in reports.values())
        assert stage.state().path == "nat-b"
        stage.run()
        assert stage.routes.next_hops["rtb-1"] == NAT_B

    def test_routes_that_cannot_be_read_for_a_moment_are_read_again_within_the_pass(self, stage: Stage) -> None:
        stage.routes.refusals["read"] = [refused("no answer", "Timeout")] * 6
        stage.see("nat-a", Health.UNHEALTHY)
        reports = stage.run()
        assert all(report.error is None for report in reports.values())
        assert stage.routes.next_hops["rtb-1"] == NAT_B

    def test_law_2_a_move_that_had_to_wait_for_its_routes_is_decided_anew(self, stage: Stage) -> None:
        stage.configuration = replace(CONFIGURATION, groups={"one": CONFIGURATION.groups["one"]})
        stage.routes.refusals["read"] = [refused("no answer", "Timeout")] * 12
        stage.see("nat-a", Health.UNHEALTHY)
        _fail_before_the_last_refused_read(stage, "nat-b")
        stage.run()
        assert stage.routes.refusals["read"] == []
        assert stage.routes.changes == []

    def test_law_7_what_is_changed_of_routes_that_were_read_late_is_in_history_though_somebody_wrote_meanwhile(
        self, stage: Stage
    ) -> None:
        stage.configuration = replace(CONFIGURATION, groups={"one": CONFIGURATION.groups["one"]})
        stage.routes.refusals["read"] = [refused("no answer", "Timeout")] * 3
        _write_before_the_change_of(stage, "rtb-1")
        stage.see("nat-a", Health.UNHEALTHY)
        stage.run()
        [event] = stage.history()
        assert {change.resource: change.before for change in event.changes} == {"rtb-1": "i-a", "rtb-2": "i-a"}

    def test_law_4_who_waits_for_what_another_hand_has_undone_leaves_a_path_that_fails_meanwhile(
        self, stage: Stage
    ) -> None:
        stage.save(stage.state(), path="nat-b", since=stage.now - 600)
        began = stage.now

        def undo_and_fail() -> None:
            if stage.routes.changes and stage.routes.next_hops["rtb-2"] == NAT_B:
                stage.routes.next_hops["rtb-2"] = NAT_A
                stage.see("nat-b", Health.UNHEALTHY)

        stage.routes.before_read = undo_and_fail
        stage.run()
        stage.routes.before_read = lambda: None
        stage.run()
        assert stage.state().path == "nat-a"
        assert stage.routes.next_hops["rtb-1"] == stage.routes.next_hops["rtb-2"] == NAT_A
        assert stage.now - began < 5

    def test_a_route_that_aws_takes_long_to_settle_is_waited_for(self, stage: Stage) -> None:
        stage.routes.unsettled_reads["rtb-1"] = 40
        stage.see("nat-a", Health.UNHEALTHY)
        assert stage.run()["one"].error is None
        [event] = stage.history()
        assert [change.refusal for change in event.changes] == [None, None]
        assert event.steering_seconds == pytest.approx(40 * 0.25, abs=0.6)

    def test_law_11_a_table_that_does_not_exist_is_its_own_groups_trouble(self, stage: Stage) -> None:
        del stage.routes.next_hops["rtb-1"]
        stage.see("nat-a", Health.UNHEALTHY)
        reports = stage.run()
        assert reports["two"].error is None
        assert stage.routes.next_hops == {"rtb-2": NAT_B, "rtb-3": NAT_B}

    def test_a_table_that_is_gone_is_named_in_every_pass_and_keeps_no_transition_open(self, stage: Stage) -> None:
        del stage.routes.next_hops["rtb-3"]
        stage.see("nat-a", Health.UNHEALTHY)
        stage.run()
        assert stage.state("two").pending is None
        assert [str(change.refusal) for change in stage.history("two")[0].changes] == ["rtb-3 does not exist"]
        report = stage.run()["two"]
        assert report.error == "rtb-3: rtb-3 does not exist"
        assert len(stage.history("two")) == 1

    def test_law_11_a_poisoned_item_is_its_own_groups_trouble(self, stage: Stage) -> None:
        key = next(w.keys[0] for w in stage.table.writes if w.keys[0] == ("GROUP", "one"))
        item = stage.table.get(key)
        assert item is not None
        stage.table.place({**item, "version": {"S": "seven"}})
        stage.see("nat-a", Health.UNHEALTHY)
        reports = stage.run()
        assert reports["one"].error is not None
        assert stage.routes.next_hops["rtb-3"] == NAT_B
        assert stage.count(Metric.STEERING_FAILURES) == 1  # whatever keeps a group from moving raises the alarm

    def test_law_11_a_defect_met_in_one_group_strands_no_other(self, stage: Stage) -> None:
        stage.routes.refusals["rtb-1"] = [ZeroDivisionError("a bug")]
        stage.see("nat-a", Health.UNHEALTHY)
        reports = stage.run()
        assert reports["one"].error == "ZeroDivisionError: a bug"
        assert stage.routes.next_hops["rtb-3"] == NAT_B


class TestRaces:
    def test_who_loses_the_race_on_the_version_decides_again(self, stage: Stage) -> None:
        stage.see("nat-a", Health.UNHEALTHY)
        store = stage.store
        store.before("save_group", lambda: stage.save(stage.state(), pause=Pause(stage.now + 600, ASKED)))
        only_one = replace(CONFIGURATION, groups={"one": CONFIGURATION.groups["one"]})
        stage.configuration = only_one
        stage.run(store)
        assert stage.routes.changes == []  # the pause that was written in between is honoured

    def test_two_routers_never_change_a_groups_routes_at_once(self, stage: Stage) -> None:
        stage.configuration = replace(CONFIGURATION, groups={"one": CONFIGURATION.groups["one"]})
        stage.see("nat-a", Health.UNHEALTHY)
        second: list[str | None] = []

        def run_another(_: str) -> None:
            stage.routes.before_change = lambda _: None
            second.append(stage.router(stage.store).run("another", stage.now + 5)[0].error)

        stage.routes.before_change = run_another
        stage.run(worker="first")
        assert second == ["group one: first is changing its routes"]
        assert len(stage.routes.changes) == 2

    def test_who_had_to_wait_decides_on_what_is_known_by_then(self, stage: Stage) -> None:
        stage.configuration = replace(CONFIGURATION, groups={"one": CONFIGURATION.groups["one"]})
        stage.see("nat-a", Health.UNHEALTHY)
        stage.save(stage.state(), worker="another", worker_until=stage.now + 5)
        store = stage.store
        store.before("load_group", lambda: None)
        store.before("load_group", lambda: stage.see("nat-a", Health.HEALTHY))
        stage.run(store)
        assert stage.routes.changes == []

    def test_law_2_after_a_slow_read_of_the_routes_the_decision_is_on_what_is_known_by_then(self, stage: Stage) -> None:
        stage.configuration = replace(CONFIGURATION, groups={"one": CONFIGURATION.groups["one"]})
        stage.run()
        stage.see("nat-a", Health.UNHEALTHY)

        def be_slow() -> None:
            stage.sleep(15)  # EC2 is silent, twice; meanwhile the other path fails, too
            stage.see("nat-b", Health.UNHEALTHY)

        stage.routes.before_read = be_slow
        stage.run()
        assert stage.state().path == "nat-a"
        assert stage.routes.changes == []

    def test_a_router_that_died_while_changing_holds_others_up_no_longer_than_it_could_live(self, stage: Stage) -> None:
        stage.see("nat-a", Health.UNHEALTHY)
        stage.save(stage.state(), worker="dead", worker_until=stage.now + 12)
        stage.run()
        assert stage.state().path == "nat-b"
        assert stage.now >= 12


class TestCrashes:
    """Law 10: whatever a router was doing when it was killed, the next passes end where they should."""

    STEPS = ("load_board", "load_group", "save_group", "record")

    @pytest.mark.parametrize("step", STEPS)
    @pytest.mark.parametrize("after_acting", [False, True])
    @pytest.mark.parametrize("nth", [0, 1, 2])
    def test_law_10_killed_at_any_write_the_next_pass_recovers(
        self, stage: Stage, step: str, nth: int, *, after_acting: bool
    ) -> None:
        stage.see("nat-a", Health.UNHEALTHY)
        store = stage.store
        for _ in range(nth):
            store.before(step, lambda: None)
        store.fail(step, KeyboardInterrupt(), after_acting=after_acting)
        with contextlib.suppress(KeyboardInterrupt):
            stage.run(store)
        self._recovers(stage)

    @pytest.mark.parametrize("table", ["rtb-1", "rtb-2", "rtb-3"])
    @pytest.mark.parametrize("after_acting", [False, True])
    def test_law_10_killed_between_two_tables_the_next_pass_does_the_other(
        self, stage: Stage, table: str, *, after_acting: bool
    ) -> None:
        stage.routes.acts_before_refusing = after_acting
        stage.routes.refusals[table] = [KeyboardInterrupt()]  # type: ignore[list-item]
        stage.see("nat-a", Health.UNHEALTHY)
        with pytest.raises(KeyboardInterrupt):
            stage.run()
        self._recovers(stage)

    def _recovers(self, stage: Stage) -> None:
        stage.routes.acts_before_refusing = False
        stage.now += 60
        stage.beat()
        stage.run()
        stage.now += 1
        stage.run()
        assert set(stage.routes.next_hops.values()) == {NAT_B}
        for name in ("one", "two"):
            state = stage.state(name)
            assert (state.path, state.pending, state.unannounced) == ("nat-b", None, ())
            [event] = stage.history(name)
            assert event.kind is TransitionKind.FAILOVER
            assert event in stage.people.told


def test_a_move_that_overtakes_an_unrecorded_one_puts_both_into_history(stage: Stage) -> None:
    stage.routes.refusals["rtb-1"] = [DENIED]
    stage.routes.refusals["rtb-2"] = [DENIED]
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    stage.see("nat-b", Health.UNHEALTHY)
    stage.see("nat-a", Health.HEALTHY)
    stage.run()
    newer, older = stage.history()
    assert (newer.to_path, older.to_path) == ("nat-a", "nat-b")
    assert "overtaken" in older.reason


def test_a_table_that_cannot_be_read_at_all_is_an_error_of_the_pass(stage: Stage) -> None:
    store = stage.store
    store.fail("load_board", StoreError("the table does not answer"))
    with pytest.raises(StoreError):
        stage.run(store)


def test_many_groups_are_brought_in_one_pass() -> None:
    stage = Stage()
    names = [f"rtb-{n:03}" for n in range(60)]
    stage.routes.next_hops = dict.fromkeys(names, NAT_A)
    stage.configuration = replace(CONFIGURATION, groups={name: group(name, name) for name in names})
    stage.run()
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    assert set(stage.routes.next_hops.values()) == {NAT_B}


def test_law_11_a_group_that_keeps_the_invocation_busy_does_not_hold_up_news_of_another() -> None:
    """The stream delivers nothing more until the invocation ends, so that it has to look for itself."""
    stage = _two_groups_apart()
    _run_until_the_other_moves(stage, lambda: stage.see("nat-c", Health.UNHEALTHY))
    assert [event.to_path for event in stage.history("other")] == ["nat-d"]


def test_law_11_a_busy_invocation_sees_that_what_is_announced_to_go_works_again_as_yet() -> None:
    stage = _two_groups_apart()
    stage.store.save_signal(spot_warning("i-b", "stop", stage.now))
    stage.see("nat-c", Health.UNHEALTHY)
    stage.see("nat-d", Health.UNHEALTHY)
    _run_until_the_other_moves(stage, lambda: stage.see("nat-d", Health.HEALTHY))
    assert [event.to_path for event in stage.history("other")] == ["nat-d"]


def test_law_11_a_group_that_keeps_the_invocation_busy_does_not_hold_up_what_is_asked_of_another() -> None:
    stage = _two_groups_apart()

    def ask() -> None:
        stage.now += 1
        asked = Asker("kim", stage.now, "maintenance")
        intents = (Intent("pin", "nat-d", asked),)
        stage.save(stage.state("other"), pin=Pin("nat-d", stage.now + 600, asked), intents=intents)

    _run_until_the_other_moves(stage, ask)
    assert [event.kind for event in stage.history("other")] == [TransitionKind.MANUAL]


def _run_until_the_other_moves(stage: Stage, meanwhile: Callable[[], None]) -> None:
    """One invocation in which something happens while `slow` changes its routes, which ends only when `other` has."""
    other_moved = threading.Event()

    def change(table: str) -> None:
        if table == "rtb-3":
            other_moved.set()
        else:
            meanwhile()
            assert other_moved.wait(10), "the other group waits for the slow one"

    stage.routes.before_change = change
    stage.see("nat-a", Health.UNHEALTHY)
    reports = stage.run()
    assert (reports["slow"].error, reports["other"].error) == (None, None)


def _two_groups_apart() -> Stage:
    """Two groups with nothing in common, on their preferred paths: `slow` (rtb-1) and `other` (rtb-3)."""
    targets = {name: Target(name, (IcmpProbe(name, 0.75),)) for name in ("nat-a", "nat-b", "nat-c", "nat-d")}
    paths = (Path("nat-c", "nat-c", (NAT_A,)), Path("nat-d", "nat-d", (NAT_B,)))
    other = Group("other", (VpcRoute(("rtb-3",), "0.0.0.0/0"),), paths)
    stage = Stage(configuration=Configuration(targets, {"slow": group("slow", "rtb-1"), "other": other}))
    stage.see("nat-c", Health.HEALTHY)
    stage.see("nat-d", Health.HEALTHY)
    stage.run()
    return stage
