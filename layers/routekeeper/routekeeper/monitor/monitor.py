"""One invocation of the monitor: take the vantage's lease over, then keep watch until a successor comes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import Final

from routekeeper.domain.errors import VersionConflict
from routekeeper.domain.lease import Lease, claim
from routekeeper.domain.settings import Configuration
from routekeeper.monitor.means import Means
from routekeeper.monitor.shift import DEADLINE_MARGIN_SECONDS, LEASE_SECONDS, Ended, Shift

CLAIM_POLL_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class Monitor:
    """Watches every target of the configuration from one vantage."""

    vantage: str
    configuration: Configuration
    means: Means

    async def run(self, owner: str, deadline_at: float) -> Ended:
        """Watch as `owner`, unique to the invocation, until a successor takes over or `deadline_at` is near.

        Raises:
            StoreError: the table could not be read at the start. Whoever holds the lease goes on watching.
        """
        lease = await self._take_over(owner, deadline_at)
        if lease is None:
            return Ended.SUPERSEDED
        return await Shift(lease, self.configuration, self.means).run(deadline_at)

    async def _take_over(self, owner: str, deadline_at: float) -> Lease | None:
        """Claim the lease and wait until it is granted or expires; None if a newer invocation claims it."""
        means = self.means
        claimed = False
        while (now := means.clock()) < deadline_at - DEADLINE_MARGIN_SECONDS:
            lease = await means.offload(partial(means.store.load_lease, self.vantage))
            if lease.held_by(owner, now):
                return lease
            if claimed and lease.successor != owner:
                return None
            wanted = claim(lease, owner, now, LEASE_SECONDS)
            if wanted != lease:
                try:
                    lease = await means.offload(partial(means.store.save_lease, wanted))
                except VersionConflict:
                    continue
                if lease.owner == owner:
                    return lease
                claimed = True
            await asyncio.sleep(CLAIM_POLL_SECONDS)
        return None
