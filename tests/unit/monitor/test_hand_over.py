"""Hand-over while the table is out of reach: nothing goes unwatched, and nothing a predecessor held is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest

from lab.memory_store import MemoryStore
from routekeeper.domain.errors import StoreError
from routekeeper.domain.health import Health
from routekeeper.monitor import Ended
from tests.fakes.lines import Line
from tests.fakes.virtual_time import START, run_virtually
from tests.unit.monitor.test_monitor import CONFIGURATION, Zone, end, until

THROTTLED = StoreError("throttled")
Clock = Callable[[], float]


def store_of(zone: Zone, owner: str, **failing: int) -> MemoryStore:
    """The table as `owner` finds it: so many of its next operations of each kind fail."""
    store = MemoryStore(zone.table, writer=owner)
    for operation, times in failing.items():
        store.fail(operation, THROTTLED, times=times)
    return store


async def handed_over(zone: Zone, **failing: int) -> tuple[asyncio.Task[Ended], asyncio.Task[Ended]]:
    """A monitor that has watched for a minute, and its successor, which finds the table failing."""
    first = zone.invoke("first")
    await asyncio.sleep(60)
    second = zone.invoke("second", store=store_of(zone, "second", **failing))
    assert await first is Ended.HANDED_OVER
    return first, second


@pytest.mark.parametrize("failures", [1, 4, 20])
def test_a_board_that_cannot_be_read_at_hand_over_leaves_nothing_unwatched(failures: int) -> None:
    async def main(clock: Clock) -> tuple[float, bool]:
        zone = Zone(clock)
        _, second = await handed_over(zone, load_board=failures)
        await asyncio.sleep(30)
        watching = not second.done()
        await end(second)
        return zone.longest_unwatched(), watching

    unwatched, watching = run_virtually(main)
    assert watching
    assert unwatched <= 2.0


@pytest.mark.parametrize("failures", [1, 4])
def test_a_lease_that_cannot_be_read_after_the_claim_is_read_again(failures: int) -> None:
    async def main(clock: Clock) -> tuple[float, bool]:
        zone = Zone(clock)
        first = zone.invoke("first")
        await asyncio.sleep(60)
        store = store_of(zone, "second")
        store.before("save_lease", lambda: store.fail("load_lease", THROTTLED, times=failures))
        second = zone.invoke("second", store=store)
        assert await first is Ended.HANDED_OVER
        await asyncio.sleep(10)
        watching = not second.done()
        await end(second)
        return zone.longest_unwatched(), watching

    unwatched, watching = run_virtually(main)
    assert watching
    assert unwatched <= 2.0


def test_a_lease_granted_but_unread_until_it_expired_is_taken_up_all_the_same() -> None:
    async def main(clock: Clock) -> Ended | None:
        zone = Zone(clock)
        first = zone.invoke("first")
        await asyncio.sleep(60)
        store = store_of(zone, "second")
        store.before("save_lease", lambda: store.fail("load_lease", THROTTLED, times=100))
        second = zone.invoke("second", store=store)
        await first
        await asyncio.sleep(30)
        ended = second.result() if second.done() else None
        await end(second)
        return ended

    assert run_virtually(main) is None


def test_a_table_out_of_reach_until_the_deadline_is_an_error() -> None:
    async def main(clock: Clock) -> None:
        zone = Zone(clock)
        await zone.invoke("first", lasts=30, store=store_of(zone, "first", load_lease=10_000))

    with pytest.raises(StoreError, match="throttled"):
        run_virtually(main)


def test_a_lease_that_the_table_refuses_is_asked_for_once_a_second_before_long() -> None:
    async def main(clock: Clock) -> int:
        zone = Zone(clock)
        store, asked = store_of(zone, "first"), 0

        def count() -> None:
            nonlocal asked
            asked += 1
            store.before("load_lease", count)
            raise THROTTLED

        store.before("load_lease", count)
        with suppress(StoreError):
            await zone.invoke("first", lasts=65, store=store)
        return asked

    assert 60 <= run_virtually(main) <= 72


def test_a_watch_that_never_learns_what_its_predecessor_knew_ends_as_an_error() -> None:
    async def main(clock: Clock) -> None:
        zone = Zone(clock)
        await zone.invoke("first", lasts=60, store=store_of(zone, "first", load_board=10_000))

    with pytest.raises(StoreError, match="throttled"):
        run_virtually(main)


def test_a_predecessor_whose_last_words_fail_goes_on_watching_and_tries_again() -> None:
    async def main(clock: Clock) -> tuple[float, float]:
        zone = Zone(clock)
        store = store_of(zone, "first")
        first = zone.invoke("first", store=store)
        await asyncio.sleep(60.5)
        store.fail("save_vantage", THROTTLED, times=3)
        store.before("save_vantage", lambda: store.fail("save_lease", THROTTLED, times=3))
        second = zone.invoke("second")
        asked = clock()
        assert await first is Ended.HANDED_OVER
        taken = clock() - asked
        await asyncio.sleep(10)
        await end(second)
        return zone.longest_unwatched(), taken

    unwatched, taken = run_virtually(main)
    assert unwatched <= 2.0
    assert taken >= 5.0


@pytest.mark.parametrize("cut_at", [20.0, 59.2, 61.3, 63.0])
def test_a_cut_is_judged_in_time_also_while_the_board_is_out_of_reach(cut_at: float) -> None:
    async def main(clock: Clock) -> tuple[float, float]:
        zone = Zone(clock, Line(cuts=((START + cut_at, START + 999),)))
        _, second = await handed_over(zone, load_board=20)
        await until(lambda: zone.health() is Health.UNHEALTHY)
        judged_at = clock() - START
        await asyncio.sleep(30)
        held = zone.held()
        assert held is not None
        await end(second)
        return judged_at, held.since - START

    judged_at, since = run_virtually(main)
    assert judged_at <= max(cut_at + 1.0 + 1.5 + 1.0, 65.0)
    assert cut_at < since <= cut_at + 1.0 + 1.5 + 1.5


def test_a_verdict_is_older_than_the_watch_that_first_saw_it_without_the_board() -> None:
    """The successor judges UNHEALTHY anew and says so; once it has read, the verdict is as old as it is."""

    async def main(clock: Clock) -> tuple[float, float]:
        zone = Zone(clock, Line(cuts=((START + 20, START + 999),)))
        _, second = await handed_over(zone, load_board=20)
        await asyncio.sleep(5)
        blind = zone.held()
        await asyncio.sleep(20)
        merged = zone.held()
        await end(second)
        assert blind is not None
        assert merged is not None
        assert zone.counters().since == merged.since
        return blind.since - START, merged.since - START

    blind_since, merged_since = run_virtually(main)
    assert blind_since > 60
    assert merged_since == pytest.approx(22, abs=1)


def test_a_blind_watch_calls_nothing_healthy_that_its_predecessor_had_not() -> None:
    """The line comes back during the hand-over: its predecessor's UNHEALTHY stands for `healthy_for` seconds."""

    async def main(clock: Clock) -> list[Health | None]:
        zone = Zone(clock, Line(cuts=((START + 20, START + 59),)))
        _, second = await handed_over(zone, load_board=20)
        seen = []
        for _ in range(45):
            await asyncio.sleep(1)
            seen.append(zone.health())
        await end(second)
        return seen

    seen = run_virtually(main)
    assert seen[:27] == [Health.UNHEALTHY] * 27
    assert seen[-1] is Health.HEALTHY


