"""One watch: from the lease taken over to the lease handed on."""

from __future__ import annotations

import asyncio
import logging
import zlib
from enum import Enum
from functools import partial
from typing import Final

from routekeeper.domain.errors import LeaseLost, StoreError, VersionConflict
from routekeeper.domain.health import TargetHealth
from routekeeper.domain.lease import Lease, grant, renew
from routekeeper.domain.settings import Configuration
from routekeeper.domain.vantage import Vantage
from routekeeper.monitor import reporting
from routekeeper.monitor.means import Means
from routekeeper.monitor.watcher import Watcher

LOG = logging.getLogger("routekeeper.monitor")

LEASE_SECONDS: Final = 15.0
"""How long a silent owner keeps the lease; it is renewed with every heartbeat."""
LEASE_POLL_SECONDS: Final = 1.0
"""How often the owner looks for a successor."""
PATIENCE_SECONDS: Final = 5.0
"""How long a hand-over is put off while a verdict may be near, so that no run is interrupted."""
DEADLINE_MARGIN_SECONDS: Final = 5.0
SAVE_RETRY_SECONDS: Final = 0.5
SAVERS_SECONDS: Final = 2.0
"""How long the end of a watch waits for verdicts that are being written."""


class Ended(Enum):
    """Why an invocation stopped watching."""

    HANDED_OVER = "handed over to the successor"
    SUPERSEDED = "a newer invocation claimed the lease"
    LEASE_LOST = "another invocation holds the lease"
    DEADLINE = "no successor came before the deadline"


