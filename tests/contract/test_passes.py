"""What functions tell of their last pass, whatever is below the store."""

from __future__ import annotations

from routekeeper.domain.presence import Pass, Release
from routekeeper.domain.vantage import Vantage
from tests.contract.benches import Bench

NOW = 1_790_000_000.25
RELEASE = Release("0.1.0", "0123456789ab")


def test_a_pass_replaces_the_one_before_and_never_a_later_one(bench: Bench) -> None:
    assert bench.store().load_passes() == ()
    assert bench.store("router/2").save_pass(Pass("router", NOW + 60, RELEASE))
    assert not bench.store("router/1").save_pass(Pass("router", NOW))
    assert bench.store().load_passes() == (Pass("router", NOW + 60, RELEASE),)


def test_functions_stand_side_by_side(bench: Bench) -> None:
    for function in ("router", "restarter"):
        assert bench.store(function).save_pass(Pass(function, NOW, RELEASE))
    assert {ended.function for ended in bench.store().load_passes()} == {"router", "restarter"}


def test_a_heartbeat_says_what_its_monitor_runs(bench: Bench) -> None:
    bench.store().save_vantage(Vantage("zone-a", 1, NOW, release=RELEASE))
    assert bench.store().load_board().vantages["zone-a"].release == RELEASE
