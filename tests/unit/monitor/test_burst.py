"""Watching in bursts: a short look a minute, with the same hysteresis."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from lab.memory_store import MemoryStore, MemoryTable
from routekeeper.config.document import BURST_DETECTION
from routekeeper.domain.health import Health
from routekeeper.domain.settings import BURST_INTERVAL_SECONDS, Configuration, IcmpProbe, Target, WatchMode
from routekeeper.monitor import Dependencies, Ended, Monitor
from routekeeper.monitor.burst import BURST_SECONDS
from routekeeper.monitor.tenure import LEASE_SECONDS
from routekeeper.telemetry.measurements import Measurement, Metric
from tests.fakes.lines import FakeProber, Line
from tests.fakes.virtual_time import START, offload, run_virtually

HOST = "10.109.2.1"
TARGET = Target("dx", (IcmpProbe(HOST, BURST_DETECTION.probe_timeout_seconds),), detection=BURST_DETECTION)
CONFIGURATION = Configuration({"dx": TARGET}, {}, stale_after_seconds=150, watch=WatchMode.BURST)


class Minutes:
    """Bursts over one line, one a minute: how long each took, and what the table held after it."""

    def __init__(self) -> None:
        self.lasted: list[float] = []
        self.held: list[Health | None] = []
        self.sent: list[int] = []
        self.measured: list[Measurement] = []
        self.table = MemoryTable()


def bursts(line: Line, minutes: int) -> Minutes:
    """So many minutes of watching the line."""
    seen = Minutes()

    async def main(clock: Callable[[], float]) -> None:
        prober = FakeProber(clock, {HOST: line})
        store = MemoryStore(seen.table, writer="test")
        dependencies = Dependencies(store, prober, clock, seen.measured.append, offload)
        for minute in range(minutes):
            await asyncio.sleep(max(0.0, START + minute * BURST_INTERVAL_SECONDS - clock()))
            began, already = clock(), len(prober.sent.get(HOST, ()))
            ended = await Monitor("a", CONFIGURATION, dependencies).run(f"burst-{minute}", began + 150)
            assert ended is Ended.BURST_OVER
            seen.lasted.append(clock() - began)
            seen.sent.append(len(prober.sent.get(HOST, ())) - already)
            held = store.load_board().health.get("a", {}).get("dx")
            seen.held.append(None if held is None else held.health)

    run_virtually(main)
    return seen


def test_a_line_that_is_well_is_looked_at_for_a_moment() -> None:
    seen = bursts(Line(), minutes=5)
    assert seen.held == [Health.HEALTHY] * 5
    assert max(seen.lasted[1:]) <= 0.25
    assert max(seen.sent[1:]) <= 3


def test_a_first_verdict_takes_one_burst() -> None:
    seen = bursts(Line(), minutes=1)
    assert seen.held == [Health.HEALTHY]
    assert seen.sent[0] >= BURST_DETECTION.healthy_threshold


def test_a_cut_line_is_judged_within_the_next_burst_by_ten_losses() -> None:
    seen = bursts(Line(cuts=((START + 130, START + 9999),)), minutes=5)
    assert seen.held == [Health.HEALTHY, Health.HEALTHY, Health.HEALTHY, Health.UNHEALTHY, Health.UNHEALTHY]
    assert seen.sent[3] >= BURST_DETECTION.unhealthy_threshold
    assert seen.lasted[3] <= 3
    assert seen.lasted[4] <= 1  # still down: one loss says so


def test_a_line_that_is_dark_for_a_second_of_a_burst_is_ridden_out() -> None:
    seen = bursts(Line(cuts=((START + 119.9, START + 121),)), minutes=4)
    assert seen.held == [Health.HEALTHY] * 4


def test_coming_back_takes_the_answers_and_the_time_that_it_always_takes() -> None:
    seen = bursts(Line(cuts=((START + 50, START + 170),)), minutes=6)
    assert seen.held[1:3] == [Health.UNHEALTHY] * 2
    assert seen.held[3] is Health.UNHEALTHY  # ten answers, but within one second
    assert seen.sent[3] >= BURST_DETECTION.healthy_threshold
    assert seen.held[4:] == [Health.HEALTHY] * 2


def test_a_verdict_outlives_the_minute_between_two_bursts() -> None:
    seen = bursts(Line(), minutes=3)
    changes = [write for write in seen.table.writes if write.operation == "save_health"]
    assert len(changes) == 1


def test_a_probe_that_cannot_be_sent_is_no_loss_and_keeps_nobody_waiting() -> None:
    seen = bursts(Line(refused="no ICMP here"), minutes=3)
    assert Health.UNHEALTHY not in seen.held
    assert max(seen.lasted) <= 2


def test_a_line_that_answers_and_fails_by_turns_ends_no_burst_later_than_allowed() -> None:
    flapping = tuple((START + at / 2, START + at / 2 + 0.3) for at in range(400))
    assert max(bursts(Line(cuts=flapping), minutes=3).lasted) <= BURST_SECONDS + 1


def test_a_burst_ends_before_its_lease_does() -> None:
    assert BURST_SECONDS < LEASE_SECONDS


def test_every_burst_is_a_heartbeat() -> None:
    seen = bursts(Line(), minutes=5)
    assert [m.metric for m in seen.measured].count(Metric.HEARTBEAT) == 5
    beats = [write for write in seen.table.writes if write.operation == "save_vantage"]
    assert len(beats) == pytest.approx(5, abs=1)
