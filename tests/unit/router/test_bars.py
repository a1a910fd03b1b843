"""Paths that EC2 refuses for good: barred, told once, and tried again ever more slowly (law 13)."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from routekeeper.domain.barring import LONGEST_PAUSE_SECONDS, Bar
from routekeeper.domain.group_state import Pin, TransitionKind
from routekeeper.domain.health import Health
from routekeeper.domain.presence import Release
from routekeeper.domain.routes import Traffic
from routekeeper.domain.settings import Brake, FailbackMode, FailbackPolicy, IcmpProbe, Path, Target
from routekeeper.domain.signals import spot_warning
from routekeeper.domain.steering import NextHop, NextHopKind
from routekeeper.ec2.errors import refused
from routekeeper.router.applying import FIRST_PAUSE_SECONDS, ROUNDS
from routekeeper.telemetry.measurements import Metric
from tests.unit.router.stage import ASKED, CONFIGURATION, NAT_A, NAT_B, SILENT, Stage

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


def test_law_4_after_the_last_try_of_what_may_still_be_changing_nothing_is_waited_for(stage: Stage) -> None:
    tries = refuse(stage, NAT_B, refused("still changing", "IncorrectState"))
    stage.see("nat-a", Health.UNHEALTHY)
    before = stage.now
    stage.run()
    assert on(stage, GATEWAY)
    assert tries.count("rtb-1") == ROUNDS
    assert stage.now - before < FIRST_PAUSE_SECONDS * 2.0 ** (ROUNDS - 1)


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


def test_law_13_a_barred_path_that_would_work_for_a_while_yet_is_asked_for_at_the_bars_pace(stage: Stage) -> None:
    two_paths(stage)
    calls = refuse(stage, NAT_B, SEVERAL)
    stage.store.save_signal(spot_warning("i-b", "terminate", stage.now))
    stage.see("nat-a", Health.UNHEALTHY)
    report = stage.run()["one"]
    assert (report.error, len(calls)) == (None, 2)
    minutes(stage, 3)
    assert len(calls) == 2 * 4


def test_law_13_silence_after_a_forced_failover_onto_a_barred_path_is_no_refusal_of_it(stage: Stage) -> None:
    refuse(stage, NAT_B, SEVERAL)
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    minutes(stage, 36)
    held = bar(stage)
    assert held is not None
    assert held.next_try_at - stage.now > 25 * 60
    stage.routes.judge = lambda *_: None
    stage.routes.refusals = {"rtb-1": list(SILENT), "rtb-2": list(SILENT)}
    asked = replace(ASKED, at=stage.now)
    stage.save(stage.state(), pin=Pin("nat-b", stage.now + 7200, asked, forced=True))
    stage.run()
    stage.routes.refusals = {}
    minutes(stage, 1)
    assert on(stage, NAT_B)


def test_law_13_a_path_of_which_nothing_is_known_is_not_left_faster_for_a_barred_one(stage: Stage) -> None:
    """Traffic is on a dead path only if that is UNHEALTHY."""
    one = CONFIGURATION.groups["one"]
    targets = {**CONFIGURATION.targets, "far": Target("far", (IcmpProbe("far", 0.75),))}
    paths = (*one.paths, Path("gateway", "far", (GATEWAY,)))
    stage.configuration = replace(CONFIGURATION, targets=targets, groups={"one": replace(one, paths=paths)})
    calls = refuse(stage, NAT_B, SEVERAL)
    stage.see("far", Health.HEALTHY)
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    minutes(stage, 60)
    stage.see("far", Health.UNKNOWN)
    tried = len(calls)
    minutes(stage, 60)
    assert 0 < len(calls) - tried <= 2 * 2


def test_law_13_codes_that_alternate_are_news_once_each(stage: Stage) -> None:
    two_paths(stage)
    codes = (SEVERAL, refused("i-b is stopping", "IncorrectInstanceState"))
    stage.see("nat-a", Health.UNHEALTHY)
    for number in range(30):
        refuse(stage, NAT_B, codes[number % 2])
        stage.run()
        stage.now += 60
    assert [event.changes[0].refusal.code for event in stage.history() if event.changes[0].refusal] == [
        "IncorrectInstanceState",
        "InvalidInstanceID",
    ]
    assert len(stage.people.told) == 2


def test_law_4_of_two_blackholes_neither_is_returned_to(stage: Stage) -> None:
    """Two instances without probes are stopped, one after the other. EC2 takes a route onto either."""
    one = CONFIGURATION.groups["one"]
    paths = (Path("first", None, (NAT_A,)), Path("second", None, (NAT_B,)), Path("gateway", None, (GATEWAY,)))
    stage = Stage(configuration=replace(CONFIGURATION, groups={"one": replace(one, paths=paths)}))
    stopped = {NAT_A}

    def show_blackholes() -> None:
        stage.routes.blackholes = {table for table, hop in stage.routes.next_hops.items() if hop in stopped}

    stage.run()
    stage.routes.before_read = show_blackholes
    minutes(stage, 1)
    assert on(stage, NAT_B)
    stopped.add(NAT_B)
    minutes(stage, 60)
    assert on(stage, GATEWAY)
    assert len(stage.history()) == 2


def test_law_12_a_return_that_could_not_begin_does_not_engage_the_brake_with_the_last_slot(stage: Stage) -> None:
    stage.configuration = replace(stage.configuration, brake=Brake(2))
    refuse(stage, NAT_B, SEVERAL)
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    minutes(stage, 10)
    ledger = stage.store.load_brake()
    assert (ledger.engaged_at, len(ledger.moves)) == (None, 1)
    assert stage.people.engagements == []


def test_law_13_a_next_try_that_comes_while_the_table_is_slow_is_not_waited_for(stage: Stage) -> None:
    one = CONFIGURATION.groups["one"]
    stage.configuration = replace(CONFIGURATION, groups={"one": replace(one, paths=one.paths[::-1])})
    calls = refuse(stage, NAT_B, NOT_FOUND)
    stage.see("nat-a", Health.UNHEALTHY)
    store = stage.store
    for pause in (0.0, 6.0):
        store.before("save_group", partial(stage.sleep, pause))
    assert stage.run(store)["one"].error is None
    assert len(calls) == 4


@pytest.mark.parametrize("other", [DENIED, refused("no answer", "Timeout")])
def test_law_14_what_ec2_says_of_a_move_that_waits_for_it_stands_with_the_move(stage: Stage, other: Exception) -> None:
    """One route is not answered, so nothing speaks for good against the path."""
    answers = {"rtb-1": other, "rtb-2": refused("no answer", "Timeout")}

    def judge(resource: str, wanted: NextHop) -> None:
        if wanted == NAT_B:
            raise answers[resource]

    stage.routes.judge = judge
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    pending = stage.state().pending
    assert pending is not None
    assert [str(change.refusal) for change in pending.changes] == [str(other), "no answer"]
    stage.routes.judge = lambda *_: None
    minutes(stage, 1)
    assert on(stage, NAT_B)
    assert [change.refusal for change in stage.history()[0].changes] == [None, None]


def test_law_13_every_one_of_many_paths_is_asked_once_more_if_it_may_be_lag(stage: Stage) -> None:
    others = tuple(
        Path(f"nat-{number}", None, (NextHop(NextHopKind.NAT_GATEWAY, f"nat-{number}"),)) for number in range(9)
    )
    one = CONFIGURATION.groups["one"]
    stage.configuration = replace(CONFIGURATION, groups={"one": replace(one, paths=(one.paths[0], *others))})
    calls: list[NextHop] = []

    def judge(_: str, wanted: NextHop) -> None:
        calls.append(wanted)
        raise refused("there is no such gateway", "NatGatewayNotFound")

    stage.routes.judge = judge
    stage.see("nat-a", Health.UNHEALTHY)
    assert stage.run()["one"].error is None
    assert len(calls) == 9 * 2 * 2


@pytest.mark.parametrize("error", [SEVERAL, NOT_FOUND])
def test_law_4_traffic_on_a_healthy_path_stays_although_ec2_refuses_to_put_a_drifted_route_back(
    stage: Stage, error: Exception
) -> None:
    stage.routes.next_hops["rtb-2"] = NAT_B
    calls = refuse(stage, NAT_A, error)
    minutes(stage, 60)
    assert stage.routes.next_hops["rtb-1"] == NAT_A
    assert stage.routes.changes == []
    assert len(calls) <= 8
    assert stage.state().path == "nat-a"
    assert stage.state().traffic == Traffic(("nat-a", "nat-b"))
    [event] = stage.history()
    assert event.kind is TransitionKind.DRIFT
    stage.routes.judge = lambda *_: None
    minutes(stage, 60)
    assert on(stage, NAT_A)
    assert bar(stage, "nat-a") is None


def test_law_4_traffic_leaves_once_a_drifted_route_that_ec2_does_not_put_back_is_on_a_dead_path(stage: Stage) -> None:
    stage.routes.next_hops["rtb-2"] = NAT_B
    refuse(stage, NAT_A, SEVERAL)
    minutes(stage, 1)
    stage.see("nat-b", Health.UNHEALTHY)
    stage.run()
    assert on(stage, GATEWAY)


def test_law_14_routes_that_a_person_puts_onto_a_barred_path_are_followed_and_end_the_bar(stage: Stage) -> None:
    two_paths(stage)
    refuse(stage, NAT_B, DENIED)
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    stage.routes.next_hops |= {"rtb-1": NAT_B, "rtb-2": NAT_B}
    stage.now += 1
    stage.run()
    assert (stage.state().path, stage.routes.changes) == ("nat-b", [])
    assert bar(stage) is None


def test_law_14_the_routes_for_people_are_those_after_a_move(stage: Stage) -> None:
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    assert [route.on for route in stage.state().routes] == ["i-b", "i-b"]
