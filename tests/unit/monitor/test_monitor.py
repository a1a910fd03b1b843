"""One invocation of the monitor and the next: the lease, the hand-over, and a table that is out of reach."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

import pytest

from lab.memory_store import MemoryStore, MemoryTable
from routekeeper.domain.errors import StoreError
from routekeeper.domain.health import Health, TargetHealth
from routekeeper.domain.settings import Configuration, IcmpProbe, Target, TargetFigures
from routekeeper.monitor import Dependencies, Ended, Monitor, Offload
from routekeeper.telemetry.measurements import Measurement, Metric
from tests.fakes.lines import FakeProber, Line
from tests.fakes.virtual_time import START, offload, run_virtually

T = TypeVar("T")
HOST = "10.109.2.1"
CONFIGURATION = Configuration(
    {"dx": Target("dx", (IcmpProbe(HOST, 0.75),)), "vpn": Target("vpn", (IcmpProbe("10.1.0.5", 0.75),))},
    {},
    target_figures=TargetFigures.METRICS,
)


@dataclass(slots=True)
class Zone:
    """One vantage: its invocations share a table, the lines and the clock."""

    clock: Callable[[], float]
    dx: Line = field(default_factory=Line)
    table: MemoryTable = field(default_factory=MemoryTable)
    configuration: Configuration = CONFIGURATION
    measured: list[Measurement] = field(default_factory=list)
    prober: FakeProber = field(init=False)

    def __post_init__(self) -> None:
        self.prober = FakeProber(self.clock, {HOST: self.dx, "10.1.0.5": Line()})

    def invoke(
        self, owner: str, lasts: float = 150, store: MemoryStore | None = None, offload: Offload = offload
    ) -> asyncio.Task[Ended]:
        """Start an invocation that Lambda would end after `lasts` seconds."""
        store = store or MemoryStore(self.table, writer=owner)
        dependencies = Dependencies(store, self.prober, self.clock, self.measured.append, offload)
        monitor = Monitor("a", self.configuration, dependencies)
        return asyncio.ensure_future(monitor.run(owner, self.clock() + lasts))

    def held(self, target: str = "dx") -> TargetHealth | None:
        """The verdict as the router reads it."""
        return MemoryStore(self.table).load_board().health.get("a", {}).get(target)

    def health(self, target: str = "dx") -> Health | None:
        held = self.held(target)
        return None if held is None else held.health

    def counters(self, target: str = "dx") -> TargetHealth:
        """What the next monitor would go on from."""
        return MemoryStore(self.table).load_board().vantages["a"].targets[target]

    def longest_unwatched(self) -> float:
        return max(later - earlier for earlier, later in pairwise(self.prober.sent[HOST]))


async def until(condition: Callable[[], bool]) -> None:
    """Let virtual time pass until the condition holds, at most five minutes."""
    for _ in range(3000):
        if condition():
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the condition never held")


async def end(*invocations: asyncio.Task[Ended]) -> None:
    for invocation in invocations:
        invocation.cancel()
    await asyncio.gather(*invocations, return_exceptions=True)


def test_a_monitor_writes_a_verdict_at_once_and_a_heartbeat_at_its_interval() -> None:
    async def main(clock: Callable[[], float]) -> Zone:
        zone = Zone(clock)
        task = zone.invoke("first", lasts=60)
        await asyncio.sleep(3)
        assert zone.health() is Health.HEALTHY
        assert await task is Ended.DEADLINE
        return zone

    zone = run_virtually(main)
    beats = [write for write in zone.table.writes if write.operation == "save_vantage"]
    assert len(beats) == pytest.approx(55 / CONFIGURATION.heartbeat_interval_seconds + 1, abs=1)
    assert [m.metric for m in zone.measured].count(Metric.HEARTBEAT) == 1


def test_a_successor_takes_over_within_two_seconds_and_no_interval_goes_unwatched() -> None:
    async def main(clock: Callable[[], float]) -> Zone:
        zone = Zone(clock)
        first = zone.invoke("first")
        await asyncio.sleep(60)
        second = zone.invoke("second", lasts=60)
        asked = clock()
        assert await first is Ended.HANDED_OVER
        assert clock() - asked <= 2
        assert await second is Ended.DEADLINE
        return zone

    sent = run_virtually(main).prober.sent[HOST]
    assert max(later - earlier for earlier, later in pairwise(sent)) <= 2.0


def test_the_counters_travel_so_a_cut_at_hand_over_is_judged_in_time() -> None:
    for cut_at in (59.0, 59.8, 60.3, 60.9, 61.5):

        async def main(clock: Callable[[], float], cut_at: float = cut_at) -> float:
            zone = Zone(clock, Line(cuts=((START + cut_at, START + 999),)))
            first = zone.invoke("first")
            await asyncio.sleep(60)
            second = zone.invoke("second")
            await until(lambda: zone.health() is Health.UNHEALTHY)
            judged = clock() - START - cut_at
            first.cancel()
            second.cancel()
            await asyncio.gather(first, second, return_exceptions=True)
            return judged

        assert run_virtually(main) <= 1.0 + 1.5 + 1.0


def test_two_monitors_on_one_lease_the_older_claim_gives_way() -> None:
    async def main(clock: Callable[[], float]) -> tuple[Ended, Ended]:
        zone = Zone(clock, Line(cuts=((START + 29.5, START + 999),)))  # a run is under way: hand-over waits
        first = zone.invoke("first")
        await asyncio.sleep(30)
        second = zone.invoke("second")
        await asyncio.sleep(0.05)
        third = zone.invoke("third", lasts=30)
        ended = await second, await first
        await third
        return ended

    assert run_virtually(main) == (Ended.SUPERSEDED, Ended.HANDED_OVER)


def test_a_dead_owner_is_followed_once_its_lease_expires() -> None:
    async def main(clock: Callable[[], float]) -> float:
        zone = Zone(clock)
        first = zone.invoke("first")
        await asyncio.sleep(31)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        died = clock()
        second = zone.invoke("second", lasts=40)
        store = MemoryStore(zone.table)
        await until(lambda: store.load_lease("a").owner == "second")
        taken = clock() - died
        await second
        return taken

    assert run_virtually(main) <= 15.5


def test_who_lost_the_lease_while_stalled_writes_nothing_more() -> None:
    async def main(clock: Callable[[], float]) -> tuple[Ended, int]:
        zone = Zone(clock)
        store = MemoryStore(zone.table, writer="first")
        first = zone.invoke("first", store=store)
        await asyncio.sleep(25)
        # Out of reach of the table for long: its lease expires, another takes it and writes under a newer epoch.
        store.fail("load_lease", StoreError("no answer"), times=200)
        store.fail("save_vantage", StoreError("no answer"), times=3)
        await asyncio.sleep(20)
        second = zone.invoke("second", lasts=60)
        ended = await first
        assert await second is Ended.DEADLINE
        vantage = MemoryStore(zone.table).load_board().vantages["a"]
        return ended, vantage.epoch

    assert run_virtually(main) == (Ended.LEASE_LOST, 2)


def test_a_table_out_of_reach_stops_no_probe_and_the_verdict_is_written_when_it_is_back() -> None:
    async def main(clock: Callable[[], float]) -> tuple[Health | None, list[float]]:
        zone = Zone(clock, Line(cuts=((START + 20, START + 999),)))
        store = MemoryStore(zone.table, writer="first")
        task = zone.invoke("first", lasts=60, store=store)
        await asyncio.sleep(15)
        for operation in ("load_lease", "save_vantage", "save_lease", "save_health"):
            store.fail(operation, StoreError("no answer"), times=12)
        await asyncio.sleep(30)
        seen = zone.health()
        await task
        return seen, zone.prober.sent[HOST]

    health, sent = run_virtually(main)
    assert health is Health.UNHEALTHY
    assert max(later - earlier for earlier, later in pairwise(sent)) <= 1.0 + 1e-6


class SlowFirstWrite:
    """An `Offload` that takes 45 s over the first write of a loss; the line is long back by then."""

    slow = True

    async def __call__(self, function: Callable[[], T], /) -> T:
        arguments = getattr(function, "args", ())
        if self.slow and any(getattr(a, "health", None) is Health.UNHEALTHY for a in arguments):
            self.slow = False
            await asyncio.sleep(45)
        return function()


class Threads:
    """An `Offload` over which every call takes a while; counts how many verdicts are on their way at once."""

    busy = most = 0

    async def __call__(self, function: Callable[[], T], /) -> T:
        verdict = any(isinstance(a, TargetHealth) for a in getattr(function, "args", ()))
        self.busy += verdict
        self.most = max(self.most, self.busy)
        await asyncio.sleep(0.05)
        self.busy -= verdict
        return function()


def test_many_verdicts_at_once_leave_a_thread_for_the_lease() -> None:
    names = [f"nat-{number}" for number in range(40)]
    targets = {name: Target(name, (IcmpProbe(HOST, 0.75),)) for name in names}

    async def main(clock: Callable[[], float]) -> tuple[set[Health | None], int]:
        zone = Zone(clock, configuration=Configuration(targets, {}))
        threads = Threads()
        task = zone.invoke("first", offload=threads)
        await asyncio.sleep(6)
        await end(task)
        return {zone.health(name) for name in names}, threads.most

    assert run_virtually(main) == ({Health.HEALTHY}, 4)


def test_a_slow_write_of_an_old_verdict_never_overtakes_a_newer_one() -> None:
    async def main(clock: Callable[[], float]) -> Health | None:
        zone = Zone(clock, Line(cuts=((START + 20, START + 25),)))
        task = zone.invoke("first", lasts=120, offload=SlowFirstWrite())
        await asyncio.sleep(100)
        health = zone.health()
        await task
        return health

    assert run_virtually(main) is Health.HEALTHY


def test_law_10_a_verdict_that_a_monitor_died_before_writing_is_written_by_its_successor() -> None:
    async def main(clock: Callable[[], float]) -> Health | None:
        zone = Zone(clock, Line(cuts=((START + 20, START + 999),)))
        store = MemoryStore(zone.table, writer="first")
        first = zone.invoke("first", store=store)
        await asyncio.sleep(15)
        store.fail("save_health", StoreError("no answer"), times=1000)
        await asyncio.sleep(20)
        assert zone.health() is Health.HEALTHY
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await asyncio.sleep(16)
        second = zone.invoke("second", lasts=20)
        await asyncio.sleep(1)
        health = zone.health()
        await second
        return health

    assert run_virtually(main) is Health.UNHEALTHY


def test_law_10_a_first_verdict_that_was_never_written_is_written_by_the_successor() -> None:
    async def main(clock: Callable[[], float]) -> Health | None:
        zone = Zone(clock)
        store = MemoryStore(zone.table, writer="first")
        store.fail("save_health", StoreError("no answer"), times=1000)
        first = zone.invoke("first", store=store)
        await asyncio.sleep(20)
        assert zone.health() is None
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await asyncio.sleep(16)
        second = zone.invoke("second", lasts=20)
        await asyncio.sleep(0.5)
        health = zone.health()
        await second
        return health

    assert run_virtually(main) is Health.HEALTHY


def test_a_watch_whose_votes_the_table_refuses_ends_as_an_error() -> None:
    async def main(clock: Callable[[], float]) -> None:
        zone = Zone(clock)
        store = MemoryStore(zone.table, writer="first")
        store.fail("save_health", StoreError("denied"), times=1000)
        await zone.invoke("first", lasts=60, store=store)

    with pytest.raises(StoreError, match="denied"):
        run_virtually(main)


@pytest.mark.parametrize("refusals", [1, 25])
def test_votes_that_the_table_has_taken_at_last_are_no_error(refusals: int) -> None:
    async def main(clock: Callable[[], float]) -> Ended:
        zone = Zone(clock)
        store = MemoryStore(zone.table, writer="first")
        store.fail("save_health", StoreError("throttled"), times=refusals)
        return await zone.invoke("first", lasts=60, store=store)

    assert run_virtually(main) is Ended.DEADLINE


def test_law_1_after_a_pause_in_watching_old_verdicts_are_unknown() -> None:
    async def main(clock: Callable[[], float]) -> Health | None:
        zone = Zone(clock)
        await zone.invoke("first", lasts=30)
        await asyncio.sleep(600)
        zone.dx.refused = "no socket"
        second = zone.invoke("second", lasts=20)
        await asyncio.sleep(1)
        health = zone.health()
        await second
        return health

    assert run_virtually(main) is Health.UNKNOWN


def test_refused_icmp_is_measured_and_never_a_loss() -> None:
    async def main(clock: Callable[[], float]) -> Zone:
        zone = Zone(clock, Line(refused="icmp: not permitted"))
        zone.prober.icmp_unavailable = "not permitted"
        await zone.invoke("first", lasts=30)
        return zone

    zone = run_virtually(main)
    assert zone.health() is None
    assert Metric.ICMP_UNAVAILABLE in [m.metric for m in zone.measured]
    assert not [m for m in zone.measured if m.metric is Metric.LOSS_RATIO and m.dimensions["target"] == "dx"]
