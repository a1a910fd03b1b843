"""A sign of life is given after the work that it stands for, and a watch that can write nothing ends in an error."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from lab.memory_store import MemoryStore
from routekeeper.domain.errors import StoreError
from routekeeper.domain.health import Health, TargetHealth
from routekeeper.domain.lease import Lease
from routekeeper.domain.vantage import Vantage
from routekeeper.monitor import Ended
from routekeeper.store.items import health_key, lease_key, vantage_key
from routekeeper.telemetry.measurements import Metric
from tests.fakes.virtual_time import run_virtually
from tests.unit.monitor.test_burst import CONFIGURATION as BURSTS
from tests.unit.monitor.test_monitor import CONFIGURATION, Zone, end

Clock = Callable[[], float]
WATCHES = pytest.mark.parametrize("configuration", [CONFIGURATION, BURSTS], ids=["continuous", "burst"])


def signs(zone: Zone) -> int:
    return [m.metric for m in zone.measured].count(Metric.HEARTBEAT)


def edited(zone: Zone, key: object, epoch: dict[str, str]) -> None:
    item = zone.table.get(key)  # type: ignore[arg-type]
    assert item is not None
    zone.table.place({**item, "epoch": epoch})


def without_a_lease(zone: Zone, clock: Clock) -> None:
    """A table restored from a backup, or a lease that somebody has deleted."""
    store = MemoryStore(zone.table)
    store.save_vantage(Vantage("a", 100, clock() - 600))
    store.save_health("a", 250, "dx", TargetHealth(Health.HEALTHY, clock() - 600, known_at=clock() - 600))


@WATCHES
def test_a_lease_begins_above_what_the_table_holds(configuration: object) -> None:
    async def main(clock: Clock) -> tuple[Ended, Zone]:
        zone = Zone(clock, configuration=configuration)  # type: ignore[arg-type]
        without_a_lease(zone, clock)
        zone.dx.cuts = ((clock(), clock() + 999),)
        return await zone.invoke("first", lasts=60), zone

    ended, zone = run_virtually(main)
    store = MemoryStore(zone.table)
    assert ended in (Ended.DEADLINE, Ended.BURST_OVER)
    assert store.load_lease("a").epoch == store.load_board().vantages["a"].epoch == 251
    assert zone.health() is Health.UNHEALTHY
    assert signs(zone) == 1


def test_a_lease_that_was_restored_from_a_backup_is_raised_when_it_is_next_taken() -> None:
    async def main(clock: Clock) -> tuple[Ended, int]:
        zone = Zone(clock)
        without_a_lease(zone, clock)
        MemoryStore(zone.table).save_lease(Lease("a", owner="gone", epoch=3, expires_at=clock() - 500))
        return await zone.invoke("first", lasts=60), MemoryStore(zone.table).load_lease("a").epoch

    assert run_virtually(main) == (Ended.DEADLINE, 251)


@pytest.mark.parametrize("key", [vantage_key("a"), health_key("dx", "a")], ids=str)
def test_a_watch_whose_writes_are_refused_although_it_has_the_lease_fails_and_the_next_goes_on(
    key: object,
) -> None:
    async def main(clock: Clock) -> tuple[float, Zone]:
        zone = Zone(clock)
        first = zone.invoke("first")
        await asyncio.sleep(12)
        edited(zone, key, {"N": "5000"})
        zone.dx.cuts = ((clock(), clock() + 999),)
        with pytest.raises(StoreError, match=r"under epoch 5000, .* although the lease is ours"):
            await first
        failed_at, second = clock(), zone.invoke("second")
        await asyncio.sleep(30)
        assert zone.health() is Health.UNHEALTHY
        assert MemoryStore(zone.table).load_lease("a").epoch == 5001
        await end(second)
        return failed_at, zone

    _, zone = run_virtually(main)
    assert signs(zone) == 2


@WATCHES
def test_a_watch_that_the_table_has_taken_nothing_of_gives_no_sign_of_life_and_fails(
    configuration: object,
) -> None:
    async def main(clock: Clock) -> Zone:
        zone = Zone(clock, configuration=configuration)  # type: ignore[arg-type]
        store = MemoryStore(zone.table, writer="first")
        store.fail("save_vantage", StoreError("AccessDenied"), times=1000)
        with pytest.raises(StoreError, match="AccessDenied"):
            await zone.invoke("first", lasts=60, store=store)
        return zone

    zone = run_virtually(main)
    assert signs(zone) == 0
    assert zone.prober.sent, "it watched all the same"


def test_a_lease_that_another_has_is_lost_without_an_error() -> None:
    async def main(clock: Clock) -> Ended:
        zone = Zone(clock)
        first = zone.invoke("first")
        await asyncio.sleep(12)
        zone.table.remove(lease_key("a"))
        second = zone.invoke("second")
        ended = await first
        await end(second)
        return ended

    assert run_virtually(main) is Ended.LEASE_LOST
