"""The way back over many passes: hold-down, flaps, and vantages that fall silent meanwhile (law 4)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from routekeeper.domain.group_state import Pause, TransitionKind
from routekeeper.domain.health import Health
from routekeeper.domain.settings import Quorum
from tests.unit.router.stage import ASKED, CONFIGURATION, Stage


def test_traffic_returns_once_the_preferred_path_was_healthy_for_the_hold_down(stage: Stage) -> None:
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    stage.now += 100
    stage.see("nat-a", Health.HEALTHY)
    stage.run()  # the stream wakes the router with every change of health
    stage.now += 59
    stage.run()
    assert stage.state().path == "nat-b"
    stage.now += 2
    stage.run()
    assert stage.state().path == "nat-a"
    assert stage.history()[0].kind is TransitionKind.FAILBACK


def test_law_4_a_vantage_that_falls_silent_does_not_shorten_the_hold_down(stage: Stage) -> None:
    """b has called nat-a HEALTHY all along; only a spoke against it, and then stops speaking at all."""
    stage.configuration = replace(
        CONFIGURATION,
        groups={"one": CONFIGURATION.groups["one"]},
        targets={name: replace(target, quorum=Quorum.ANY) for name, target in CONFIGURATION.targets.items()},
    )
    for target in ("nat-a", "nat-b"):
        stage.see(target, Health.HEALTHY, vantage="b")
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    assert stage.state().path == "nat-b"
    for _ in range(10):
        stage.now += 60
        stage.beat("b")
        stage.run()  # which beats for a
    silent_since = stage.now
    while stage.state().path == "nat-b" and stage.now < silent_since + 600:
        stage.now += 20
        stage.beat("b")
        stage.router(stage.store).run(f"alone-{stage.now}", stage.now + 30)
    assert stage.now - silent_since >= CONFIGURATION.stale_after_seconds + 60


def flap(stage: Stage, times: int) -> None:
    """nat-a fails for a minute, and is well for two, so often; the router hears of each turn and looks every minute."""
    for _ in range(times):
        stage.see("nat-a", Health.UNHEALTHY)
        stage.run()
        stage.now += 60
        stage.see("nat-a", Health.HEALTHY)
        for _ in range(3):
            stage.run()
            stage.now += 60


def test_a_path_that_keeps_failing_is_returned_to_later_and_left_as_fast(stage: Stage) -> None:
    flap(stage, 2)
    assert stage.state().path == "nat-a"
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    assert stage.state().path == "nat-b", "the third flap in a few minutes, and left at once all the same"
    failed_at = stage.now
    stage.see("nat-a", Health.HEALTHY)
    while stage.state().path == "nat-b":
        stage.now += 60
        stage.beat()
        stage.run()
    assert 25 * 60 < stage.now - failed_at < 30 * 60
    assert stage.penalty("nat-a") == pytest.approx(2536, rel=0.01)


def test_flaps_of_a_path_without_traffic_count_while_the_group_is_paused_too(stage: Stage) -> None:
    stage.save(stage.state(), path="nat-b", pause=Pause(stage.now + 7200, ASKED))
    flap(stage, 2)
    assert stage.state().path == "nat-b"
    assert stage.penalty("nat-a") > 1800
