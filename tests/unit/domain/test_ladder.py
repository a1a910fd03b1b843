"""The ladder of paths: an UNHEALTHY path is left for the first HEALTHY one (laws 1 to 4); how a group begins."""

import pytest

from routekeeper.domain.deciding import decide
from routekeeper.domain.decision import Move, Stay
from routekeeper.domain.group_state import TransitionKind
from routekeeper.domain.health import Health
from routekeeper.domain.routes import Actual
from routekeeper.domain.settings import FailbackMode, Group, Path
from routekeeper.domain.steering import VpcRoute
from routekeeper.domain.verdicts import Verdicts
from routekeeper.domain.view import View
from tests.unit.domain.small_world import DOWN, HOLD_DOWN, NAMES, NO_IDEA, NOW, UP, choose, group, on, to, told

# --- leaving


def test_law_4_an_unhealthy_path_is_left_for_the_first_healthy_one() -> None:
    decision = choose(on("dx"), told(dx=DOWN, vpn=UP, lte=UP, since=990.0), of=group(*NAMES))
    assert decision == Move(
        "vpn", TransitionKind.FAILOVER, "dx is UNHEALTHY (dx was UNHEALTHY)", first_loss_at=988.0, verdict_at=990.0
    )


def test_law_4_leaving_a_backup_for_the_preferred_path_waits_for_no_hold_down() -> None:
    decision = choose(on("vpn", since=999.0), told(dx=UP, vpn=DOWN, since=999.5), of=group(mode=FailbackMode.MANUAL))
    assert isinstance(decision, Move)
    assert (decision.to, decision.kind) == ("dx", TransitionKind.FAILBACK)


def test_law_2_a_path_of_unknown_health_is_skipped() -> None:
    assert to(choose(on("dx"), told(dx=DOWN, vpn=NO_IDEA, lte=UP), of=group(*NAMES))) == "lte"


@pytest.mark.parametrize("other", [DOWN, NO_IDEA])
def test_law_3_with_nowhere_to_go_nothing_moves_and_an_alarm_is_due(other: Health) -> None:
    decision = choose(on("dx"), told(dx=DOWN, vpn=other))
    assert isinstance(decision, Stay)
    assert decision.stranded
    assert decision.reason == f"no path is HEALTHY: dx is UNHEALTHY, vpn is {other.value}"


def test_law_1_a_path_of_unknown_health_is_not_left() -> None:
    decision = choose(on("dx"), told(dx=NO_IDEA, vpn=UP))
    assert isinstance(decision, Stay)
    assert not decision.stranded
    assert to(choose(on("dx"), {}, of=group())) is None


@pytest.mark.parametrize("other", [DOWN, NO_IDEA])
def test_law_3_with_nothing_known_to_be_healthy_an_alarm_is_due_once_probing_had_its_time(other: Health) -> None:
    for since, stranded in ((NOW - 59, False), (NOW - 60, True)):
        decision = choose(on("dx", since=since), told(dx=NO_IDEA, vpn=other))
        assert isinstance(decision, Stay)
        assert decision.stranded is stranded


def test_a_path_without_a_target_is_taken_as_healthy() -> None:
    gateway = Group("private", (VpcRoute(("rtb-1",), "0.0.0.0/0"),), (Path("nat-a", "dx-target"), Path("gateway")))
    assert to(choose(on("nat-a"), told(dx=DOWN), of=gateway)) == "gateway"


# --- the beginning


def test_at_the_start_what_is_there_is_adopted_even_before_anything_is_known() -> None:
    decision = choose(on(None), {}, actual=Actual("vpn"))
    assert decision == Stay("the routes are on vpn", adopt="vpn")


def test_routes_found_on_a_backup_at_the_start_return_after_the_hold_down() -> None:
    """The scripts reset to the default when they start; we first want to know that it works."""
    adopted = on("vpn", since=NOW)
    assert to(choose(adopted, told(dx=NO_IDEA, vpn=UP), now=NOW + 600)) is None
    assert to(choose(adopted, told(dx=UP, vpn=UP), now=NOW + HOLD_DOWN)) == "dx"


def test_law_1_at_the_start_nothing_moves_before_the_routes_have_been_read() -> None:
    assert decide(View(group(), on(None), Verdicts(told(dx=UP, vpn=UP)), NOW, None)) == Stay(
        "nothing is known of the routes yet"
    )


def test_routes_on_no_path_go_to_the_first_healthy_one() -> None:
    decision = choose(on(None), told(dx=DOWN, vpn=UP), actual=Actual(None))
    assert isinstance(decision, Move)
    assert (decision.to, decision.kind) == ("vpn", TransitionKind.INITIAL)


def test_law_3_routes_on_no_path_stay_there_while_none_is_healthy() -> None:
    for dx, vpn, stranded in ((DOWN, DOWN, True), (NO_IDEA, DOWN, False), (NO_IDEA, NO_IDEA, False)):
        decision = choose(on(None), told(dx=dx, vpn=vpn), actual=Actual(None))
        assert isinstance(decision, Stay)
        assert decision.stranded is stranded


def test_a_desired_path_that_is_no_longer_configured_is_a_beginning() -> None:
    gone = on("satellite")
    assert choose(gone, told(dx=UP, vpn=UP), actual=Actual("vpn")) == Stay("the routes are on vpn", adopt="vpn")
    assert to(choose(gone, told(dx=UP, vpn=UP), actual=Actual(None))) == "dx"
    assert isinstance(decide(View(group(), gone, Verdicts(told(dx=UP, vpn=UP)), NOW, None)), Stay)
