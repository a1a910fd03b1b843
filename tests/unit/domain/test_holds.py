"""Pins and pauses: what they hold until they expire (law 6), and what they do not."""

from dataclasses import replace

import pytest

from routekeeper.domain.decision import Move, Stay
from routekeeper.domain.group_state import Pause, TransitionKind
from routekeeper.domain.health import Health
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
    pinned,
    to,
    told,
    windowed,
)


def test_law_6_a_pin_holds_its_path_whatever_its_health() -> None:
    state = replace(on("vpn"), pin=pinned("vpn"))
    decision = choose(state, told(dx=UP, vpn=DOWN))
    assert decision == Stay("pinned to vpn by mia: line work")


def test_law_6_a_pin_is_honoured_to_the_moment_of_its_expiry_and_no_longer() -> None:
    state = replace(on("vpn"), pin=pinned("vpn", until=NOW))
    assert to(choose(state, told(dx=UP, vpn=UP), now=NOW - 0.001)) is None
    assert to(choose(state, told(dx=UP, vpn=UP), now=NOW)) == "dx"


def test_a_pin_moves_traffic_to_its_path() -> None:
    decision = choose(replace(on("dx"), pin=pinned("vpn")), told(dx=UP, vpn=UP))
    assert decision == Move("vpn", TransitionKind.MANUAL, "asked by mia: line work", asked=ASKED)


@pytest.mark.parametrize("health", [DOWN, NO_IDEA])
def test_law_2_a_pin_moves_nothing_onto_a_path_that_is_not_healthy_unless_forced(health: Health) -> None:
    verdicts = told(dx=UP, vpn=health)
    assert to(choose(replace(on("dx"), pin=pinned("vpn")), verdicts)) is None
    assert to(choose(replace(on("dx"), pin=pinned("vpn", forced=True)), verdicts)) == "vpn"


def test_law_4_a_pin_that_cannot_be_honoured_does_not_hold_traffic_on_another_dead_path() -> None:
    state = replace(on("dx"), pin=pinned("vpn"))
    assert to(choose(state, told(dx=DOWN, vpn=DOWN, lte=UP), of=group(*NAMES))) == "lte"


def test_law_3_a_pin_does_not_silence_the_alarm_when_no_path_is_healthy() -> None:
    held, waiting = replace(on("vpn"), pin=pinned("vpn")), replace(on("dx"), pin=pinned("vpn"))
    for state in (held, waiting):
        decision = choose(state, told(dx=DOWN, vpn=DOWN))
        assert isinstance(decision, Stay)
        assert decision.stranded


def test_law_6_nothing_moves_while_paused() -> None:
    state = replace(on("dx"), pause=Pause(NOW + 1, ASKED), pin=pinned("vpn"))
    decision = choose(state, told(dx=DOWN, vpn=UP))
    assert decision == Stay("paused by mia: line work", halted=True)
    assert to(choose(state, told(dx=DOWN, vpn=UP), now=NOW + 1)) == "vpn"


def test_a_pin_to_a_path_that_is_no_longer_configured_is_no_pin() -> None:
    assert to(choose(replace(on("dx"), pin=pinned("satellite")), told(dx=DOWN, vpn=UP))) == "vpn"


def test_a_pin_asks_neither_damping_nor_windows() -> None:
    state = replace(on("vpn"), paths=flapped(), pin=pinned("dx"))
    assert to(choose(state, told(dx=UP, vpn=UP), of=windowed(36_000.0))) == "dx"
