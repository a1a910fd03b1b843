"""Paths that EC2 refuses for good: barred, told once, and tried again ever more slowly (law 13)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from routekeeper.domain.barring import LONGEST_PAUSE_SECONDS, Bar
from routekeeper.domain.group_state import Pin, TransitionKind
from routekeeper.domain.health import Health
from routekeeper.domain.presence import Release
from routekeeper.domain.routes import Traffic
from routekeeper.domain.settings import Brake, FailbackMode, FailbackPolicy, Path
from routekeeper.domain.steering import NextHop, NextHopKind
from routekeeper.ec2.errors import refused
from routekeeper.telemetry.measurements import Metric
from tests.unit.router.stage import ASKED, CONFIGURATION, NAT_A, NAT_B, Stage

GATEWAY = NextHop(NextHopKind.NAT_GATEWAY, "nat-1")
SEVERAL = refused("i-b has several interfaces", "InvalidInstanceID")
DENIED = refused("denied", "UnauthorizedOperation")
NOT_FOUND = refused("i-b does not exist", "InvalidInstanceID.NotFound")


@pytest.fixture
def stage() -> Stage:
    """One group on nat-a, with nat-b and a NAT gateway behind it."""
    one = CONFIGURATION.groups["one"]
    paths = (*one.paths, Path("gateway", None, (GATEWAY,)))
    stage = Stage(configuration=replace(CONFIGURATION, groups={"one": replace(one, paths=paths)}))
    stage.run()
    stage.measured.clear()
    return stage


def two_paths(stage: Stage, mode: FailbackMode = FailbackMode.AUTO) -> None:
    one = replace(CONFIGURATION.groups["one"], failback=FailbackPolicy(mode, 60.0))
    stage.configuration = replace(CONFIGURATION, groups={"one": one})


def refuse(stage: Stage, next_hop: NextHop, error: Exception) -> list[str]:
    """Refuse every route onto the next hop from now on. Returns the calls that were refused, as they come."""
    refusals: list[str] = []

    def judge(resource: str, wanted: NextHop) -> None:
        if wanted == next_hop:
            refusals.append(resource)
            raise error

    stage.routes.judge = judge
    return refusals


def bar(stage: Stage, path: str = "nat-b") -> Bar | None:
    return stage.state().memory(path).bar


def on(stage: Stage, next_hop: NextHop) -> bool:
    return all(stage.routes.next_hops[table] == next_hop for table in ("rtb-1", "rtb-2"))


def minutes(stage: Stage, number: int, **health: Health) -> None:
    """So many ticks, with the vantage's heartbeat and the same health."""
    for _ in range(number):
        stage.now += 60
        stage.run()


@pytest.mark.parametrize("error", [SEVERAL, NOT_FOUND, DENIED])
def test_law_4_the_next_healthy_path_is_taken_in_the_same_pass(stage: Stage, error: Exception) -> None:
    refuse(stage, NAT_B, error)
    stage.see("nat-a", Health.UNHEALTHY)
    began = stage.now
    stage.run()
    assert on(stage, GATEWAY)
    assert stage.now - began < 1
    assert stage.state().path == "gateway"


def test_law_13_what_ec2_said_is_kept_told_and_alarmed(stage: Stage) -> None:
    refuse(stage, NAT_B, SEVERAL)
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    held = bar(stage)
    assert held is not None
    assert (held.code, held.words, held.since) == ("InvalidInstanceID", "i-b has several interfaces", stage.now)
    assert held.next_try_at == stage.now + 60
    taken, refused_one = stage.history()
    assert (taken.from_path, taken.to_path, taken.traffic) == ("nat-a", "gateway", Traffic(("gateway",)))
    assert (refused_one.to_path, refused_one.traffic) == ("nat-b", Traffic(("nat-a",)))
    assert {str(change.refusal) for change in refused_one.changes} == {"i-b has several interfaces"}
    assert stage.people.told == [refused_one, taken]
    assert stage.count(Metric.BARRED_PATHS) > 0
    assert stage.count(Metric.STEERING_FAILURES) > 0


def test_law_13_a_barred_path_is_tried_ever_more_slowly_and_is_no_news_again(stage: Stage) -> None:
    calls = refuse(stage, NAT_B, SEVERAL)
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    told, tried = len(stage.people.told), len(calls)
    minutes(stage, 60)
    first_hour, tried = len(calls) - tried, len(calls)
    minutes(stage, 4 * 60)
    assert 0 < first_hour <= 2 * 6
    assert 0 < len(calls) - tried <= 2 * 4
    assert on(stage, GATEWAY)
    assert len(stage.people.told) == told
    assert len(stage.history()) == told
    held = bar(stage)
    assert held is not None
    assert held.next_try_at - held.refused_at == LONGEST_PAUSE_SECONDS


