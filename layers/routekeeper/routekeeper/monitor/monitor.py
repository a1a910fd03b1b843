"""One invocation of the monitor: take the vantage's lease over, then keep watch until a successor comes.

Why: docs/decisions/lease-hand-over.md
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from functools import partial
from typing import Final, assert_never

from routekeeper.domain.bounds import cannot_be
from routekeeper.domain.errors import StoreError, VersionConflict
from routekeeper.domain.lease import Lease, above, claim
from routekeeper.domain.settings import Configuration, WatchMode
from routekeeper.monitor import burst, continuous
from routekeeper.monitor.dependencies import Dependencies
from routekeeper.monitor.tenure import LEASE_SECONDS
from routekeeper.monitor.watch import DEADLINE_MARGIN_SECONDS, Ended, KeepWatch, Watch
from routekeeper.telemetry.context import bound

LOG = logging.getLogger("routekeeper.monitor")

CLAIM_POLL_SECONDS: Final = 0.2
PATIENT_AFTER: Final = 10
"""After so many looks at the lease that failed one after the other the pause between two is `CLAIM_RETRY_SECONDS`."""
CLAIM_RETRY_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Monitor:
    """Watches every target of the configuration from one vantage."""

    vantage: str
    configuration: Configuration
    dependencies: Dependencies

    async def run(self, owner: str, deadline_at: float) -> Ended:
        """Watch as `owner`, unique to the invocation, until a successor takes over or `deadline_at` is near.

        Raises:
            StoreError: the lease could not be had because the table was out of reach until the deadline. Its
                holder goes on watching.
        """
        with bound(vantage=self.vantage):
            lease = await self._take_over(owner, deadline_at)
            if lease is None:
                return Ended.SUPERSEDED
            configuration = self.configuration
            match configuration.watch:
                case WatchMode.CONTINUOUS:
                    beat = configuration.heartbeat_interval_seconds
                    keep_watch: KeepWatch = partial(continuous.keep_watch, heartbeat_interval_seconds=beat)
                case WatchMode.BURST:
                    configuration, keep_watch = burst.hurried(configuration), burst.keep_watch
                case _:
                    assert_never(configuration.watch)
            return await Watch(lease, configuration, self.dependencies).run(keep_watch, deadline_at)

    async def _take_over(self, owner: str, deadline_at: float) -> Lease | None:
        """Claim the lease and wait until it is granted or expires; None if a newer invocation claims it.

        The predecessor may let go of the lease at any moment after the claim: from then on nobody watches until it
        is read, so a table that cannot be read is read again.
        """
        claimed, failures = False, 0
        failure: StoreError | None = None
        while self.dependencies.clock() < deadline_at - DEADLINE_MARGIN_SECONDS:
            try:
                lease = await self._ask(owner, claimed=claimed)
            except VersionConflict:
                continue
            except StoreError as error:
                if failure is None:
                    LOG.warning("lease not to be had", extra={"error": str(error)})
                failure, failures = error, failures + 1
            else:
                failure, failures = None, 0
                if lease.held_by(owner, self.dependencies.clock()):
                    return lease
                if lease.successor != owner:
                    return None
                claimed = True
            await asyncio.sleep(CLAIM_POLL_SECONDS if failures <= PATIENT_AFTER else CLAIM_RETRY_SECONDS)
        if failure is not None:
            raise failure
        return None

    async def _ask(self, owner: str, *, claimed: bool) -> Lease:
        """The lease, after `owner` has asked for it. If another has claimed it since `owner` had, nobody asks again."""
        dependencies = self.dependencies
        lease = await dependencies.offload(partial(dependencies.store.load_lease, self.vantage))
        now = dependencies.clock()
        if lease.held_by(owner, now) or (claimed and owner not in (lease.owner, lease.successor)):
            return lease
        if lease.owner is not None and cannot_be(lease.expires_at, now, LEASE_SECONDS):
            LOG.warning("the lease ends too late to be waited for", extra={"expires_at": lease.expires_at})
        wanted = claim(lease, owner, now, LEASE_SECONDS)
        if wanted == lease:
            return lease
        if wanted.owner == owner:  # taken and not handed over: nobody has lately written under the epoch before
            newest = await dependencies.offload(partial(dependencies.store.newest_epoch, self.vantage))
            wanted = above(wanted, newest)
        return await dependencies.offload(partial(dependencies.store.save_lease, wanted))
