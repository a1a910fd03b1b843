"""One round: every probe of a target sent at once, and one outcome out of theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import assert_never

from routekeeper.domain.health import Health
from routekeeper.domain.settings import Require, Target
from routekeeper.probes import Prober, Result


async def probe_once(target: Target, prober: Prober) -> Result:
    """Send all of the target's probes; return as soon as the outcome is settled and drop the rest."""
    if len(target.probes) == 1:
        return await prober.probe(target.probes[0])
    waiting = {asyncio.ensure_future(prober.probe(probe)) for probe in target.probes}
    ended: list[Result] = []
    try:
        while waiting:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            ended.extend(task.result() for task in done)
            if (settled := combine(target.require, ended, missing=len(waiting))) is not None:
                return settled
    finally:
        for task in waiting:
            task.cancel()
    raise AssertionError("a round with nothing missing is always settled")


def combine(require: Require, results: Sequence[Result], missing: int) -> Result | None:
    """The outcome of a round, or None while probes that are still `missing` could change it.

    ANY takes a success as soon as there is one. It ignores probes that could not be sent: if ICMP is refused, TCP
    decides alone. ALL needs the outcome of every probe: one that could not be sent leaves success unproven.
    """
    by_health = {health: [r for r in results if r.health is health] for health in Health}
    match require:
        case Require.ANY:
            order = (Health.UNHEALTHY, Health.UNKNOWN)
            decisive = by_health[Health.HEALTHY]
        case Require.ALL:
            order = (Health.UNKNOWN, Health.HEALTHY)
            decisive = by_health[Health.UNHEALTHY]
        case _:
            assert_never(require)
    if decisive:
        return decisive[0]
    if missing:
        return None
    chosen = next(by_health[health] for health in order if by_health[health])
    slowest = max((r.round_trip_seconds for r in chosen if r.round_trip_seconds is not None), default=None)
    addresses = dict.fromkeys(r.address for r in chosen if r.address is not None)
    return Result(chosen[0].health, "; ".join(r.reason for r in chosen), slowest, ", ".join(addresses) or None)
