"""One short look at every target: the economical way to watch.

Why: docs/decisions/bursts.md
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, assert_never

from routekeeper.domain.detection import Detection
from routekeeper.domain.health import Health, TargetHealth
from routekeeper.domain.settings import Configuration, Target
from routekeeper.monitor.watch import DEADLINE_MARGIN_SECONDS, Ended, Watch

BURST_SECONDS: Final = 10.0
"""The longest burst. It is shorter than the lease, which no burst renews. A target that is not known by then is looked
at in the next burst."""
POLL_SECONDS: Final = 0.05


def hurried(configuration: Configuration) -> Configuration:
    """The configuration with every target probed at its suspect interval."""
    targets = {name: _hurried(target) for name, target in configuration.targets.items()}
    return replace(configuration, targets=targets)


async def keep_watch(watch: Watch, deadline_at: float) -> Ended:
    """Watch until every target is known, and let go of the lease.

    Counters and durations run on from one burst to the next, so a verdict needs as much evidence as ever. A healthy
    target needs one answer. A failure is judged within the burst. A recovery needs a second burst for its
    `healthy_for`.

    Raises:
        LeaseLost: another invocation has taken the lease.
    """
    watch.reporter.begin()
    began, before = watch.clock(), watch.states()
    until = min(began + BURST_SECONDS, deadline_at - DEADLINE_MARGIN_SECONDS)
    while watch.clock() < until and not _all_known(watch, before, began):
        await asyncio.sleep(POLL_SECONDS)
        watch.recall_if_possible()
    for watcher in watch.watchers.values():
        watcher.expire()
    await watch.let_go()
    return Ended.BURST_OVER


def _all_known(watch: Watch, before: Mapping[str, TargetHealth], began: float) -> bool:
    if watch.is_blind:
        return False
    now = watch.clock()
    return all(
        is_known(before[name], watcher.state, watcher.target.detection, began, now)
        for name, watcher in watch.watchers.items()
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
