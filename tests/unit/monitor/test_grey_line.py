"""The monitor itself on grey lines, under a virtual clock: it takes as long as is told, across a hand-over as well."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import fmean

import pytest

from routekeeper.domain import grey
from routekeeper.domain.detection import Detection
from routekeeper.domain.grey import LossRule
from routekeeper.domain.health import Health, TargetHealth
from routekeeper.domain.settings import IcmpProbe, Probe, Target
from routekeeper.monitor.watcher import Watcher
from routekeeper.probes import Result
from tests.fakes.virtual_time import START, run_virtually

LOSSY = Detection(loss=LossRule(0.01, 0.3), unhealthy_threshold=1000)
TIMEOUT_SECONDS = LOSSY.probe_timeout_seconds
WELL = TargetHealth(health=Health.HEALTHY, since=START - 100, answered_at=START - 1, known_at=START)


@dataclass(slots=True)
class LossyProber:
    """Loses a share of the probes from a moment on, one by one."""

    clock: Callable[[], float]
    share: float
    begins_at: float
    chance: random.Random
    icmp_unavailable: str | None = None
    sent: list[float] = field(default_factory=list)

    async def probe(self, probe: Probe) -> Result:
        self.sent.append(self.clock())
        if self.clock() >= self.begins_at and self.chance.random() < self.share:
            await asyncio.sleep(probe.timeout_seconds)
            return Result(Health.UNHEALTHY, "no answer")
        await asyncio.sleep(0.01)
        return Result(Health.HEALTHY, "answered", 0.01)

    async def close(self) -> None:
        """Nothing is open."""


def seconds_to_notice(share: float, seed: int, hand_over_at: float | None = None) -> float:
    """From the onset of loss to the verdict; a second watcher goes on where the first one was stopped."""

    async def main(clock: Callable[[], float]) -> float:
        begins_at = clock() + 5.0 + seed / 50
        prober = LossyProber(clock, share, begins_at, random.Random(seed))  # noqa: S311 - a simulation
        verdict: asyncio.Future[TargetHealth] = asyncio.get_running_loop().create_future()

        def tell(_: str, state: TargetHealth) -> None:
            if not verdict.done():
                verdict.set_result(state)

        target = Target("dx", (IcmpProbe("10.109.2.1", LOSSY.probe_timeout_seconds),), detection=LOSSY)
        watcher = Watcher(target, WELL, 0.3, prober, clock, tell)
        watcher.start()
        if hand_over_at is not None:
            await asyncio.sleep(begins_at + hand_over_at - clock())
            await watcher.stop()
            watcher = Watcher(target, watcher.state, 0.3, prober, clock, tell)
            watcher.start()
        told = await verdict
        await watcher.stop()
        return told.since - begins_at

    return run_virtually(main)


@pytest.mark.parametrize("share", [0.3, 0.6])
def test_grey_loss_is_noticed_in_the_time_that_is_told(share: float) -> None:
    assert LOSSY.loss is not None
    told = grey.seconds_to_notice(LOSSY.loss_standard(LOSSY.loss), share, LOSSY.pace)
    assert fmean(seconds_to_notice(share, seed) for seed in range(50)) == pytest.approx(told, rel=0.2)


def test_evidence_survives_a_hand_over() -> None:
    through = fmean(seconds_to_notice(0.6, seed, hand_over_at=2.0) for seed in range(30))
    undisturbed = fmean(seconds_to_notice(0.6, seed) for seed in range(30))
    assert through < undisturbed + 2 * TIMEOUT_SECONDS