def test_what_the_predecessor_knew_counts_as_though_it_had_been_read_at_once() -> None:
    """Answers before and after the hand-over are one run."""

    async def main(clock: Clock, failures: int) -> tuple[Health, float, float | None, int]:
        zone = Zone(clock)
        _, second = await handed_over(zone, load_board=failures)
        await asyncio.sleep(25)
        await end(second)
        counters = zone.counters()
        assert counters.answered_at > START + 75
        return counters.health, counters.since, counters.first_success_at, counters.failures

    blind = run_virtually(lambda clock: main(clock, 20))
    assert blind == run_virtually(lambda clock: main(clock, 0))
    assert blind[0] is Health.HEALTHY


def test_law_1_a_blind_watch_that_sees_nothing_leaves_the_verdict_as_it_was() -> None:
    async def main(clock: Clock) -> tuple[list[Health | None], Health]:
        zone = Zone(clock)
        _, second = await handed_over(zone, load_board=30)
        zone.dx.refused = "no socket"
        seen = []
        for _ in range(25):
            await asyncio.sleep(1)
            seen.append(zone.health())
        assert zone.prober.sent["10.1.0.5"][-1] > START + 80  # the other target is watched all the time
        await end(second)
        return seen, zone.counters().health

    seen, known = run_virtually(main)
    assert seen == [Health.HEALTHY] * 25
    assert known is Health.HEALTHY


