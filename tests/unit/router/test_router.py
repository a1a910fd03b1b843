"""The router over a whole failover, killed anywhere (law 10), with other groups beside it (law 11)."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from routekeeper.domain.errors import StoreError
from routekeeper.domain.group_state import Asker, Intent, Pin, TransitionKind
from routekeeper.domain.health import Health
from routekeeper.domain.settings import Configuration, Group, IcmpProbe, Path, Target
from routekeeper.domain.signals import spot_warning
from routekeeper.domain.steering import VpcRoute
from routekeeper.telemetry.measurements import Metric
from tests.unit.router.stage import ASKED, CONFIGURATION, NAT_A, NAT_B, Stage, group


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


def test_law_6_a_pin_moves_to_its_path_and_holds_it(stage: Stage) -> None:
    stage.save(stage.state(), pin=Pin("nat-b", stage.now + 600, ASKED))
    stage.run()
    assert stage.history()[0].kind is TransitionKind.MANUAL
    assert stage.history()[0].asked == ASKED
    stage.now += 300
    stage.see("nat-b", Health.UNHEALTHY)
    stage.run()
    assert stage.state().path == "nat-b"


def test_a_look_that_shows_nothing_new_writes_nothing(stage: Stage) -> None:
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    stage.run()
    version = stage.state().version
    for _ in range(5):
        stage.now += 60
        stage.run()
    assert stage.state().version == version


def test_a_pass_that_finds_everything_in_place_writes_nothing(stage: Stage) -> None:
    before = len(stage.table.writes)
    stage.run()
    # the stage itself writes one heartbeat
    assert [write.operation for write in stage.table.writes[before:]] == ["save_vantage"]


def test_a_table_that_cannot_be_read_at_all_is_an_error_of_the_pass(stage: Stage) -> None:
    store = stage.store
    store.fail("load_board", StoreError("the table does not answer"))
    with pytest.raises(StoreError):
        stage.run(store)


# --- law 10: whatever a router was doing when it was killed, the next passes end where they should


STEPS = ("load_board", "load_group", "save_group", "record")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("after_acting", [False, True])
@pytest.mark.parametrize("nth", [0, 1, 2])
def test_law_10_killed_at_any_write_the_next_pass_recovers(
    stage: Stage, step: str, nth: int, *, after_acting: bool
) -> None:
    stage.see("nat-a", Health.UNHEALTHY)
    store = stage.store
    for _ in range(nth):
        store.before(step, lambda: None)
    store.fail(step, KeyboardInterrupt(), after_acting=after_acting)
    with contextlib.suppress(KeyboardInterrupt):
        stage.run(store)
    _recovers(stage)


@pytest.mark.parametrize("table", ["rtb-1", "rtb-2", "rtb-3"])
@pytest.mark.parametrize("after_acting", [False, True])
def test_law_10_killed_between_two_tables_the_next_pass_does_the_other(
    stage: Stage, table: str, *, after_acting: bool
) -> None:
    stage.routes.acts_before_refusing = after_acting
    stage.routes.refusals[table] = [KeyboardInterrupt()]  # type: ignore[list-item]
    stage.see("nat-a", Health.UNHEALTHY)
    with pytest.raises(KeyboardInterrupt):
        stage.run()
    _recovers(stage)


def _recovers(stage: Stage) -> None:
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


# --- law 11: many groups, each with its own troubles


def test_many_groups_are_brought_in_one_pass() -> None:
    stage = Stage()
    names = [f"rtb-{n:03}" for n in range(60)]
    stage.routes.next_hops = dict.fromkeys(names, NAT_A)
    stage.configuration = replace(CONFIGURATION, groups={name: group(name, name) for name in names})
    stage.run()
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    assert set(stage.routes.next_hops.values()) == {NAT_B}


def test_law_11_a_table_that_does_not_exist_is_its_own_groups_trouble(stage: Stage) -> None:
    del stage.routes.next_hops["rtb-1"]
    stage.see("nat-a", Health.UNHEALTHY)
    reports = stage.run()
    assert reports["two"].error is None
    assert stage.routes.next_hops == {"rtb-2": NAT_B, "rtb-3": NAT_B}


def test_law_11_a_poisoned_item_is_its_own_groups_trouble(stage: Stage) -> None:
    key = next(w.keys[0] for w in stage.table.writes if w.keys[0] == ("GROUP", "one"))
    item = stage.table.get(key)
    assert item is not None
    stage.table.place({**item, "version": {"S": "seven"}})
    stage.see("nat-a", Health.UNHEALTHY)
    reports = stage.run()
    assert reports["one"].error is not None
    assert stage.routes.next_hops["rtb-3"] == NAT_B
    assert stage.count(Metric.STEERING_FAILURES) == 2  # it could neither be moved nor told of; either raises the alarm


def test_law_11_a_defect_met_in_one_group_strands_no_other(stage: Stage) -> None:
    stage.routes.refusals["rtb-1"] = [ZeroDivisionError("a bug")]
    stage.see("nat-a", Health.UNHEALTHY)
    reports = stage.run()
    assert reports["one"].error == "ZeroDivisionError: a bug"
    assert stage.routes.next_hops["rtb-3"] == NAT_B


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
