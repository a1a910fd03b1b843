"""The way back waits: for a HEALTHY path (law 2), its hold-down, its flaps and a window, unless an operator asks."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routekeeper.domain.decision import Move, Stay
from routekeeper.domain.group_state import ReturnRequest, TransitionKind
from routekeeper.domain.health import Health
from routekeeper.domain.remembering import counted, moved
from routekeeper.domain.settings import FailbackMode, FailbackPolicy
from routekeeper.domain.verdicts import Verdicts
from routekeeper.domain.view import View
from tests.unit.domain.small_world import (
    ASKED,
    DOWN,
    NAMES,
    NO_IDEA,
    NOW,
    UP,
    choose,
    flapped,
    group,
    on,
    to,
    told,
    windowed,
)

# --- the hold-down


def test_the_preferred_path_is_returned_to_after_its_hold_down() -> None:
    state, verdicts = on("vpn", since=500.0), told(dx=UP, vpn=UP, since=900.0)
    waiting = choose(state, verdicts, now=959.9)
    assert waiting == Stay("dx is HEALTHY; failback in 0 s", due_at=960.0)
    decision = choose(state, verdicts, now=960.0)
    assert isinstance(decision, Move)
    assert (decision.to, decision.kind, decision.first_loss_at) == ("dx", TransitionKind.FAILBACK, None)


def test_the_hold_down_also_runs_from_the_last_change_of_path() -> None:
    assert to(choose(on("vpn", since=950.0), told(dx=UP, vpn=UP), now=1009.9)) is None
    assert to(choose(on("vpn", since=950.0), told(dx=UP, vpn=UP), now=1010.0)) == "dx"


@pytest.mark.parametrize("health", [DOWN, NO_IDEA])
def test_law_2_nobody_returns_to_a_path_that_is_not_healthy(health: Health) -> None:
    assert to(choose(on("vpn"), told(dx=health, vpn=UP), now=1e9)) is None


def test_from_the_last_of_three_the_best_healthy_one_is_returned_to() -> None:
    assert to(choose(on("lte"), told(dx=DOWN, vpn=UP, lte=UP), of=group(*NAMES))) == "vpn"
    assert to(choose(on("lte"), told(dx=UP, vpn=UP, lte=UP), of=group(*NAMES))) == "dx"


def test_the_earliest_return_is_told() -> None:
    verdicts = told(dx=UP, since=995.0) | told(vpn=UP, since=970.0) | told(lte=UP)
    decision = choose(on("lte"), verdicts, of=group(*NAMES))
    assert decision == Stay("dx is HEALTHY; failback in 55 s; vpn is HEALTHY; failback in 30 s", due_at=1030.0)


@given(st.floats(0.0, 1000.0), st.floats(0.0, 1000.0), st.floats(0.0, 300.0))
def test_an_automatic_return_never_comes_before_the_hold_down(healthy: float, since: float, after: float) -> None:
    decision = choose(on("vpn", since), told(dx=UP, vpn=UP, since=healthy), of=group(after=after))
    assert isinstance(decision, Move) is (max(healthy, since) + after <= NOW)


# --- asked for by an operator


def test_manual_failback_waits_for_an_operator() -> None:
    manual = group(mode=FailbackMode.MANUAL)
    assert to(choose(on("vpn"), told(dx=UP, vpn=UP), of=manual)) is None
    asking = replace(on("vpn"), returning=ReturnRequest(NOW + 60, ASKED))
    assert to(choose(asking, told(dx=UP, vpn=UP), of=manual)) == "dx"


def test_an_operators_return_skips_the_hold_down() -> None:
    state = replace(on("vpn", since=980.0), returning=ReturnRequest(NOW + 60, ASKED))
    decision = choose(state, told(dx=UP, vpn=UP, since=999.0))
    assert decision == Move("dx", TransitionKind.MANUAL, "asked by mia: line work", asked=ASKED)


def test_law_2_an_operators_return_waits_for_a_healthy_path_unless_forced() -> None:
    verdicts = told(dx=NO_IDEA, vpn=UP)
    assert to(choose(replace(on("vpn"), returning=ReturnRequest(NOW + 60, ASKED)), verdicts)) is None
    assert to(choose(replace(on("vpn"), returning=ReturnRequest(NOW + 60, ASKED, forced=True)), verdicts)) == "dx"


def test_a_forced_return_is_granted_from_a_dead_path_too() -> None:
    state = replace(on("vpn"), returning=ReturnRequest(NOW + 60, ASKED, forced=True))
    assert to(choose(state, told(dx=NO_IDEA, vpn=DOWN))) == "dx"


def test_law_6_a_request_to_return_is_forgotten_when_it_expires() -> None:
    manual = group(mode=FailbackMode.MANUAL)
    state = replace(on("vpn"), returning=ReturnRequest(NOW, ASKED))
    assert to(choose(state, told(dx=UP, vpn=UP), of=manual, now=NOW - 0.1)) == "dx"
    assert to(choose(state, told(dx=UP, vpn=UP), of=manual, now=NOW)) is None


def test_a_request_to_return_is_spent_by_one_move() -> None:
    """The line fails again soon after: the old request must not carry traffic back without hold-down."""
    state = replace(on("vpn"), returning=ReturnRequest(NOW + 600, ASKED))
    there = choose(state, told(dx=UP, vpn=UP))
    assert isinstance(there, Move)
    left = replace(moved(state, there, NOW), path="vpn", since=NOW + 20)
    assert left.returning is None
    untidy = replace(left, returning=state.returning)
    assert to(choose(untidy, told(dx=UP, vpn=UP, since=NOW + 30), now=NOW + 31)) is None


def test_an_operators_return_asks_neither_damping_nor_windows() -> None:
    state = replace(on("vpn"), paths=flapped(), returning=ReturnRequest(NOW + 60, ASKED))
    assert to(choose(state, told(dx=UP, vpn=UP), of=windowed(36_000.0))) == "dx"


# --- flaps and windows


def test_a_path_that_has_flapped_is_returned_to_once_its_penalty_allows_it() -> None:
    state, verdicts = replace(on("vpn"), paths=flapped()), told(dx=UP, vpn=UP)
    waiting = choose(state, verdicts)
    assert isinstance(waiting, Stay)
    assert waiting.due_at == pytest.approx(NOW + 600)
    assert waiting.reason == (
        "dx is HEALTHY; failback suppressed for 10 min: it has flapped, and its penalty of 1191 has to fall below 750"
    )
    assert to(choose(state, verdicts, now=NOW + 599)) is None
    assert to(choose(state, verdicts, now=waiting.due_at or 0.0)) == "dx"


def test_the_hold_down_counts_where_it_ends_later_than_the_suppression() -> None:
    state = replace(on("vpn"), paths=flapped(until=NOW + 5))
    decision = choose(state, told(dx=UP, vpn=UP, since=NOW - 10))
    assert decision == Stay("dx is HEALTHY; failback in 50 s", due_at=NOW + 50)


def test_without_damping_flaps_count_for_nothing() -> None:
    calm = replace(group(), failback=FailbackPolicy(damping=None))
    state = replace(on("vpn"), paths=flapped())
    assert to(choose(state, told(dx=UP, vpn=UP), of=calm)) == "dx"
    assert counted(View(calm, state, Verdicts(told(dx=DOWN, vpn=UP)), NOW)).paths == {}


def test_traffic_returns_in_a_window_only() -> None:
    of, state, verdicts = windowed(36_000.0), on("vpn"), told(dx=UP, vpn=UP)
    waiting = choose(state, verdicts, of=of)
    assert waiting == Stay("dx is HEALTHY; failback once a window opens, in 9.7 h", due_at=36_000.0)
    assert to(choose(state, verdicts, of=of, now=35_999.0)) is None
    assert to(choose(state, verdicts, of=of, now=36_000.0)) == "dx"
    assert to(choose(state, verdicts, of=of, now=37_800.0)) is None


def test_a_suppression_that_ends_after_the_window_waits_for_the_next_one() -> None:
    state = replace(on("vpn"), paths=flapped(until=39_000.0))
    decision = choose(state, told(dx=UP, vpn=UP), of=windowed(36_000.0), now=36_010.0)
    assert isinstance(decision, Stay)
    assert decision.due_at == 36_000.0 + 86_400.0


def test_a_calmer_path_further_up_is_not_kept_waiting_by_one_that_has_flapped() -> None:
    state = replace(on("lte"), paths=flapped("dx"))
    assert to(choose(state, told(dx=UP, vpn=UP, lte=UP), of=group(*NAMES))) == "vpn"


def test_law_4_an_unhealthy_path_is_left_for_one_that_is_not_suppressed_if_there_is_one() -> None:
    state = replace(on("vpn"), paths=flapped("dx"))
    assert to(choose(state, told(dx=UP, vpn=DOWN, lte=UP), of=group(*NAMES))) == "lte"
    assert to(choose(state, told(dx=UP, vpn=DOWN, lte=DOWN), of=group(*NAMES))) == "dx"
