"""A transition of which nothing has been done yet: what held when it was decided may hold no more."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, time

import pytest

from routekeeper.domain.deciding import decide
from routekeeper.domain.decision import Decision, Move, Stay
from routekeeper.domain.group_state import Asker, GroupState, Pause, Pin, Transition, TransitionKind
from routekeeper.domain.health import Health
from routekeeper.domain.path_memory import PathMemory
from routekeeper.domain.quorum import Verdict
from routekeeper.domain.routes import Actual
from routekeeper.domain.settings import FailbackMode, FailbackPolicy, Group, Path
from routekeeper.domain.steering import VpcRoute
from routekeeper.domain.verdicts import Verdicts
from routekeeper.domain.view import View
from routekeeper.domain.windows import Day, Window, Windows

UP, DOWN, NO_IDEA = Health.HEALTHY, Health.UNHEALTHY, Health.UNKNOWN
NOW = 1_000_000.0
ASKED = Asker("mia", NOW - 10.0, "line work")
NEVER = Windows(UTC, (Window(time(3), time(4), frozenset({Day.MON})),))
"""NOW is a Monday, 13:46."""


def group(*names: str, failback: FailbackPolicy | None = None) -> Group:
    paths = tuple(Path(name, target=name) for name in names)
    return Group("idc", (VpcRoute(("rtb-1",), "0.0.0.0/0"),), paths, failback or FailbackPolicy(after_seconds=60.0))


DX_VPN = group("dx", "vpn")


def waiting(
    to: str, kind: TransitionKind = TransitionKind.FAILOVER, *, asked: Asker | None = None, forced: bool = False
) -> GroupState:
    """A group whose move to a path was decided ten minutes ago, and not carried out."""
    pending = Transition("idc-8", "idc", kind, None, to, "for good reasons", NOW - 600, asked=asked, forced=forced)
    return GroupState("idc", 8, to, NOW - 600, "for good reasons", pending=pending)


def decided(state: GroupState, *, on: str | None, of: Group = DX_VPN, **health: Health) -> Decision:
    verdicts = {name: Verdict(one, f"as {name} is", NOW - 30) for name, one in health.items()}
    return decide(View(of, state, Verdicts(verdicts), NOW, Actual(on)))


def test_law_2_traffic_stays_on_a_healthy_path_when_the_desired_one_is_no_longer_healthy() -> None:
    decision = decided(waiting("vpn"), on="dx", dx=UP, vpn=NO_IDEA)
    assert decision == Move(
        "dx",
        TransitionKind.FAILBACK,
        "vpn is UNKNOWN (as vpn is), and the routes are on dx, which is HEALTHY",
    )


def test_a_failback_that_never_began_is_given_up_for_the_standby_that_carries_the_traffic() -> None:
    decision = decided(waiting("dx", TransitionKind.FAILBACK), on="vpn", dx=NO_IDEA, vpn=UP)
    assert isinstance(decision, Move)
    assert (decision.to, decision.kind, decision.brakable) == ("vpn", TransitionKind.FAILOVER, False)


def test_what_is_still_healthy_is_carried_out() -> None:
    assert isinstance(decided(waiting("vpn"), on="dx", dx=UP, vpn=UP), Stay)
    assert isinstance(decided(waiting("vpn"), on="dx", dx=DOWN, vpn=UP), Stay)


def test_law_4_a_dead_path_is_left_for_a_third_one_when_the_desired_one_is_no_longer_healthy() -> None:
    decision = decided(waiting("vpn"), on="dx", of=group("dx", "vpn", "lte"), dx=DOWN, vpn=NO_IDEA, lte=UP)
    assert isinstance(decision, Move)
    assert (decision.to, decision.kind) == ("lte", TransitionKind.FAILOVER)


@pytest.mark.parametrize("desired", [DOWN, NO_IDEA])
@pytest.mark.parametrize("present", [DOWN, NO_IDEA])
def test_law_3_with_nothing_healthy_nothing_is_touched(present: Health, desired: Health) -> None:
    decision = decided(waiting("vpn"), on="dx", dx=present, vpn=desired)
    assert isinstance(decision, Stay)
    assert decision.halted
    assert decision.stranded


def test_what_aws_will_take_down_is_still_better_than_what_is_dead() -> None:
    verdicts = {
        "dx": Verdict(DOWN, "lost", NOW - 300),
        "vpn": Verdict(DOWN, "AWS will stop it", NOW - 300, announced=True),
    }
    decision = decide(View(DX_VPN, waiting("vpn"), Verdicts(verdicts), NOW, Actual("dx")))
    assert isinstance(decision, Stay)
    assert not decision.halted


def test_what_aws_will_take_down_and_carries_the_traffic_is_kept_when_the_desired_path_is_dead() -> None:
    verdicts = {
        "dx": Verdict(DOWN, "AWS will stop it", NOW - 300, announced=True),
        "vpn": Verdict(DOWN, "lost", NOW - 300),
    }
    decision = decide(View(DX_VPN, waiting("vpn"), Verdicts(verdicts), NOW, Actual("dx")))
    assert decision == Move(
        "dx",
        TransitionKind.FAILBACK,
        "vpn is UNHEALTHY (lost), and the routes are on dx, which works as yet",
    )


@pytest.mark.parametrize("on", [None, "vpn"])
def test_what_has_begun_is_completed(on: str | None) -> None:
    decision = decided(waiting("vpn"), on=on, dx=NO_IDEA, vpn=NO_IDEA)
    assert isinstance(decision, Stay)
    assert not decision.halted


def test_what_swallows_every_packet_is_left_whatever_the_desired_path_is() -> None:
    verdicts = {"dx": Verdict(NO_IDEA, "no idea", 0.0), "vpn": Verdict(UP, "up", 0.0)}
    decision = decide(View(DX_VPN, waiting("dx"), Verdicts(verdicts), NOW, Actual("vpn", frozenset({"vpn"}))))
    assert isinstance(decision, Stay)
    assert not decision.halted


def test_law_2_what_an_operator_forces_is_carried_out_whatever_the_health() -> None:
    state = waiting("vpn", TransitionKind.MANUAL, asked=ASKED, forced=True)
    decision = decided(state, on="dx", dx=NO_IDEA, vpn=NO_IDEA)
    assert isinstance(decision, Stay)
    assert not decision.halted


@pytest.mark.parametrize(("health", "forced"), [(UP, False), (UP, True), (NO_IDEA, True), (DOWN, True)])
def test_law_6_a_pin_to_where_the_routes_still_are_is_followed(health: Health, *, forced: bool) -> None:
    state = replace(waiting("vpn"), pin=Pin("dx", NOW + 3600, ASKED, forced))
    decision = decided(state, on="dx", dx=health, vpn=DOWN)
    assert decision == Move("dx", TransitionKind.MANUAL, "asked by mia: line work", asked=ASKED, forced=forced)


def test_law_2_a_pin_that_is_not_forced_makes_no_dead_path_desired() -> None:
    decision = decided(
        replace(waiting("vpn"), pin=Pin("dx", NOW + 3600, ASKED, forced=False)), on="dx", dx=DOWN, vpn=DOWN
    )
    assert isinstance(decision, Stay)
    assert decision.halted


def test_law_4_what_was_forced_and_never_began_is_given_up_when_its_pin_has_run_out() -> None:
    there = group("dx", "vpn", "lte", failback=FailbackPolicy(FailbackMode.WINDOW, 60.0, windows=NEVER))
    pinned = replace(
        waiting("dx", TransitionKind.MANUAL, asked=ASKED, forced=True), pin=Pin("dx", NOW + 60, ASKED, forced=True)
    )
    held = decided(pinned, on="lte", of=there, dx=DOWN, vpn=UP, lte=UP)
    assert isinstance(held, Stay)
    assert not held.halted
    run_out = replace(pinned, pin=Pin("dx", NOW - 60, ASKED, forced=True))
    decision = decided(run_out, on="lte", of=there, dx=DOWN, vpn=UP, lte=UP)
    assert isinstance(decision, Move)
    assert decision.to == "lte", "the way back to vpn waits for its window"


def test_law_12_what_may_not_begin_is_given_up_before_a_return_that_the_brake_may_hold() -> None:
    there = group("dx", "vpn", "lte")
    state = replace(waiting("vpn"), looked=True, paths={"dx": PathMemory(seen_healthy_at=NOW - 3000)})
    verdicts = {"dx": Verdict(UP, "up", NOW - 3000), "vpn": Verdict(DOWN, "lost", NOW), "lte": Verdict(UP, "up", 0.0)}
    decision = decide(View(there, state, Verdicts(verdicts), NOW, Actual("lte")))
    assert isinstance(decision, Move)
    assert (decision.to, decision.brakable) == ("lte", False)
    after = decide(View(there, replace(state, path="lte", pending=None), Verdicts(verdicts), NOW, Actual("lte")))
    assert isinstance(after, Move)
    assert (after.to, after.brakable) == ("dx", True)


def test_drift_that_was_to_be_put_right_stays_and_is_not_taken_for_desired() -> None:
    decision = decided(waiting("vpn", TransitionKind.DRIFT), on="dx", dx=UP, vpn=NO_IDEA)
    assert isinstance(decision, Stay)
    assert decision.halted


def test_a_failback_keeps_to_its_window_however_late_it_begins() -> None:
    there = group("dx", "vpn", failback=FailbackPolicy(FailbackMode.WINDOW, 60.0, windows=NEVER))
    decision = decided(waiting("dx", TransitionKind.FAILBACK), on="vpn", of=there, dx=UP, vpn=UP)
    assert isinstance(decision, Move)
    assert decision.to == "vpn"
    assert decision.reason.startswith("the window has closed")


def test_leaving_and_what_a_person_asked_for_keep_to_no_window() -> None:
    there = group("dx", "vpn", failback=FailbackPolicy(FailbackMode.WINDOW, 60.0, windows=NEVER))
    for state in (
        waiting("dx", TransitionKind.FAILBACK),
        waiting("dx", TransitionKind.MANUAL, asked=ASKED),
    ):
        assert isinstance(decided(state, on="vpn", of=there, dx=UP, vpn=DOWN), Stay)


def test_law_6_a_pause_comes_before_all() -> None:
    state = replace(waiting("vpn"), pause=Pause(NOW + 60, ASKED))
    decision = decided(state, on="dx", dx=UP, vpn=NO_IDEA)
    assert isinstance(decision, Stay)
    assert "paused" in decision.reason
