"""Votes on their way to the table: what one vantage holds of a target is written at once, beside the probing."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import Final

from routekeeper.domain.errors import LeaseLost, StoreError
from routekeeper.domain.health import TargetHealth
from routekeeper.monitor.dependencies import Dependencies
from routekeeper.monitor.tenure import Tenure

LOG = logging.getLogger("routekeeper.monitor")

RETRY_SECONDS: Final = 0.5
WRITES_AT_ONCE: Final = 4
"""Fewer than `asyncio.to_thread` has threads (at least five), because the lease is renewed in one of them, too."""
UNTAKEN_SECONDS: Final = 15.0
"""How long the table may refuse votes before that is more than a passing trouble."""


class Votes:
    """Writes the newest vote on each target, one write after the other, until the table has it."""

    def __init__(self, tenure: Tenure, dependencies: Dependencies) -> None:
        self._tenure = tenure
        self._store = dependencies.store
        self._offload = dependencies.offload
        self._clock = dependencies.clock
        self._told: dict[str, TargetHealth] = {}
        self._unsaved: dict[str, TargetHealth] = {}
        self._savers: dict[str, asyncio.Task[None]] = {}
        self._turns = asyncio.Semaphore(WRITES_AT_ONCE)
        self._paused = False
        self._fenced: LeaseLost | None = None
        self._refused_since: float | None = None
        self._refusal: StoreError | None = None

    @property
    def untaken(self) -> StoreError | None:
        """Why the table takes no vote, if it has taken none for `UNTAKEN_SECONDS` although it was asked to."""
        since = self._refused_since
        lasting = since is not None and self._clock() - since >= UNTAKEN_SECONDS
        return self._refusal if lasting else None

    def raise_if_fenced(self) -> None:
        """Raises LeaseLost if the table refuses a vote because of a newer epoch: no other try would fare better."""
        if self._fenced is not None:
            raise self._fenced

    @property
    def settled(self) -> bool:
        """Whether the table has everything."""
        return not self._unsaved

    def told(self, target: str) -> TargetHealth | None:
        """The vote that this watch has written or is about to write, if there is one."""
        return self._told.get(target)

    def tell(self, target: str, state: TargetHealth) -> None:
        extra = {"target": target, "health": state.health.value, "reason": state.reason}
        LOG.info("health changed", extra=extra)
        self._told[target] = self._unsaved[target] = state
        self._save_beside(target)

    def pause_writing(self) -> None:
        """Begin no write from now on, because the successor may already decide."""
        self._paused = True

    def resume_writing(self) -> None:
        """Write what has waited: there is no successor after all."""
        self._paused = False
        for target in self._unsaved:
            self._save_beside(target)

    async def settle(self, seconds: float) -> None:
        """Wait for votes on their way. If one does not arrive, the successor writes it."""
        if self._savers:
            await asyncio.wait(tuple(self._savers.values()), timeout=seconds)

    def drop(self) -> None:
        """Try no longer."""
        for saver in self._savers.values():
            saver.cancel()

    def _save_beside(self, target: str) -> None:
        if target not in self._savers:  # a saver that is at work takes the newest vote next
            self._savers[target] = asyncio.get_running_loop().create_task(self._save_until_saved(target))

    async def _save_until_saved(self, target: str) -> None:
        try:
            while target in self._unsaved and not self._paused:
                try:
                    async with self._turns:
                        await self._save(target)
                except LeaseLost as error:
                    self._fenced = error
                    return
                except StoreError as error:
                    LOG.warning("health not written", extra={"target": target, "error": str(error)})
                    self._note_refusal(error)
                    await asyncio.sleep(RETRY_SECONDS)
        finally:
            del self._savers[target]  # in the same step, so that the next vote starts a saver of its own

    async def _save(self, target: str) -> None:
        state = self._unsaved[target]
        lease = self._tenure.lease
        await self._offload(partial(self._store.save_health, lease.vantage, lease.epoch, target, state))
        self._refused_since = self._refusal = None
        if self._unsaved.get(target) is state:
            del self._unsaved[target]

    def _note_refusal(self, error: StoreError) -> None:
        if self._refused_since is None:
            self._refused_since = self._clock()
        self._refusal = error
