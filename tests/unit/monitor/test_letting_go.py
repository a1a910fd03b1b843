"""The moment at which the lease changes hands: who writes what, and what happens where a write fails."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

import pytest

from lab.memory_store import MemoryStore
from routekeeper.domain.errors import StoreError
from routekeeper.domain.health import Health
from routekeeper.domain.lease import Lease
from routekeeper.monitor import Ended
from tests.fakes.virtual_time import START, run_virtually
from tests.unit.monitor.test_hand_over import THROTTLED, store_of
from tests.unit.monitor.test_monitor import HOST, Zone, end, until

T = TypeVar("T")
Clock = Callable[[], float]


class Meanwhile:
    """An `Offload`: the next call of an operation takes so long, and something happens meanwhile."""

    def __init__(self) -> None:
        self.during: dict[str, tuple[Callable[[], object], float]] = {}
        self.failing: set[str] = set()

    async def __call__(self, function: Callable[[], T], /) -> T:
        operation = getattr(getattr(function, "func", function), "__name__", "")
        if operation in self.during:
            act, seconds = self.during.pop(operation)
            act()
            await asyncio.sleep(seconds)
        if operation in self.failing:
            raise StoreError("throttled")
        return function()


def cut(zone: Zone) -> None:
    """From now on."""
    zone.dx.cuts = ((zone.clock(), START + 9999),)


def told_by(zone: Zone, owner: str) -> int:
    """How many verdicts this invocation has written."""
    return sum(write.operation == "save_health" and write.writer == owner for write in zone.table.writes)


async def watching(zone: Zone, offload: Meanwhile, store: MemoryStore | None = None) -> asyncio.Task[Ended]:
    """A monitor that has watched for a minute; its next write of counters and of the lease are its last."""
    first = zone.invoke("first", offload=offload, store=store)
    await asyncio.sleep(60.5)
    return first


def test_a_verdict_that_comes_while_the_lease_is_granted_is_left_to_the_successor() -> None:
    async def main(clock: Clock) -> tuple[int, int]:
        zone, meanwhile = Zone(clock), Meanwhile()
        first = await watching(zone, meanwhile)
        before = told_by(zone, "first")
        meanwhile.during["save_lease"] = (lambda: cut(zone), 4.0)
        second = zone.invoke("second")
        assert await first is Ended.HANDED_OVER
        await until(lambda: zone.health() is Health.UNHEALTHY)
        await end(second)
        return told_by(zone, "first") - before, told_by(zone, "second")

    assert run_virtually(main) == (0, 1)


def test_a_verdict_that_could_not_be_written_is_not_tried_again_while_the_lease_is_granted() -> None:
    async def main(clock: Clock) -> int:
        zone, meanwhile = Zone(clock), Meanwhile()
        first = await watching(zone, meanwhile)
        before = told_by(zone, "first")
        cut(zone)
        meanwhile.failing.add("save_health")
        await asyncio.sleep(3)
        meanwhile.during["save_lease"] = (meanwhile.failing.clear, 2.0)
        second = zone.invoke("second")
        assert await first is Ended.HANDED_OVER
        await end(second)
        return told_by(zone, "first") - before

    assert run_virtually(main) == 0


def test_a_verdict_that_was_held_back_is_written_once_the_grant_has_failed() -> None:
    async def main(clock: Clock) -> tuple[Health | None, int]:
        zone, meanwhile = Zone(clock), Meanwhile()
        store = store_of(zone, "first")
        first = await watching(zone, meanwhile, store)
        before = told_by(zone, "first")
        meanwhile.during["save_lease"] = (lambda: cut(zone), 4.0)
        store.fail("save_lease", THROTTLED)
        second = zone.invoke("second")
        await until(lambda: not meanwhile.during)
        await end(second)
        await asyncio.sleep(4.1)
        seen = zone.health(), told_by(zone, "first") - before
        await end(first)
        return seen

    assert run_virtually(main) == (Health.UNHEALTHY, 1)


def test_a_verdict_that_comes_while_counters_are_saved_is_saved_before_the_lease_is_granted() -> None:
    async def main(clock: Clock) -> list[Health]:
        zone, meanwhile = Zone(clock), Meanwhile()
        first = await watching(zone, meanwhile)
        handed_on: list[Health] = []
        meanwhile.during["save_vantage"] = (lambda: cut(zone), 4.0)
        meanwhile.during["save_lease"] = (lambda: handed_on.append(zone.counters().health), 0.0)
        second = zone.invoke("second")
        assert await first is Ended.HANDED_OVER
        await end(second)
        return handed_on

    assert run_virtually(main) == [Health.UNHEALTHY]


def test_a_watch_without_a_successor_waits_for_a_verdict_that_is_being_written() -> None:
    async def main(clock: Clock) -> Health | None:
        zone, meanwhile = Zone(clock), Meanwhile()
        first = zone.invoke("first", lasts=60, offload=meanwhile)
        await asyncio.sleep(52)
        cut(zone)
        meanwhile.during["save_health"] = (lambda: None, 2.2)
        assert await first is Ended.DEADLINE
        return zone.health()

    assert run_virtually(main) is Health.UNHEALTHY


def test_a_watch_without_a_successor_waits_no_longer_than_a_moment() -> None:
    async def main(clock: Clock) -> float:
        zone, meanwhile = Zone(clock), Meanwhile()
        first = zone.invoke("first", lasts=60, offload=meanwhile)
        await asyncio.sleep(52)
        cut(zone)
        meanwhile.during["save_health"] = (lambda: None, 30.0)
        await first
        return clock() - START

    assert run_virtually(main) < 60


@pytest.mark.parametrize("operation", ["save_vantage", "save_lease"])
def test_a_watch_without_a_successor_tries_twice_to_let_go_of_the_lease(operation: str) -> None:
    async def main(clock: Clock) -> str | None:
        zone = Zone(clock)
        store = store_of(zone, "first")
        first = zone.invoke("first", lasts=60, store=store)
        await asyncio.sleep(53)
        store.fail(operation, THROTTLED)
        assert await first is Ended.DEADLINE
        return store.load_lease("a").owner

    assert run_virtually(main) is None


def test_a_run_of_losses_is_judged_before_the_lease_is_handed_on() -> None:
    async def main(clock: Clock) -> tuple[int, int]:
        zone = Zone(clock)
        first = zone.invoke("first")
        await asyncio.sleep(60.2)
        before = told_by(zone, "first")
        cut(zone)
        await until(lambda: zone.prober.sent[HOST][-1] > zone.dx.cuts[0][0])
        second = zone.invoke("second")
        assert await first is Ended.HANDED_OVER
        await end(second)
        return told_by(zone, "first") - before, told_by(zone, "second")

    assert run_virtually(main) == (1, 0)


def test_a_verdict_that_is_not_written_yet_puts_the_hand_over_off() -> None:
    async def main(clock: Clock) -> tuple[int, int]:
        zone, meanwhile = Zone(clock), Meanwhile()
        first = await watching(zone, meanwhile)
        before = told_by(zone, "first")
        meanwhile.failing.add("save_health")
        cut(zone)
        await asyncio.sleep(3)
        second = zone.invoke("second")
        await asyncio.sleep(2)
        meanwhile.failing.clear()
        assert await first is Ended.HANDED_OVER
        await end(second)
        return told_by(zone, "first") - before, told_by(zone, "second")

    assert run_virtually(main) == (1, 0)


def test_a_hand_over_is_not_put_off_for_ever() -> None:
    async def main(clock: Clock) -> float:
        zone, meanwhile = Zone(clock), Meanwhile()
        first = await watching(zone, meanwhile)
        meanwhile.failing.add("save_health")
        cut(zone)
        await asyncio.sleep(3)
        second = zone.invoke("second")
        asked = clock()
        assert await first is Ended.HANDED_OVER
        await end(second)
        return clock() - asked

    assert 5 <= run_virtually(main) <= 7


def test_a_watch_that_could_not_let_go_writes_nothing_once_it_has_ended() -> None:
    async def main(clock: Clock) -> int:
        zone, meanwhile = Zone(clock), Meanwhile()
        first = zone.invoke("first", lasts=60, offload=meanwhile)
        await asyncio.sleep(50.5)
        before = told_by(zone, "first")
        cut(zone)
        meanwhile.failing |= {"save_health", "save_vantage"}
        assert await first is Ended.DEADLINE
        meanwhile.failing.clear()
        await asyncio.sleep(5)
        return told_by(zone, "first") - before

    assert run_virtually(main) == 0


def test_a_lease_that_is_lost_in_the_last_moment_is_lost() -> None:
    async def main(clock: Clock) -> Ended:
        zone = Zone(clock)
        store = store_of(zone, "first")
        first = zone.invoke("first", lasts=60, store=store)
        await asyncio.sleep(54.5)
        others = MemoryStore(zone.table, writer="others")

        def take() -> None:
            lease = others.load_lease("a")
            others.save_lease(Lease("a", lease.version, "other", lease.epoch + 1, clock() + 15))

        store.before("save_lease", take)
        return await first

    assert run_virtually(main) is Ended.LEASE_LOST
