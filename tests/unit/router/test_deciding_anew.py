"""A move that could not be carried out at once is decided again on what is known by then (laws 2, 3 and 4)."""

from __future__ import annotations

from dataclasses import replace

from routekeeper.domain.health import Health
from routekeeper.domain.settings import Path
from routekeeper.domain.steering import NextHop, NextHopKind
from routekeeper.ec2.errors import refused
from routekeeper.telemetry.measurements import Metric
from tests.unit.router.stage import CONFIGURATION, NAT_A, NAT_B, SILENT, Stage


def test_law_2_a_move_that_was_not_answered_is_not_carried_out_once_its_path_is_no_longer_healthy(stage: Stage) -> None:
    stage.routes.refusals = {"rtb-1": [*SILENT], "rtb-2": [*SILENT]}
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


def test_law_3_a_move_that_was_not_answered_waits_while_nothing_is_healthy(stage: Stage) -> None:
    stage.routes.refusals = {"rtb-1": [*SILENT], "rtb-2": [*SILENT]}
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    stage.see("nat-b", Health.UNKNOWN)
    stage.run()
    assert stage.routes.next_hops["rtb-1"] == stage.routes.next_hops["rtb-2"] == NAT_A
    assert stage.count(Metric.NO_HEALTHY_PATH) > 0
    stage.see("nat-b", Health.HEALTHY)
    stage.run()
    assert stage.routes.next_hops["rtb-1"] == stage.routes.next_hops["rtb-2"] == NAT_B


def test_law_2_a_path_that_fails_while_ec2_takes_no_change_is_not_moved_onto(stage: Stage) -> None:
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


def test_law_4_a_third_path_is_taken_when_the_standby_fails_while_ec2_takes_no_change(stage: Stage) -> None:
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


def test_law_4_who_waits_for_what_another_hand_has_undone_leaves_a_path_that_fails_meanwhile(stage: Stage) -> None:
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
