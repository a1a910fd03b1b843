"""What a vantage tells CloudWatch: every round once, one set of measurements a minute."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable

import pytest

from routekeeper.domain.health import Health
from routekeeper.monitor.round_counts import RoundCounts
from routekeeper.probes import Result
from routekeeper.telemetry.measurements import Metric
from tests.fakes.lines import Line
from tests.fakes.virtual_time import START, run_virtually
from tests.unit.monitor.test_monitor import HOST, Zone, end

Clock = Callable[[], float]


def minutes(count: int, line: Line, offset: float = 0.0) -> Zone:
    """The vantage after a monitor a minute, the last of which ends without a successor."""

    async def main(clock: Clock) -> Zone:
        zone = Zone(clock, line)
        await asyncio.sleep(offset)
        invocations = []
        for _ in range(count - 1):
            invocations.append(zone.invoke(f"monitor at {clock()}"))
            await asyncio.sleep(60)
        invocations.append(zone.invoke("the last", lasts=60))
        await asyncio.gather(*invocations)
        return zone

    return run_virtually(main)


@pytest.mark.parametrize("offset", [0.5, 9.5, 30.0, 59.9])
def test_a_vantage_reports_one_set_of_measurements_a_minute(offset: float) -> None:
    zone = minutes(5, Line(), offset)
    told = Counter((measured.metric, measured.dimensions.get("target")) for measured in zone.measured)
    assert told[Metric.HEARTBEAT, None] == 5
    for metric in (Metric.TARGET_HEALTHY, Metric.LOSS_RATIO, Metric.ROUND_TRIP_SECONDS):
        assert told[metric, "dx"] == told[metric, "vpn"] == 5


@pytest.mark.parametrize("lost_at", [1, 8, 17, 31, 44, 57])
def test_a_round_lost_at_any_second_of_the_minute_shows_in_one_report(lost_at: int) -> None:
    cut = (START + 60 + lost_at, START + 60 + lost_at + 0.999)
    ratios = [
        measured.value
        for measured in minutes(4, Line(cuts=(cut,))).measured
        if measured.metric is Metric.LOSS_RATIO and measured.dimensions["target"] == "dx"
    ]
    assert len(ratios) == 4
    assert sum(ratio > 0 for ratio in ratios) == 1


def test_a_watch_that_no_successor_ends_reports_in_between() -> None:
    async def main(clock: Clock) -> list[float]:
        zone = Zone(clock)
        emitted: list[float] = []
        task = zone.invoke("only", lasts=150)
        while not task.done():
            before = len(zone.measured)
            await asyncio.sleep(0.5)
            if len(zone.measured) > before:
                emitted.append(clock() - START)
        return emitted

    assert run_virtually(main) == pytest.approx([0.5, 76, 80, 145], abs=1.5), (
        "with the next heartbeat it is alive again"
    )


def test_law_1_rounds_that_could_not_be_sent_are_in_no_loss_ratio() -> None:
    account, other = RoundCounts(), RoundCounts()
    account.add(Result(Health.UNKNOWN, "no socket"))
    other.add(Result(Health.UNHEALTHY, "no answer"))
    other.add(Result(Health.HEALTHY, "answer", 0.25))
    account.take_in(other)
    summary = account.summary()
    assert (summary.sent, summary.lost, summary.unknown) == (2, 1, 1)
    assert summary.round_trip_seconds_median == 0.25


def test_that_icmp_is_refused_is_logged_once_an_invocation_with_the_reason(caplog: pytest.LogCaptureFixture) -> None:
    async def main(clock: Clock) -> None:
        zone = Zone(clock, Line(refused="icmp: not permitted"))
        zone.prober.icmp_unavailable = "ICMP is not available here: permission denied"
        first = zone.invoke("first")
        await asyncio.sleep(60)
        second = zone.invoke("second")
        await first
        await asyncio.sleep(30)
        await end(second)

    with caplog.at_level(logging.INFO, "routekeeper.monitor"):
        run_virtually(main)
    told = [record for record in caplog.records if record.getMessage() == "icmp unavailable"]
    assert [vars(record)["reason"] for record in told] == ["ICMP is not available here: permission denied"] * 2


def test_where_icmp_can_be_sent_nothing_is_said_about_it(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "routekeeper.monitor"):
        zone = minutes(2, Line())
    assert HOST in zone.prober.sent
    assert "icmp unavailable" not in caplog.messages
    assert Metric.ICMP_UNAVAILABLE not in [measured.metric for measured in zone.measured]
