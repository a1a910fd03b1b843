"""Routes that are written and outranked: traffic does not follow them. That is told, and never called done."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from routekeeper.domain.group_state import TransitionKind
from routekeeper.domain.health import Health
from routekeeper.domain.routes import Route, actual, is_on
from routekeeper.domain.steering import NextHop, NextHopKind
from routekeeper.ec2.errors import OUTRANKED, refused
from routekeeper.router.transitions import OWED_REFUSALS_LIMIT
from routekeeper.telemetry.measurements import Metric
from tests.unit.router.stage import CONFIGURATION, NAT_A, NAT_B, Stage, group

ELSEWHERE = NextHop(NextHopKind.INSTANCE, "i-elsewhere")
SLOW = refused("slow down", "RequestLimitExceeded").refusal
DENIED = refused("not you", "UnauthorizedOperation").refusal


@pytest.fixture
def outranked(stage: Stage) -> Stage:
    """Group two alone. Whatever is written into its table, traffic goes elsewhere; nat-a is dead."""
    stage.configuration = replace(CONFIGURATION, groups={"two": CONFIGURATION.groups["two"]})
    stage.run()
    stage.routes.outranked["rtb-3"] = ELSEWHERE
    stage.see("nat-a", Health.UNHEALTHY)
    return stage


def test_an_outranked_route_is_on_the_path_that_traffic_takes_and_says_what_it_leads_to_itself() -> None:
    two = CONFIGURATION.groups["two"]
    route = Route("rtb-3", frozenset({NAT_A}), outranked="a static route outranks it", written=frozenset({NAT_B}))
    a, b = two.paths
    assert (is_on(route, a), is_on(route, b)) == (True, False)
    assert (route.is_written_to(NAT_A), route.is_written_to(NAT_B)) == (False, True)
    assert str(route) == "i-a (a static route outranks it)"
    seen = actual(two, [route])
    assert seen is not None
    assert seen.path == "nat-a"


def test_the_failover_goes_into_history_as_not_done_and_stays_owed(outranked: Stage) -> None:
    report = outranked.run()["two"]
    assert outranked.routes.next_hops["rtb-3"] == NAT_B, "it takes effect once nothing outranks it any more"
    [failover] = outranked.history("two")
    [change] = failover.changes
    assert failover.kind is TransitionKind.FAILOVER
    assert change.refusal is not None
    assert (change.refusal.code, change.refusal.final) == (OUTRANKED, True)
    assert "something outranks the route to i-b" in str(change.refusal)
    assert report.error is not None
    assert "something outranks" in report.error
    pending = outranked.state("two").pending
    assert pending is not None
    assert pending.kind is TransitionKind.COMPLETION


def test_nobody_waits_for_what_only_a_person_can_change(outranked: Stage) -> None:
    before = outranked.now
    outranked.run()
    assert outranked.now - before < 1


def test_every_pass_names_it_and_none_writes_it_again_or_adds_a_line_to_history(outranked: Stage) -> None:
    outranked.run()
    written, counted = len(outranked.routes.changes), outranked.count(Metric.STEERING_FAILURES)
    for _ in range(3):
        outranked.now += 60
        outranked.see("nat-a", Health.UNHEALTHY)
        outranked.see("nat-b", Health.HEALTHY)
        error = outranked.run()["two"].error
        assert error is not None
        assert "something outranks" in error
    assert len(outranked.routes.changes) == written
    assert outranked.count(Metric.STEERING_FAILURES) == counted + 3
    assert len(outranked.history("two")) == 1


def test_more_outranked_routes_than_keep_their_refusal_add_no_line_to_history_either(stage: Stage) -> None:
    tables = [f"rtb-{number}" for number in range(OWED_REFUSALS_LIMIT + 1)]
    stage.configuration = replace(CONFIGURATION, groups={"many": group("many", *tables)})
    stage.routes.next_hops = dict.fromkeys(tables, NAT_A)
    stage.run()
    stage.routes.outranked = dict.fromkeys(tables, ELSEWHERE)
    stage.see("nat-a", Health.UNHEALTHY)
    for _ in range(3):
        stage.run()
    [failover] = stage.history("many")
    assert len(failover.changes) == len(tables)


def test_it_is_completed_once_nothing_outranks_it_any_more(outranked: Stage) -> None:
    outranked.run()
    outranked.routes.outranked.clear()
    assert outranked.run()["two"].error is None
    completion, _ = outranked.history("two")
    assert completion.kind is TransitionKind.COMPLETION
    assert [change.refusal for change in completion.changes] == [None]
    assert outranked.state("two").pending is None


def test_law_7_a_pass_that_died_after_the_change_leaves_its_line_of_history_to_the_next(outranked: Stage) -> None:
    class Died(BaseException):
        pass

    def die() -> None:
        if outranked.routes.changes:
            raise Died

    outranked.routes.before_read = die
    with pytest.raises(Died):
        outranked.run()
    outranked.routes.before_read = lambda: None
    assert outranked.history("two") == ()
    outranked.now += 60
    outranked.see("nat-a", Health.UNHEALTHY)
    outranked.run()
    outranked.run()
    [failover] = outranked.history("two")
    assert failover.kind is TransitionKind.FAILOVER


def test_what_becomes_outranked_later_is_told_once_as_drift_that_could_not_be_put_right(stage: Stage) -> None:
    stage.configuration = replace(CONFIGURATION, groups={"two": CONFIGURATION.groups["two"]})
    stage.run()
    stage.routes.outranked["rtb-3"] = ELSEWHERE
    for _ in range(3):
        stage.run()
    [drift] = stage.history("two")
    assert drift.kind is TransitionKind.DRIFT
    assert drift.changes[0].refusal is not None
    assert stage.routes.changes == []


def test_it_is_not_called_done_while_nobody_can_look_for_the_moment(outranked: Stage) -> None:
    outranked.run()
    outranked.routes.unchecked = SLOW
    error = outranked.run()["two"].error
    assert error is not None
    assert "may still be outranked" in error
    assert len(outranked.history("two")) == 1


@pytest.mark.parametrize("why", [SLOW, DENIED])
def test_routes_are_steered_as_ever_where_nobody_can_look_and_each_pass_says_so_once(
    stage: Stage, caplog: pytest.LogCaptureFixture, why: object
) -> None:
    stage.configuration = replace(CONFIGURATION, groups={"two": CONFIGURATION.groups["two"]})
    stage.routes.unchecked = SLOW if why is SLOW else DENIED
    stage.see("nat-a", Health.UNHEALTHY)
    with caplog.at_level(logging.WARNING):
        assert stage.run()["two"].error is None
    assert stage.routes.next_hops["rtb-3"] == NAT_B
    assert [line.getMessage() for line in caplog.records].count(
        "nobody knows whether something outranks these routes"
    ) == 1