def test_law_13_the_path_is_returned_to_once_ec2_takes_it(stage: Stage) -> None:
    refuse(stage, NAT_B, SEVERAL)
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    minutes(stage, 10)
    stage.routes.judge = lambda *_: None
    minutes(stage, 20)
    assert on(stage, NAT_B)
    minutes(stage, 1)
    assert bar(stage) is None


def test_law_13_what_may_be_lag_is_asked_once_more_within_the_pass_if_there_is_no_other_way(stage: Stage) -> None:
    two_paths(stage)
    calls = refuse(stage, NAT_B, NOT_FOUND)
    stage.see("nat-a", Health.UNHEALTHY)
    began = stage.now
    stage.run()
    assert len(calls) == 4, "two routes, twice"
    assert 5 <= stage.now - began < 7
    held = bar(stage)
    assert held is not None
    assert (held.refusals, held.next_try_at) == (2, held.refused_at + 60)


def test_law_4_lag_that_is_over_is_no_bar(stage: Stage) -> None:
    two_paths(stage)
    stage.routes.refusals = {"rtb-1": [NOT_FOUND], "rtb-2": [NOT_FOUND]}
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    assert on(stage, NAT_B)
    assert bar(stage) is None


def test_law_14_with_no_other_way_the_group_is_where_its_routes_are_and_ec2_is_asked_each_minute(stage: Stage) -> None:
    two_paths(stage)
    calls = refuse(stage, NAT_B, DENIED)
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    state = stage.state()
    assert (state.path, state.pending, state.traffic) == ("nat-a", None, Traffic(("nat-a",)))
    assert "denied" in state.reason
    assert stage.count(Metric.NO_HEALTHY_PATH) > 0
    minutes(stage, 5)
    assert len(calls) == 2 * 6
    assert len(stage.history()) == 1
    stage.routes.judge = lambda *_: None
    minutes(stage, 1)
    assert on(stage, NAT_B)


@pytest.mark.parametrize("mode", [FailbackMode.AUTO, FailbackMode.MANUAL])
def test_law_4_a_move_that_could_not_begin_is_decided_anew_on_the_health_of_its_origin(
    stage: Stage, mode: FailbackMode
) -> None:
    two_paths(stage, mode)
    refuse(stage, NAT_B, DENIED)
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    minutes(stage, 5)
    stage.see("nat-a", Health.HEALTHY)
    minutes(stage, 5)
    stage.routes.judge = lambda *_: None
    minutes(stage, 60)
    assert on(stage, NAT_A)
    assert stage.state().path == "nat-a"


@pytest.mark.parametrize("mode", [FailbackMode.AUTO, FailbackMode.MANUAL])
def test_law_4_what_ec2_did_not_answer_is_decided_anew_too(stage: Stage, mode: FailbackMode) -> None:
    two_paths(stage, mode)
    refuse(stage, NAT_B, refused("no answer", "Timeout"))
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    assert stage.state().path == "nat-b"
    stage.see("nat-a", Health.HEALTHY)
    stage.routes.judge = lambda *_: None
    stage.now += 60
    stage.run()
    assert on(stage, NAT_A)
    assert stage.state().path == "nat-a"
    assert bar(stage) is None


def test_law_11_a_refusal_of_one_route_is_that_routes_trouble(stage: Stage) -> None:
    stage.routes.refusals["rtb-1"] = [DENIED] * 3
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    assert stage.routes.next_hops == {"rtb-1": NAT_A, "rtb-2": NAT_B, "rtb-3": NAT_A}
    assert bar(stage) is None
    [event] = stage.history()
    assert event.traffic == stage.state().traffic == Traffic(("nat-a", "nat-b"))
    minutes(stage, 3)
    assert on(stage, NAT_B)


def test_law_13_a_next_hop_that_goes_while_routes_are_moved_bars_the_path(stage: Stage) -> None:
    stage.routes.refusals["rtb-2"] = [SEVERAL]
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    assert on(stage, GATEWAY)
    assert bar(stage) is not None
    kinds = [(event.kind, event.to_path) for event in stage.history()]
    assert kinds == [(TransitionKind.FAILOVER, "gateway"), (TransitionKind.FAILOVER, "nat-b")]


def test_law_13_silence_and_throttling_bar_nothing(stage: Stage) -> None:
    for code in ("Timeout", "RequestLimitExceeded", "InternalError"):
        refuse(stage, NAT_B, refused("not now", code))
        stage.see("nat-a", Health.UNHEALTHY)
        stage.run()
        assert bar(stage) is None
        assert on(stage, NAT_A)


def test_law_13_a_forced_failover_is_asked_of_ec2_at_once_and_then_at_the_bars_pace(stage: Stage) -> None:
    calls = refuse(stage, NAT_B, SEVERAL)
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    stage.now += 1
    asked = replace(ASKED, at=stage.now)
    stage.save(stage.state(), pin=Pin("nat-b", stage.now + 7200, asked, forced=True))
    tried = len(calls)
    stage.run()
    assert len(calls) == tried + 2
    stage.run()
    assert len(calls) == tried + 2
    assert on(stage, GATEWAY)
    minutes(stage, 10)
    assert len(calls) > tried + 2
    assert stage.state().path == "gateway"


