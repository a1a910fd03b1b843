"""One short look at every target: the economical way to watch.

Why: docs/decisions/bursts.md
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Final, assert_never

from routekeeper.domain.detection import Detection
from routekeeper.domain.health import Health, TargetHealth
from routekeeper.domain.lease import Lease
from routekeeper.domain.settings import Configuration, Target
from routekeeper.monitor.dependencies import Dependencies
from routekeeper.monitor.watch import DEADLINE_MARGIN_SECONDS, Ended, Watch

BURST_SECONDS: Final = 10.0
"""The longest burst, shorter than the lease. A target that is not known by then is looked at in the next burst."""
POLL_SECONDS: Final = 0.05


class Burst(Watch):
    """Probes every target at its suspect interval until all are known, and lets go of the lease.

    Counters and durations run on from one burst to the next, so that hysteresis asks for as much evidence as ever.
    What is well needs one answer. What fails is judged within the burst; what comes back needs a second burst for its
    `healthy_for`.
    """

    def __init__(self, lease: Lease, configuration: Configuration, dependencies: Dependencies) -> None:
        targets = {name: _hurried(target) for name, target in configuration.targets.items()}
        super().__init__(lease, replace(configuration, targets=targets), dependencies)

    async def _keep_watch(self, deadline_at: float) -> Ended:
        """Watch until every target is known. Raises LeaseLost."""
        self._reporter.begin()
        began, before = self._clock(), self._states()
        until = min(began + BURST_SECONDS, deadline_at - DEADLINE_MARGIN_SECONDS)
        while self._clock() < until and not self._all_known(before, began):
            await asyncio.sleep(POLL_SECONDS)
            self._recall_if_possible()
        for watcher in self._watchers.values():
            watcher.expire()
        await self._let_go()
        return Ended.BURST_OVER

    def _all_known(self, before: dict[str, TargetHealth], began: float) -> bool:
        if self._reading is not None:
            return False
        now = self._clock()
        return all(
            is_known(before[name], watcher.state, watcher.target.detection, began, now)
            for name, watcher in self._watchers.items()
        )


def is_known(before: TargetHealth, state: TargetHealth, rule: Detection, began: float, now: float) -> bool:
    """Whether more probes in the burst that `began` would tell nothing new about a target."""
    if state.known_at < began:  # no evidence at all: nothing can be sent, and that will not change within seconds
        return now - began > 2 * (rule.probe_timeout_seconds + rule.suspect_interval_seconds)
    match state.health:
        case Health.HEALTHY:
            return state.failures == 0
        case Health.UNHEALTHY:
            answers = state.successes - (0 if before.health is not state.health else before.successes)
            return state.failures > 0 or answers >= rule.healthy_threshold
        case Health.UNKNOWN:
            return False
        case _:
            assert_never(state.health)


def _hurried(target: Target) -> Target:
    rule = target.detection
    return replace(target, detection=replace(rule, probe_interval_seconds=rule.suspect_interval_seconds))
