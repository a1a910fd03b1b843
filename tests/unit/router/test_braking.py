"""The router under its brake: what is held, what never is, and what becomes of the ledger (law 12)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from lab.memory_store import MemoryStore
from routekeeper.domain.brake import Counted, Ledger, acknowledge
from routekeeper.domain.errors import StoreError
from routekeeper.domain.group_state import Asker, Channel, Pin, Transition, TransitionKind
from routekeeper.domain.health import Health
from routekeeper.domain.settings import Brake
from routekeeper.ec2.steering import Steerers
from routekeeper.router import Dependencies
from routekeeper.router.braking import Braking
from routekeeper.store.items import brake_key
from routekeeper.telemetry.measurements import Metric
from tests.fakes.routes import FakePeople
from tests.unit.router.stage import CONFIGURATION, NAT_A, NAT_B, Stage

KIM = Asker("kim", 0.0, "maintenance")
OTHERS = Counted("others-1", 0.0)


@pytest.fixture
def stage() -> Stage:
    """One group on nat-a, adopted, under a brake of two moves an hour."""
    one = {"one": CONFIGURATION.groups["one"]}
    stage = Stage(configuration=replace(CONFIGURATION, groups=one, brake=Brake(2, 3600.0)))
    stage.run()
    stage.measured.clear()
    return stage


def ledger(stage: Stage) -> Ledger:
    return stage.store.load_brake()


def flap(stage: Stage) -> None:
    """nat-a fails and is left, recovers, and its hold-down passes."""
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    stage.see("nat-a", Health.HEALTHY)
    stage.run()
    stage.now += 61
    stage.see("nat-b", Health.HEALTHY)


def engage(stage: Stage) -> None:
    """Away and back again: both slots are used up."""
    flap(stage)
    stage.run()
    assert ledger(stage).engaged_at is not None


def kinds(stage: Stage) -> list[TransitionKind]:
    return [one.kind for one in reversed(stage.history())]


def test_a_failover_and_a_failback_are_counted_once_each(stage: Stage) -> None:
    engage(stage)
    stage.run()
    assert [one.transition for one in ledger(stage).moves] == [one.id for one in reversed(stage.history())]


def test_law_12_after_the_limit_nothing_returns_until_a_person_acknowledges(stage: Stage) -> None:
    engage(stage)
    flap(stage)
    for _ in range(3):
        report = stage.run()["one"]
        stage.now += 3600
    assert stage.state().path == "nat-b"
    assert "held by the brake" in report.outcome
    assert "the operator function with the action acknowledge" in report.outcome
    stage.store.save_brake(acknowledge(ledger(stage), replace(KIM, at=stage.now)))
    stage.run()
    assert stage.state().path == "nat-a"


def test_law_4_an_engaged_brake_does_not_hold_what_leaves_an_unhealthy_path(stage: Stage) -> None:
    engage(stage)
    flap(stage)
    stage.see("nat-b", Health.UNHEALTHY)
    stage.run()
    assert (stage.state().path, kinds(stage)[-1]) == ("nat-a", TransitionKind.FAILBACK)


def test_law_4_leaving_looks_at_no_ledger_before_the_routes_are_in_place(stage: Stage) -> None:
    engage(stage)
    seen: list[object] = []
    store = MemoryStore(stage.table, writer="test")
    store.before("load_brake", lambda: seen.append(dict(stage.routes.next_hops)))
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run(store)
    assert seen == [{"rtb-1": NAT_B, "rtb-2": NAT_B, "rtb-3": NAT_A}]


def test_what_an_operator_asked_for_is_neither_held_nor_counted(stage: Stage) -> None:
    engage(stage)
    before = ledger(stage).moves
    stage.now += 1
    stage.save(stage.state(), pin=Pin("nat-b", stage.now + 600, KIM))
    stage.run()
    assert (stage.state().path, kinds(stage)[-1]) == ("nat-b", TransitionKind.MANUAL)
    assert ledger(stage).moves == before


def test_drift_onto_a_healthy_path_is_left_while_the_brake_is_engaged(stage: Stage) -> None:
    engage(stage)
    stage.routes.next_hops["rtb-1"] = NAT_B
    assert "putting them right is held by the brake" in stage.run()["one"].outcome
    assert stage.routes.next_hops["rtb-1"] == NAT_B
    assert stage.state().drifted == ("nat-b",)


def test_where_routes_were_left_is_forgotten_once_somebody_has_put_them_back(stage: Stage) -> None:
    engage(stage)
    stage.routes.next_hops["rtb-1"] = NAT_B
    stage.run()
    stage.routes.next_hops["rtb-1"] = NAT_A
    stage.run()
    assert stage.state().drifted == ()


def test_law_8_where_routes_were_left_is_known_until_they_are_put_right(stage: Stage) -> None:
    engage(stage)
    stage.routes.next_hops["rtb-1"] = NAT_B
    stage.run()
    stage.see("nat-b", Health.UNHEALTHY)
    stage.run()
    assert stage.routes.next_hops["rtb-1"] == NAT_A
    assert stage.state().drifted == ("nat-b",), "not before they have been read back"
    stage.run()
    assert stage.state().drifted == ()


def test_law_4_drift_onto_a_path_that_is_not_healthy_is_put_right_all_the_same(stage: Stage) -> None:
    engage(stage)
    stage.see("nat-b", Health.UNHEALTHY)
    stage.routes.next_hops["rtb-1"] = NAT_B
    stage.run()
    assert stage.routes.next_hops["rtb-1"] == NAT_A


def test_drift_into_a_blackhole_is_put_right_all_the_same(stage: Stage) -> None:
    engage(stage)
    stage.routes.next_hops["rtb-1"] = NAT_B
    stage.routes.blackholes.add("rtb-1")
    stage.run()
    assert stage.routes.next_hops["rtb-1"] == NAT_A


def test_two_controllers_that_fight_are_stopped_at_the_limit(stage: Stage) -> None:
    for _ in range(6):
        stage.routes.next_hops["rtb-1"] = NAT_B
        stage.run()
        stage.now += 10
    assert kinds(stage) == [TransitionKind.DRIFT] * 2


def test_while_engaged_every_run_feeds_the_alarm_and_people_are_told_once(stage: Stage) -> None:
    engage(stage)
    assert stage.count(Metric.BRAKE_ENGAGED) == 1
    for _ in range(3):
        stage.now += 60
        stage.run()
    assert stage.count(Metric.BRAKE_ENGAGED) == 4
    assert [channel for _, channel in stage.people.engagements] == list(Channel)
    news = stage.people.engagements[0][0]
    assert (news.limit, [one.transition for one in news.moves]) == (2, [one.id for one in reversed(stage.history())])


def test_a_channel_that_is_out_of_reach_hears_of_the_brake_later(stage: Stage) -> None:
    stage.people.unreachable = {Channel.EVENTS}
    engage(stage)
    stage.people.unreachable = set()
    stage.run()
    assert sorted(channel.value for _, channel in stage.people.engagements) == ["events", "topic"]


def test_law_10_a_crash_between_the_slot_and_the_commitment_takes_no_second_slot(stage: Stage) -> None:
    flap(stage)
    store = MemoryStore(stage.table, writer="test")
    store.fail("save_group", StoreError("killed here"))
    stage.run(store)
    assert stage.state().path == "nat-b"
    assert len(ledger(stage).moves) == 2
    stage.run()
    assert stage.state().path == "nat-a"
    assert len(ledger(stage).moves) == 2


@pytest.mark.parametrize("operation", ["load_brake", "save_brake"])
def test_law_10_what_could_not_be_counted_is_counted_by_the_next_pass(stage: Stage, operation: str) -> None:
    store = MemoryStore(stage.table, writer="test")
    store.fail(operation, StoreError("no answer"))
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run(store)
    assert stage.state().path == "nat-b"
    assert [one.uncounted for one in stage.state().unannounced] == [True]
    stage.run()
    assert len(ledger(stage).moves) == 1
    assert stage.state().unannounced == ()


@pytest.mark.parametrize("operation", ["load_brake", "save_brake"])
def test_without_its_ledger_a_return_waits_for_the_next_pass(stage: Stage, operation: str) -> None:
    flap(stage)
    store = MemoryStore(stage.table, writer="test")
    store.fail(operation, StoreError("no answer"))
    assert "held until the brake's ledger can be used" in stage.run(store)["one"].outcome
    assert stage.state().path == "nat-b"
    stage.run()
    assert stage.state().path == "nat-a"


@pytest.mark.parametrize("operation", ["load_brake", "save_brake"])
def test_law_3_a_ledger_out_of_reach_is_measured_once_an_invocation(stage: Stage, operation: str) -> None:
    flap(stage)
    store = MemoryStore(stage.table, writer="test")
    store.fail(operation, StoreError("denied"), times=9)
    stage.run(store)
    assert stage.count(Metric.STEERING_FAILURES) == 1


def test_law_3_that_people_were_told_of_the_brake_and_it_could_not_be_saved_is_measured(stage: Stage) -> None:
    flap(stage)
    stage.people.unreachable = set(Channel)
    stage.run()
    stage.people.unreachable.clear()
    stage.measured.clear()
    store = MemoryStore(stage.table, writer="test")
    store.fail("save_brake", StoreError("denied"))
    stage.run(store)
    assert len(stage.people.engagements) == len(Channel)
    assert stage.count(Metric.STEERING_FAILURES) == 1


def test_law_2_a_slot_that_came_late_is_no_reason_to_return_to_what_has_failed_meanwhile(stage: Stage) -> None:
    flap(stage)
    store = MemoryStore(stage.table, writer="test")

    def slow() -> None:
        stage.now += 5
        stage.see("nat-a", Health.UNHEALTHY)

    store.before("save_brake", slow)
    stage.run(store)
    assert stage.state().path == "nat-b"


def test_law_4_a_path_that_dies_while_the_ledger_is_silent_is_left_in_the_same_pass(stage: Stage) -> None:
    flap(stage)
    store = MemoryStore(stage.table, writer="test")

    def silent() -> None:
        stage.now += 6
        stage.see("nat-b", Health.UNHEALTHY)
        raise StoreError("no answer")

    store.before("load_brake", silent)
    stage.run(store)
    assert stage.state().path == "nat-a"
    assert "nat-b is UNHEALTHY" in stage.history()[0].reason


def test_an_unreadable_ledger_holds_returns_and_raises_the_alarm(stage: Stage) -> None:
    flap(stage)
    item = stage.table.get(brake_key())
    assert item is not None
    stage.table.place({**item, "moves": {"S": "many"}})
    assert "held until" in stage.run()["one"].outcome
    assert stage.count(Metric.BRAKE_ENGAGED) == 1


def test_without_a_brake_there_is_no_ledger(stage: Stage) -> None:
    stage.configuration = replace(stage.configuration, brake=None)
    flap(stage)
    stage.run()
    assert stage.state().path == "nat-a"
    assert stage.table.get(brake_key()) is None
    assert stage.state().unannounced == ()


# --- many groups at once


def _take(shared: Braking, transition: str) -> None:
    shared.take_slot(transition)


def braking(store: MemoryStore, moves: int, clock: Callable[[], float] = lambda: 1.0) -> Braking:
    dependencies = Dependencies(store, Steerers({}), FakePeople(), clock, lambda _: None, lambda _: None)
    return Braking(Brake(moves, 3600.0), dependencies, "run-1")


def test_law_11_fifty_groups_of_one_invocation_get_their_slots_without_racing_each_other() -> None:
    store = MemoryStore(writer="router/1")
    shared, held = braking(store, 60), list[str | None]()
    threads = [threading.Thread(target=lambda n=n: held.append(shared.take_slot(f"g{n}-1"))) for n in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert held == [None] * 50
    assert len(store.table.writes) == len(store.load_brake().moves) == 50


def test_another_invocation_that_saves_in_between_costs_nothing_but_a_second_look() -> None:
    store = MemoryStore(writer="router/1")
    other = MemoryStore(store.table, writer="router/2")
    for number in range(3):
        store.before("save_brake", partial(_take, braking(other, 60), f"other-{number}"))
    assert braking(store, 60).take_slot("one-1") is None
    assert len(store.load_brake().moves) == 4


def test_law_12_a_move_made_after_a_person_has_released_the_brake_is_counted_whatever_was_read_before() -> None:
    store = MemoryStore(writer="router/1")
    assert braking(store, 1).take_slot("one-1") is None
    shared = braking(store, 1)
    assert shared.take_slot("two-1") is not None, "the brake is engaged"
    MemoryStore(store.table, writer="operator").save_brake(acknowledge(store.load_brake(), replace(KIM, at=2.0)))
    shared.count([Transition("three-1", "three", TransitionKind.FAILOVER, "nat-a", "nat-b", "lost", decided_at=3.0)])
    assert store.load_brake().has("three-1")


def test_law_11_the_slowest_answer_is_waited_for_once_and_not_once_for_each_group() -> None:
    store, waits = MemoryStore(), list[float]()
    shared = braking(store, 60)

    def silent() -> None:
        waits.append(6.0)
        raise StoreError("no answer")

    for _ in range(50):
        store.before("load_brake", silent)
    assert all(shared.take_slot(f"g{number}-1") is not None for number in range(50))
    assert waits == [6.0]