class Shift:
    """Watches under one lease. A table out of reach stops no probe; losing the lease stops everything."""

    def __init__(self, lease: Lease, configuration: Configuration, means: Means) -> None:
        self._lease = lease
        self._configuration = configuration
        self._store = means.store
        self._prober = means.prober
        self._clock = means.clock
        self._emit = means.emit
        self._offload = means.offload
        self._watchers: dict[str, Watcher] = {}
        self._unsaved: dict[str, TargetHealth] = {}
        self._savers: dict[str, asyncio.Task[None]] = {}
        self._reported_minute = -1

    async def run(self, deadline_at: float) -> Ended:
        """Watch until a successor claims the lease, somebody takes it, or the deadline is near.

        Raises:
            StoreError: what the predecessor knew could not be read.
        """
        await self._begin()
        try:
            ended = await self._keep_watch(deadline_at)
        except LeaseLost:
            ended = Ended.LEASE_LOST
        finally:
            await asyncio.gather(*(watcher.stop() for watcher in self._watchers.values()))
        await self._await_savers()
        if ended is not Ended.LEASE_LOST:
            ended = await self._let_go(ended)
        LOG.info("watch ended", extra={"vantage": self._lease.vantage, "ended": ended.value})
        return ended

    async def _begin(self) -> None:
        """Go on from what the predecessor knew, and write again whatever it may have died before writing."""
        name = self._lease.vantage
        board = await self._offload(self._store.load_board)
        known = board.vantages[name].targets if name in board.vantages else {}
        written = board.health.get(name, {})
        for target in self._configuration.targets.values():
            state = known.get(target.name, TargetHealth(since=self._clock()))
            # The same at every vantage: a quorum waits for the last of them, so that they had better look together.
            phase = zlib.crc32(target.name.encode()) / 2**32
            watcher = Watcher(target, state, phase, self._prober, self._clock, self._changed)
            self._watchers[target.name] = watcher
            watcher.expire()
            if written.get(target.name, TargetHealth()).health is not watcher.state.health:
                self._changed(target.name, watcher.state)
            watcher.start()

    async def _keep_watch(self, deadline_at: float) -> Ended:
        heartbeat_at = claimed_at = self._clock()
        claimed = False
        while (now := self._clock()) < deadline_at - DEADLINE_MARGIN_SECONDS:
            if now >= heartbeat_at:
                await self._heartbeat()
                heartbeat_at = max(heartbeat_at, now - 1) + self._configuration.heartbeat_interval_seconds
            if not await self._still_ours():
                return Ended.LEASE_LOST
            if self._lease.successor is not None:
                claimed_at = claimed_at if claimed else now
                claimed = True
                hurried = any(watcher.hurried for watcher in self._watchers.values())
                if not hurried or now - claimed_at >= PATIENCE_SECONDS:
                    return Ended.HANDED_OVER
            await asyncio.sleep(LEASE_POLL_SECONDS)
        return Ended.DEADLINE

    async def _still_ours(self) -> bool:
        """Look for a successor. A table that cannot be read ends no watch: writes are fenced in any case."""
        try:
            stored = await self._offload(partial(self._store.load_lease, self._lease.vantage))
        except StoreError as error:
            LOG.warning("lease not readable", extra={"vantage": self._lease.vantage, "error": str(error)})
            return True
        ours = stored.owner == self._lease.owner and stored.epoch == self._lease.epoch
        if ours:
            self._lease = stored
        return ours

    async def _heartbeat(self) -> None:
        """Tell the table what is known, keep the lease, and once a minute tell CloudWatch.

        Raises:
            LeaseLost: a newer monitor has written.
        """
        for watcher in self._watchers.values():
            watcher.expire()
        vantage = self._vantage()
        if (minute := int(vantage.heartbeat_at // 60)) != self._reported_minute:
            self._reported_minute = minute
            for measurement in reporting.measurements(vantage, self._configuration, self._prober):
                self._emit(measurement)
        try:
            await self._offload(partial(self._store.save_vantage, vantage))
            renewed = renew(self._lease, self._clock(), LEASE_SECONDS)
            self._lease = await self._offload(partial(self._store.save_lease, renewed))
        except VersionConflict:
            LOG.debug("a successor has claimed the lease", extra={"vantage": self._lease.vantage})
        except LeaseLost:
            raise
        except StoreError as error:
            LOG.warning("heartbeat not written", extra={"vantage": self._lease.vantage, "error": str(error)})

    async def _let_go(self, ended: Ended) -> Ended:
        """Write everything down, then hand the lease on. A successor not told waits until it expires."""
        try:
            vantage = self._vantage()
            await self._offload(partial(self._store.save_vantage, vantage))
            await self._grant()
        except LeaseLost:
            return Ended.LEASE_LOST
        except StoreError as error:
            LOG.warning("hand-over not written", extra={"vantage": self._lease.vantage, "error": str(error)})
        return ended

    async def _grant(self) -> None:
        for _ in range(3):
            granted = grant(self._lease, self._clock(), LEASE_SECONDS)
            try:
                await self._offload(partial(self._store.save_lease, granted))
            except VersionConflict:
                if not await self._still_ours():
                    return
            else:
                return

    def _vantage(self) -> Vantage:
        return Vantage(
            self._lease.vantage,
            self._lease.epoch,
            self._clock(),
            {name: watcher.state for name, watcher in self._watchers.items()},
            {name: watcher.summarise() for name, watcher in self._watchers.items()},
        )

    def _changed(self, target: str, state: TargetHealth) -> None:
        """A verdict: write it at once, beside the probing."""
        LOG.info(
            "health changed",
            extra={
                "vantage": self._lease.vantage,
                "target": target,
                "health": state.health.value,
                "reason": state.reason,
            },
        )
        self._unsaved[target] = state
        if target not in self._savers:  # a saver that is at work takes the newest verdict next
            saver = asyncio.get_running_loop().create_task(self._save_until_saved(target))
            self._savers[target] = saver
            saver.add_done_callback(lambda _: self._savers.pop(target, None))

    async def _save_until_saved(self, target: str) -> None:
        """Write the target's newest verdict, one write after the other, until the table has it."""
        while target in self._unsaved:
            try:
                await self._save(target)
            except LeaseLost:
                return  # the heartbeat meets the same refusal and ends the watch
            except StoreError as error:
                LOG.warning("health not written", extra={"target": target, "error": str(error)})
                await asyncio.sleep(SAVE_RETRY_SECONDS)

    async def _await_savers(self) -> None:
        """Give verdicts on their way a moment. One that does not arrive is written by the successor."""
        savers = tuple(self._savers.values())
        if savers:
            await asyncio.wait(savers, timeout=SAVERS_SECONDS)
        for saver in savers:
            saver.cancel()

    async def _save(self, target: str) -> None:
        state = self._unsaved[target]
        lease = self._lease
        await self._offload(partial(self._store.save_health, lease.vantage, lease.epoch, target, state))
        if self._unsaved.get(target) is state:
            del self._unsaved[target]
