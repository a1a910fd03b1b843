"""Watching without a break, from the lease taken over to the lease handed on.

Why: docs/decisions/lease-hand-over.md
"""

from __future__ import annotations

from typing import Final

from routekeeper.monitor.watch import DEADLINE_MARGIN_SECONDS, Ended, Watch

LEASE_POLL_SECONDS: Final = 1.0
"""How often the owner looks for a successor."""
PATIENCE_SECONDS: Final = 5.0
"""How long a hand-over waits while a change of health may be near or is not yet written: no run is interrupted."""


async def keep_watch(watch: Watch, deadline_at: float, heartbeat_interval_seconds: float) -> Ended:
    """Watch until a successor claims the lease, another invocation takes it, or the deadline is near.

    Raises:
        LeaseLost: another invocation has taken it.
    """
    heartbeat_at = watch.clock()
    claimed_at: float | None = None
    watch.reporter.begin()
    while (now := watch.clock()) < deadline_at - DEADLINE_MARGIN_SECONDS:
        if not await watch.tenure.still_ours():
            return Ended.LEASE_LOST
        watch.recall_if_possible()
        await watch.tenure.renew_if_due()
        if now >= heartbeat_at:
            await watch.heartbeat()
            heartbeat_at = max(heartbeat_at, now - 1) + heartbeat_interval_seconds
        watch.reporter.look(watch.states())
        if watch.tenure.lease.successor is not None:
            claimed_at = watch.clock() if claimed_at is None else claimed_at
            waited = watch.clock() - claimed_at >= PATIENCE_SECONDS
            if (waited or watch.is_calm) and await watch.hand_over():
                return Ended.HANDED_OVER
        await watch.pause(LEASE_POLL_SECONDS)
    await watch.let_go()
    return Ended.DEADLINE
