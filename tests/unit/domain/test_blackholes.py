"""Routes that swallow packets though probes succeed: such a path is left, and not returned to unseen."""

from dataclasses import replace

from routekeeper.domain.decision import Move
from routekeeper.domain.path_memory import NOTHING, PathMemory
from routekeeper.domain.remembering import moved
from routekeeper.domain.routes import Actual
from tests.unit.domain.small_world import DOWN, NOW, UP, choose, on, pinned, to, told


def test_a_blackholed_path_is_left_although_its_target_answers() -> None:
    decision = choose(on("dx"), told(dx=UP, vpn=UP), actual=Actual("dx", frozenset({"dx"})))
    assert isinstance(decision, Move)
    assert (decision.to, decision.blackhole, decision.verdict_at) == ("vpn", True, NOW)


def test_a_blackhole_keeps_the_timings_of_a_verdict_that_came_first() -> None:
    decision = choose(on("dx"), told(dx=DOWN, vpn=UP, since=990.0), actual=Actual("dx", frozenset({"dx"})))
    assert isinstance(decision, Move)
    assert (decision.first_loss_at, decision.verdict_at) == (988.0, 990.0)


def test_a_blackhole_on_another_path_than_the_desired_one_is_drift_and_no_reason_to_move() -> None:
    assert to(choose(on("dx"), told(dx=UP, vpn=UP), actual=Actual("vpn", frozenset({"vpn"})))) is None


def test_traffic_does_not_swing_back_into_a_blackhole_that_the_probes_do_not_see() -> None:
    """A deleted NAT gateway without a target: HEALTHY for ever to us, and only its route tells."""
    state = on("dx")
    decision = choose(state, told(dx=UP, vpn=UP), actual=Actual("dx", frozenset({"dx"})))
    assert isinstance(decision, Move)
    left = moved(state, decision, NOW)
    assert to(choose(left, told(dx=UP, vpn=UP), now=NOW + 10_000)) is None
    assert to(choose(left, told(dx=UP, vpn=DOWN), now=NOW + 10_000)) is None
    assert to(choose(left, told(dx=UP, vpn=UP, since=NOW), now=NOW + 10_000)) is None
    healed = told(dx=UP, vpn=UP, since=NOW + 100)
    assert to(choose(left, healed, now=NOW + 159)) is None
    assert to(choose(left, healed, now=NOW + 160)) == "dx"


def test_an_operator_may_force_traffic_back_and_the_blackhole_is_forgotten() -> None:
    left = replace(on("vpn", since=NOW), paths={"dx": PathMemory(blackholed_at=NOW)}, pin=pinned("dx", forced=True))
    decision = choose(left, told(dx=UP, vpn=UP), now=NOW + 1)
    assert isinstance(decision, Move)
    back = moved(left, decision, NOW + 1)
    assert (back.path, back.memory("dx")) == ("dx", NOTHING)
