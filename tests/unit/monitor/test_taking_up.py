"""What a watch goes on from, what it says again, and what its heartbeats sum up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from lab.memory_store import MemoryStore
from routekeeper.domain.health import Health, TargetHealth
from routekeeper.domain.lease import Lease
from routekeeper.domain.vantage import Vantage
from routekeeper.monitor import Ended
from tests.fakes.virtual_time import START, run_virtually
from tests.unit.monitor.test_hand_over import THROTTLED, handed_over, store_of
from tests.unit.monitor.test_letting_go import told_by
from tests.unit.monitor.test_monitor import CONFIGURATION, Zone, end

Clock = Callable[[], float]


def test_a_watch_that_gives_the_board_up_takes_back_what_it_could_not_see_itself() -> None:
    async def main(clock: Clock) -> tuple[Health | None, Health | None]:
        zone = Zone(clock)
        _, second = await handed_over(zone, load_board=1000)
        zone.dx.refused = "no socket"
        await asyncio.sleep(25)
        blind = zone.health()
        await asyncio.sleep(10)
        seen = blind, zone.health()
        await end(second)
        return seen

    assert run_virtually(main) == (Health.HEALTHY, Health.UNKNOWN)


def test_a_target_that_nobody_knew_is_unknown_since_the_watch_began() -> None:
    async def main(clock: Clock) -> float:
        zone = Zone(clock)
        zone.dx.refused = "no socket"
        await asyncio.sleep(5)
        first = zone.invoke("first")
        await asyncio.sleep(3)
        since = zone.counters().since
        await end(first)
        return since

    assert run_virtually(main) == pytest.approx(START + 5)


def test_a_verdict_on_its_way_counts_for_more_than_what_the_predecessor_wrote() -> None:
    """The blind watch has said UNHEALTHY since a moment ago, and the table does not have it yet; it was so before."""

    async def main(clock: Clock) -> float:
        zone = Zone(clock)
        zone.dx.cuts = ((START + 20, START + 999),)
        first = zone.invoke("first")
        await asyncio.sleep(60)
        store = store_of(zone, "second", load_board=20, save_health=60)
        second = zone.invoke("second", store=store)
        assert await first is Ended.HANDED_OVER
        await asyncio.sleep(45)
        held = zone.held()
        await end(second)
        assert held is not None
        assert told_by(zone, "second") == 1
        return held.since - START

    assert run_virtually(main) == pytest.approx(22, abs=1)


def test_verdicts_that_the_table_has_are_not_written_again_by_the_successor() -> None:
    async def main(clock: Clock) -> int:
        zone = Zone(clock)
        _, second = await handed_over(zone)
        await asyncio.sleep(5)
        await end(second)
        return told_by(zone, "second")

    assert run_virtually(main) == 0


def test_each_heartbeat_sums_up_the_rounds_since_the_last() -> None:
    async def main(clock: Clock) -> int:
        zone = Zone(clock)
        first = zone.invoke("first")
        await asyncio.sleep(45)
        sent = MemoryStore(zone.table).load_board().vantages["a"].summaries["dx"].sent
        await end(first)
        return sent

    assert run_virtually(main) == pytest.approx(CONFIGURATION.heartbeat_interval_seconds, abs=1)


def test_rounds_that_a_failed_heartbeat_could_not_tell_are_told_by_the_next() -> None:
    async def main(clock: Clock) -> int:
        zone = Zone(clock)
        store = store_of(zone, "first")
        first = zone.invoke("first", store=store)
        await asyncio.sleep(35)
        store.fail("save_vantage", THROTTLED)
        await asyncio.sleep(20)
        sent = store.load_board().vantages["a"].summaries["dx"].sent
        await end(first)
        return sent

    assert run_virtually(main) == pytest.approx(2 * CONFIGURATION.heartbeat_interval_seconds, abs=1)


def test_a_verdict_that_the_predecessor_died_right_after_is_not_taken_back() -> None:
    """Its counters were last written with the heartbeat before the cut."""

    async def main(clock: Clock) -> list[Health]:
        zone = Zone(clock)
        zone.dx.cuts = ((START + 20, START + 999),)
        first = zone.invoke("first")
        await asyncio.sleep(24)
        first.cancel()
        await asyncio.wait({first})
        second = zone.invoke("second")
        seen = []
        for _ in range(400):
            await asyncio.sleep(0.1)
            seen.append(zone.health() or Health.UNKNOWN)
        await end(second)
        return seen

    assert set(run_virtually(main)) == {Health.UNHEALTHY}


def test_law_1_what_the_predecessor_has_from_the_future_is_not_gone_on_from_and_is_written_anew() -> None:
    """An `answered_at` far ahead would make every loss a stale one: the target could never fail."""

    async def main(clock: Clock) -> tuple[float, Health | None]:
        zone = Zone(clock)
        store = MemoryStore(zone.table)
        ahead = TargetHealth(Health.HEALTHY, clock() + 86_400, "edited", answered_at=clock() + 86_400)
        store.save_vantage(Vantage("a", 1, clock() - 60, {"dx": ahead, "vpn": ahead}))
        store.save_health("a", 1, "dx", ahead)
        store.save_lease(Lease("a", owner="gone", epoch=1, expires_at=clock() + 86_400))
        zone.dx.cuts = ((START + 10, START + 999),)
        first = zone.invoke("first")
        await asyncio.sleep(9)
        held = zone.held()
        await asyncio.sleep(20)
        await end(first)
        assert held is not None
        return held.since - START, zone.health()

    since, health = run_virtually(main)
    assert 0 <= since < 9
    assert health is Health.UNHEALTHY