def test_law_13_a_deployment_ends_every_bar(stage: Stage) -> None:
    refuse(stage, NAT_B, SEVERAL)
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    stage.release = Release("2.0.0", "another")
    stage.now += 1
    stage.run()
    assert bar(stage) is None


def test_law_12_a_return_that_could_not_begin_takes_no_slot_under_the_brake(stage: Stage) -> None:
    stage.configuration = replace(stage.configuration, brake=Brake(4))
    refuse(stage, NAT_B, SEVERAL)
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    minutes(stage, 60)
    ledger = stage.store.load_brake()
    assert [one.transition for one in ledger.moves] == [stage.history()[0].id]
    assert ledger.engaged_at is None


def test_a_deleted_gateway_is_not_wanted_back_and_stands_in_no_ones_way(stage: Stage) -> None:
    """A preferred path without a target: a day later nothing speaks against it any more but EC2."""
    one = CONFIGURATION.groups["one"]
    paths = (Path("gateway", None, (GATEWAY,)), Path("nat-a", "nat-a", (NAT_A,)), Path("nat-b", "nat-b", (NAT_B,)))
    stage = Stage(configuration=replace(CONFIGURATION, groups={"one": replace(one, paths=paths)}))
    stage.routes.next_hops |= {"rtb-1": GATEWAY, "rtb-2": GATEWAY}
    stage.run()
    stage.routes.blackholes |= {"rtb-1", "rtb-2"}
    calls = refuse(stage, GATEWAY, refused("nat-1 does not exist", "NatGatewayNotFound"))
    stage.run()
    assert on(stage, NAT_A)
    stage.now += 86_400
    minutes(stage, 3 * 60)
    assert 0 < len(calls) < 20
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    assert on(stage, NAT_B)


def test_law_4_a_blackhole_that_names_a_vanished_interface_is_left_at_once(stage: Stage) -> None:
    """The instance is terminated, its event is lost, and a far end answers its probes."""
    gone = NextHop(NextHopKind.NETWORK_INTERFACE, "eni-a")
    stage.routes.next_hops |= {"rtb-1": gone, "rtb-2": gone}
    stage.routes.blackholes |= {"rtb-1", "rtb-2"}
    refuse(stage, NAT_A, refused("i-a does not exist", "InvalidInstanceID.NotFound"))
    stage.run()
    assert on(stage, NAT_B)
    assert bar(stage, "nat-a") is not None


def test_law_4_a_blackhole_counts_route_by_route_and_what_a_person_has_mended_stays(stage: Stage) -> None:
    stage.routes.next_hops["rtb-1"] = NAT_B
    stage.routes.blackholes.add("rtb-2")
    stage.run()
    assert on(stage, NAT_B)
    assert ("rtb-1", "i-a") not in stage.routes.changes
    [event] = stage.history()
    assert event.kind is TransitionKind.FAILOVER


def test_law_4_a_blackhole_counts_at_first_sight(stage: Stage) -> None:
    stage = Stage(configuration=stage.configuration)
    stage.routes.next_hops["rtb-1"] = GATEWAY
    stage.routes.blackholes.add("rtb-2")
    stage.run()
    assert on(stage, NAT_B)


def test_law_12_a_stale_read_after_our_own_change_is_no_drift(stage: Stage) -> None:
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    read_until = stage.now + 4

    def stale() -> None:
        stage.routes.shown = {"rtb-1": NAT_A, "rtb-2": NAT_A} if stage.now < read_until else {}

    stage.routes.before_read = stale
    stage.run()
    assert [event.kind for event in stage.history()] == [TransitionKind.FAILOVER]
    assert stage.count(Metric.DRIFT) == 0
    assert on(stage, NAT_B)


def test_law_7_what_a_half_made_move_has_left_is_no_drift_once_the_way_back_is_refused_too(stage: Stage) -> None:
    """EC2 takes one route of two, then refuses the other, and each way back: nobody else has changed anything."""
    two_paths(stage)
    taken: list[str] = []

    def judge(resource: str, wanted: NextHop) -> None:
        if taken:
            raise SEVERAL
        taken.append(resource)

    stage.routes.judge = judge
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    stage.see("nat-a", Health.HEALTHY)
    minutes(stage, 10)
    assert {event.kind for event in stage.history()} == {TransitionKind.FAILOVER, TransitionKind.FAILBACK}
    assert len(stage.history()) == 2
    rest = stage.state().pending
    assert rest is not None
    assert rest.kind is TransitionKind.COMPLETION
    assert rest.from_path == "nat-b", "traffic has never been on the path that was refused"
    stage.routes.judge = lambda *_: None
    minutes(stage, 3)
    assert on(stage, NAT_B) or on(stage, NAT_A)
    assert stage.state().pending is None
    assert stage.count(Metric.DRIFT) == 0
