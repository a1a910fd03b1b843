"""Waits for a socket until a deadline, and judges a silence.

Everything here runs on the event loop's own clock (`loop.time()`, seconds, monotonic) and inside the caller's task. A
wait costs one future and one timer.
"""

from __future__ import annotations

import asyncio
from enum import Enum
from typing import Final

from routekeeper.domain.health import Health
from routekeeper.probes import Result

STALL_SECONDS: Final = 0.25
"""If a deadline is noticed later than this, this machine stood still (a frozen sandbox, or a starved one)."""
_FAIR_SHARE: Final = 0.9
"""A silence counts as a loss only if the far side had at least this share of the timeout to answer."""


class Wait(Enum):
    """How a wait ended."""

    READY = "ready"
    SILENT = "silent"
    STALLED = "stalled"
    """The deadline passed while this machine stood still. An answer may be lost, so nothing is known."""
    CLOSED = "closed"
    """The prober was closed first."""


async def wait_ready(loop: asyncio.AbstractEventLoop, fd: int, deadline: float, *, writing: bool) -> Wait:
    """Wait until the descriptor can be read or written, or has failed, at most until `deadline` (loop time)."""
    done: asyncio.Future[Wait] = loop.create_future()
    timer = loop.call_at(deadline, expire, loop, done, deadline)
    if writing:
        loop.add_writer(fd, _settle, done)
    else:
        loop.add_reader(fd, _settle, done)
    try:
        return await done
    finally:
        timer.cancel()
        if writing:
            loop.remove_writer(fd)
        else:
            loop.remove_reader(fd)


def expire(loop: asyncio.AbstractEventLoop, done: asyncio.Future[Wait], deadline: float) -> None:
    """End a wait at its deadline. The loop takes what has arrived before timers, so an answer wins."""
    if not done.done():
        done.set_result(Wait.STALLED if loop.time() - deadline > STALL_SECONDS else Wait.SILENT)


def _settle(done: asyncio.Future[Wait]) -> None:
    if not done.done():
        done.set_result(Wait.READY)


def silence(what: str, missing: str, wait: Wait, timeout_seconds: float, allowed_seconds: float) -> Result:
    """The result of a probe that was sent and not answered.

    Args:
        what: the probe, e.g. `tcp 10.1.0.5:22`.
        missing: what did not come, e.g. `no answer`.
        wait: how the wait ended.
        timeout_seconds: the probe's timeout.
        allowed_seconds: how much of it was left when the probe was sent. A name's look-up takes time from the probe,
            and a far side that had too little time to answer has not failed (law 1).
    """
    if wait is Wait.CLOSED:
        return Result(Health.UNKNOWN, f"{what}: the prober was closed before an answer was due")
    if wait is Wait.STALLED:
        reason = f"{what}: {missing} seen, but this machine stood still for more than {STALL_SECONDS:g} s"
        return Result(Health.UNKNOWN, reason)
    if allowed_seconds < _FAIR_SHARE * timeout_seconds:
        left = f"only {max(allowed_seconds, 0):.3g} s of {timeout_seconds:g} s were left after the look-up"
        return Result(Health.UNKNOWN, f"{what}: {missing}, but {left}")
    return Result(Health.UNHEALTHY, f"{what}: {missing} in {timeout_seconds:g} s")