def test_law_10_a_blind_watch_that_dies_leaves_its_predecessors_counters_to_the_next() -> None:
    async def main(clock: Clock) -> tuple[Health, Health]:
        zone = Zone(clock, Line(cuts=((START + 20, START + 999),)))
        _, second = await handed_over(zone, load_board=1000)
        await asyncio.sleep(12)
        await end(second)
        left = zone.counters().health
        third = zone.invoke("third")
        await asyncio.sleep(10)
        await end(third)
        return left, zone.counters().health

    assert run_virtually(main) == (Health.UNHEALTHY, Health.UNHEALTHY)


def test_a_blind_watch_hands_over_without_replacing_what_it_never_read() -> None:
    async def main(clock: Clock) -> tuple[Health, float]:
        zone = Zone(clock, Line(cuts=((START + 20, START + 59),)))
        _, second = await handed_over(zone, load_board=1000)
        await asyncio.sleep(8)
        third = zone.invoke("third")
        assert await second is Ended.HANDED_OVER
        await asyncio.sleep(5)
        await end(third)
        return zone.counters().health, zone.longest_unwatched()

    health, unwatched = run_virtually(main)
    assert health is Health.UNHEALTHY
    assert unwatched <= 2.0


def test_a_board_that_is_never_read_is_given_up_when_no_old_word_would_stand_any_more() -> None:
    async def main(clock: Clock) -> tuple[bool, Health | None, Health]:
        zone = Zone(clock, Line(cuts=((START + 20, START + 62),)))
        _, second = await handed_over(zone, load_board=1000)
        await asyncio.sleep(29)
        beat_at = MemoryStore(zone.table).load_board().vantages["a"].heartbeat_at
        silent = beat_at < START + 62
        await asyncio.sleep(5)
        health = zone.health()
        await end(second)
        return silent, health, zone.counters().health

    assert run_virtually(main) == (True, Health.HEALTHY, Health.HEALTHY)


@pytest.mark.parametrize("heartbeat_seconds", [2.0, 10.0, 20.0, 60.0])
def test_the_lease_is_kept_however_rare_heartbeats_are(heartbeat_seconds: float) -> None:
    rare = replace(
        CONFIGURATION, heartbeat_interval_seconds=heartbeat_seconds, stale_after_seconds=4 * heartbeat_seconds
    )

    async def main(clock: Clock) -> tuple[list[Ended], int, float]:
        zone = Zone(clock, configuration=rare)
        invocations = []
        for number in range(6):
            invocations.append(zone.invoke(f"monitor {number}"))
            await asyncio.sleep(60)
        ended = [invocation.result() for invocation in invocations[:-1]]
        await end(invocations[-1])
        leases = sum(write.operation == "save_lease" for write in zone.table.writes)
        return ended, leases, zone.longest_unwatched()

    ended, leases, unwatched = run_virtually(main)
    assert ended == [Ended.HANDED_OVER] * 5
    assert unwatched <= 2.0
    assert leases <= 6 * (60 / 10 + 2)  # a renewal every 10 s, a claim and a grant a minute


def test_renewals_that_fail_are_tried_again_before_the_lease_expires() -> None:
    async def main(clock: Clock) -> tuple[bool, float]:
        zone = Zone(clock)
        store = store_of(zone, "first")
        first = zone.invoke("first", store=store)
        expires_at = clock() + 15
        await asyncio.sleep(5)
        store.fail("save_lease", THROTTLED, times=3)
        await asyncio.sleep(9)
        lease = MemoryStore(zone.table).load_lease("a")
        await end(first)
        return lease.owner == "first", lease.expires_at - expires_at

    owned, renewed = run_virtually(main)
    assert owned
    assert renewed >= 10
