"""Watching one target: the beat, suspicion, verdicts and their timing, under a virtual clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest

from routekeeper.domain.detection import Detection
from routekeeper.domain.health import Health, TargetHealth
from routekeeper.domain.settings import IcmpProbe, Probe, Require, Target, TcpProbe
from routekeeper.monitor.watcher import Watcher
from routekeeper.probes import Result
from tests.fakes.lines import FakeProber, Line
from tests.fakes.virtual_time import START, VirtualLoop, run_virtually

RULE = Detection()
TARGET = Target("dx", (IcmpProbe("10.109.2.1", RULE.probe_timeout_seconds),), detection=RULE)
UP = TargetHealth(Health.HEALTHY, since=START - 100, answered_at=START, known_at=START)
Changes = list[tuple[float, Health]]


def watch(
    line: Line, seconds: float, target: Target = TARGET, state: TargetHealth = UP, phase: float = 0.0
) -> tuple[Changes, list[float], Watcher]:
    """Watch the target over the line; health changes and sending times, in seconds from the start."""

    async def main(clock: Callable[[], float]) -> tuple[Changes, list[float], Watcher]:
        prober = FakeProber(clock, {"10.109.2.1": line})
        changes: Changes = []
        watcher = Watcher(
            target, state, phase, prober, clock, lambda _, new: changes.append((clock() - START, new.health))
        )
        watcher.start()
        await asyncio.sleep(seconds)
        await watcher.stop()
        return changes, [at - START for at in prober.sent.get("10.109.2.1", [])], watcher

    return run_virtually(main)


def test_while_all_is_well_a_round_goes_out_every_probe_interval() -> None:
    _, sent, _ = watch(Line(), seconds=10.5, phase=0.25)
    assert sent == pytest.approx([0.25 + n for n in range(11)])


def test_a_slow_answer_delays_no_probe() -> None:
    _, sent, _ = watch(Line(round_trip_seconds=0.7), seconds=30)
    assert max(later - earlier for earlier, later in pairwise(sent)) <= 1.0 + 1e-6


def test_an_answer_that_is_always_slow_stops_being_suspicious() -> None:
    _, sent, _ = watch(Line(round_trip_seconds=0.4), seconds=60)
    late = [at for at in sent if at > 30]
    assert len(late) == pytest.approx(30, abs=1)


@pytest.mark.parametrize("phase", [0.0, 0.3, 0.99])
def test_a_cut_is_judged_a_tenth_lost_probe_after_the_first(phase: float) -> None:
    changes, _, _ = watch(Line(cuts=((START + 5, START + 99),)), seconds=20, phase=phase)
    first_lost = 5 + phase
    tenth_timed_out = first_lost + 9 * RULE.suspect_interval_seconds + RULE.probe_timeout_seconds
    [(judged_at, health)] = changes
    assert health is Health.UNHEALTHY
    assert judged_at == pytest.approx(tenth_timed_out, abs=0.01)


def test_a_line_dark_for_one_second_is_ridden_out() -> None:
    for phase in (0.0, 0.25, 0.5, 0.75):
        changes, _, watcher = watch(Line(cuts=((START + 5, START + 6),)), seconds=20, phase=phase)
        assert changes == []
        assert watcher.state.health is Health.HEALTHY


def test_probing_returns_to_its_usual_pace_after_the_verdict() -> None:
    _, sent, _ = watch(Line(cuts=((START + 5, START + 99),)), seconds=60)
    assert len([at for at in sent if at > 20]) == pytest.approx(40, abs=1)


def test_a_line_that_comes_back_is_healthy_only_after_healthy_for() -> None:
    changes, _, _ = watch(Line(cuts=((START, START + 10),)), seconds=60)
    assert [health for _, health in changes] == [Health.UNHEALTHY, Health.HEALTHY]
    assert 0 <= changes[1][0] - (10 + RULE.healthy_for_seconds) <= RULE.probe_interval_seconds + 0.05


def test_an_unknown_target_is_judged_within_a_few_seconds() -> None:
    changes, _, _ = watch(Line(), seconds=5, state=TargetHealth(since=START))
    assert [health for _, health in changes] == [Health.HEALTHY]
    assert changes[0][0] <= 9 * RULE.suspect_interval_seconds + 0.1


def test_law_1_a_probe_that_cannot_be_sent_is_never_a_loss() -> None:
    changes, _, watcher = watch(Line(refused="icmp refused"), seconds=20, state=TargetHealth(since=START))
    assert changes == []
    assert watcher.state.failures == 0
    assert watcher.take().summary().unknown > 0


def test_law_1_a_verdict_without_evidence_becomes_unknown() -> None:
    async def main(clock: Callable[[], float]) -> list[Health]:
        prober = FakeProber(clock, {"10.109.2.1": Line(refused="name not resolved")})
        seen: list[Health] = []
        watcher = Watcher(TARGET, UP, 0.0, prober, clock, lambda _, new: seen.append(new.health))
        watcher.start()
        for _ in range(40):
            await asyncio.sleep(1)
            watcher.expire()
        await watcher.stop()
        return seen

    assert run_virtually(main) == [Health.UNKNOWN]


def test_with_require_any_tcp_speaks_alone_where_icmp_is_refused() -> None:
    target = Target("dx", (IcmpProbe("refused", 0.75), TcpProbe("10.109.2.1", 179, 0.75)), Require.ANY, detection=RULE)

    async def main(clock: Callable[[], float]) -> list[Health]:
        prober = FakeProber(
            clock, {"refused": Line(refused="no ICMP"), "10.109.2.1": Line(cuts=((START + 3, START + 99),))}
        )
        seen: list[Health] = []
        watcher = Watcher(target, UP, 0.0, prober, clock, lambda _, new: seen.append(new.health))
        watcher.start()
        await asyncio.sleep(10)
        await watcher.stop()
        return seen

    assert run_virtually(main) == [Health.UNHEALTHY]


def test_rounds_under_way_when_watching_stops_leave_no_mark() -> None:
    _, _, watcher = watch(Line(cuts=((START + 1, START + 99),)), seconds=1.5)
    assert watcher.state.failures == 0


def test_a_beat_that_nobody_probed_is_made_up_for_at_once_and_the_next_is_on_the_beat() -> None:
    missed = replace(UP, answered_at=START - 1.0)
    _, sent, _ = watch(Line(), seconds=2.9, state=missed, phase=0.25)
    assert sent == pytest.approx([0.0, 0.25, 1.25, 2.25])


def test_after_haste_the_rounds_are_on_the_beat_again() -> None:
    _, sent, _ = watch(Line(cuts=((START + 5, START + 5.4),)), seconds=10, phase=0.25)
    calm = [at for at in sent if at > 6.5]
    assert calm == pytest.approx([7.25, 8.25, 9.25])


class BusyProber(FakeProber):
    """Every probe keeps the whole process busy for a while."""

    async def probe(self, probe: Probe) -> Result:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop.keep_busy(0.02)
        return await super().probe(probe)


def test_a_machine_that_falls_behind_does_not_make_it_worse_by_hurrying() -> None:
    hosts = [f"10.0.0.{number}" for number in range(20)]

    async def main(clock: Callable[[], float]) -> tuple[set[Health], int]:
        prober = BusyProber(clock, {host: Line(round_trip_seconds=0.01) for host in hosts})
        watchers = [
            Watcher(
                replace(TARGET, probes=(IcmpProbe(host, 0.75),)), TargetHealth(), n / 20, prober, clock, lambda *_: None
            )
            for n, host in enumerate(hosts)
        ]
        for watcher in watchers:
            watcher.start()
        await asyncio.sleep(60)
        settled = sum(map(len, prober.sent.values()))
        await asyncio.sleep(10)
        for watcher in watchers:
            await watcher.stop()
        return {watcher.state.health for watcher in watchers}, sum(map(len, prober.sent.values())) - settled

    health, sent = run_virtually(main)
    assert health == {Health.HEALTHY}
    assert sent == pytest.approx(200, abs=20)  # one a second each: 40 % of what the machine can do


def test_one_moment_of_lateness_costs_no_beat() -> None:
    async def main(clock: Callable[[], float]) -> list[tuple[float, Health]]:
        changes: Changes = []
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        prober = FakeProber(clock, {"10.109.2.1": Line(cuts=((START + 5, START + 99),))})
        watcher = Watcher(TARGET, UP, 0.0, prober, clock, lambda _, new: changes.append((clock() - START, new.health)))
        watcher.start()
        loop.call_at(loop.time() + 5.05, loop.keep_busy, 0.11)  # just when the first answer is missed
        await asyncio.sleep(10)
        await watcher.stop()
        return changes

    [(judged_at, health)] = run_virtually(main)
    assert health is Health.UNHEALTHY
    assert judged_at <= 5 + 1.5 + 0.3


def test_a_run_of_losses_that_is_recalled_is_followed_up_at_once() -> None:
    """Not with the next beat: the predecessor was about to judge."""

    async def main(clock: Callable[[], float]) -> list[float]:
        prober = FakeProber(clock, {"10.109.2.1": Line()})
        watcher = Watcher(TARGET, UP, 0.0, prober, clock, lambda *_: None)
        watcher.start(recording=True)
        await asyncio.sleep(0.4)
        watcher.recall(replace(UP, failures=8, first_failure_at=START - 0.8, known_at=clock()))
        await asyncio.sleep(0.3)
        await watcher.stop()
        return [at - START for at in prober.sent["10.109.2.1"]]

    assert run_virtually(main)[0] == pytest.approx(0.4)
