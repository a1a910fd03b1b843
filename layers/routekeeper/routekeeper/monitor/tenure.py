"""The lease in hand: looked at, renewed, and granted to the successor.

Why: docs/decisions/lease-hand-over.md
"""

from __future__ import annotations

import logging
from functools import partial
from typing import Final

from routekeeper.domain.errors import LeaseLost, StoreError, VersionConflict
from routekeeper.domain.lease import Lease, grant, renew
from routekeeper.monitor.dependencies import Dependencies

LOG = logging.getLogger("routekeeper.monitor")

LEASE_SECONDS: Final = 15.0
"""How long a silent owner keeps the lease."""
RENEW_SECONDS: Final = 5.0
"""The lease is renewed once less than this is left of it. That leaves time for several tries, and is not more often
than needed, because every write is billed."""
GRANT_TRIES: Final = 3


class Tenure:
    """The lease as its owner last saw it. Another may have taken it since; `still_ours` looks."""

    def __init__(self, lease: Lease, dependencies: Dependencies) -> None:
        self.lease = lease
        self._store = dependencies.store
        self._clock = dependencies.clock
        self._offload = dependencies.offload

    async def still_ours(self) -> bool:
        """Look for a successor. A table that cannot be read does not end the watch: writes are fenced in any case."""
        try:
            return await self._look()
        except StoreError as error:
            LOG.warning("lease not readable", extra={"error": str(error)})
            return True

    async def is_certainly_ours(self) -> bool:
        """Whether the table says so now."""
        try:
            return await self._look()
        except StoreError:
            return False

    async def renew_if_due(self) -> None:
        """Keep the lease. After a failure the next call tries again."""
        now = self._clock()
        if self.lease.expires_at - now > RENEW_SECONDS:
            return
        try:
            self.lease = await self._offload(partial(self._store.save_lease, renew(self.lease, now, LEASE_SECONDS)))
        except VersionConflict:
            LOG.debug("a successor has claimed the lease")
        except StoreError as error:
            LOG.warning("lease not renewed", extra={"error": str(error)})

    async def grant(self) -> None:
        """Let go of the lease. It is the successor's from now on, or nobody's if there is none.

        Raises:
            LeaseLost: another holds it already.
            StoreError: the grant could not be written. The lease is still ours, unless only the answer was lost.
        """
        for _ in range(GRANT_TRIES):
            granted = grant(self.lease, self._clock(), LEASE_SECONDS)
            try:
                await self._offload(partial(self._store.save_lease, granted))
            except VersionConflict as conflict:
                if not await self._look():
                    raise LeaseLost(f"lease of {self.lease.vantage}: another invocation holds it") from conflict
            else:
                return
        raise StoreError(f"lease of {self.lease.vantage}: changed faster than it could be granted")

    async def _look(self) -> bool:
        stored = await self._offload(partial(self._store.load_lease, self.lease.vantage))
        ours = stored.owner == self.lease.owner
        if ours:
            self.lease = stored
        return ours
