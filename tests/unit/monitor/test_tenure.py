"""The lease and the verdicts in hand, without a watch around them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from lab.memory_store import MemoryStore, MemoryTable
from routekeeper.domain.errors import LeaseLost
from routekeeper.domain.health import Health, TargetHealth
from routekeeper.domain.lease import Lease
from routekeeper.monitor import Dependencies
from routekeeper.monitor.tenure import Tenure
from routekeeper.monitor.votes import Votes
from tests.fakes.lines import FakeProber
from tests.fakes.virtual_time import START, offload, run_virtually

Clock = Callable[[], float]


def test_a_verdict_that_follows_at_once_on_a_written_one_is_written_too() -> None:
    async def main(clock: Clock) -> Health:
        table = MemoryTable()
        store = MemoryStore(table)
        lease = store.save_lease(Lease("a", 0, "first", 1, clock() + 15))
        dependencies = Dependencies(store, FakeProber(clock, {}), clock, lambda _: None, offload)
        verdicts = Votes(Tenure(lease, dependencies), dependencies)
        verdicts.tell("dx", TargetHealth(Health.HEALTHY, since=START))
        bad = TargetHealth(Health.UNHEALTHY, since=START + 1)

        def tell_next() -> None:
            asyncio.get_running_loop().call_soon(verdicts.tell, "dx", bad)

        store.before("save_health", tell_next)
        await asyncio.sleep(1)
        return store.load_board().health["a"]["dx"].health

    assert run_virtually(main) is Health.UNHEALTHY


def test_a_lease_that_is_claimed_anew_while_it_is_granted_goes_to_the_newest() -> None:
    async def main(clock: Clock) -> Lease:
        store = MemoryStore(MemoryTable())
        mine = store.save_lease(Lease("a", 0, "first", 1, clock() + 15, successor="second"))
        store.save_lease(replace(mine, successor="third"))
        dependencies = Dependencies(store, FakeProber(clock, {}), clock, lambda _: None, offload)
        await Tenure(mine, dependencies).grant()
        return store.load_lease("a")

    assert run_virtually(main).owner == "third"


def test_who_finds_the_lease_with_another_when_granting_it_leaves_it_there() -> None:
    async def main(clock: Clock) -> Lease:
        table = MemoryTable()
        store = MemoryStore(table)
        mine = store.save_lease(Lease("a", 0, "first", 1, clock() + 15, successor="second"))
        taken = store.save_lease(Lease("a", mine.version, "third", 2, clock() + 15))
        dependencies = Dependencies(store, FakeProber(clock, {}), clock, lambda _: None, offload)
        with pytest.raises(LeaseLost):
            await Tenure(mine, dependencies).grant()
        assert store.load_lease("a") == taken
        return taken

    assert run_virtually(main).owner == "third"
