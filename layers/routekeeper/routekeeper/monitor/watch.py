"""One watch: from the lease taken over to the lease handed on.

Why: docs/decisions/lease-hand-over.md
"""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections.abc import Mapping
from enum import Enum
from functools import partial
from typing import Final

from routekeeper import VERSION
from routekeeper.domain.errors import LeaseLost, StoreError
from routekeeper.domain.health import Health, TargetHealth, later, prepare
from routekeeper.domain.lease import Lease
from routekeeper.domain.presence import Release
from routekeeper.domain.settings import Configuration
from routekeeper.domain.vantage import Board, Vantage
from routekeeper.monitor.dependencies import Dependencies
from routekeeper.monitor.recording import Recorder
from routekeeper.monitor.reporting import Reporter
from routekeeper.monitor.round_counts import RoundCounts
from routekeeper.monitor.tenure import Tenure
from routekeeper.monitor.votes import Votes
from routekeeper.monitor.watcher import Watcher

LOG = logging.getLogger("routekeeper.monitor")

LEASE_POLL_SECONDS: Final = 1.0
"""How often the owner looks for a successor."""
PATIENCE_SECONDS: Final = 5.0
"""How long a hand-over waits while a verdict may be near or is not yet written, so that no run is interrupted."""
DEADLINE_MARGIN_SECONDS: Final = 5.0
SAVERS_SECONDS: Final = 2.0
"""How long the end of a watch without a successor waits for verdicts that are being written."""
BLIND_AFTER_SECONDS: Final = 0.75
"""How long a watch waits for what its predecessor knew before it begins without."""
BOARD_RETRY_SECONDS: Final = 0.5


class Ended(Enum):
    """Why an invocation stopped watching."""

    HANDED_OVER = "handed over to the successor"
    SUPERSEDED = "a newer invocation claimed the lease"
    LEASE_LOST = "another invocation holds the lease"
    BURST_OVER = "every target is known again"
    DEADLINE = "no successor came before the deadline"


class Watch:
    """Watches under one lease. A table out of reach stops no probe; losing the lease stops everything.

    As long as the predecessor's counters cannot be read, the watch is blind. It probes with fresh counters, and leaves
    what the predecessor wrote in the table. It tells only UNHEALTHY, because the losses seen now suffice for that,
    whatever was known before (law 4). A target that answers may have been UNHEALTHY, and on its way back.
    """

    def __init__(self, lease: Lease, configuration: Configuration, dependencies: Dependencies) -> None:
        self._name = lease.vantage
        self._configuration = configuration
        self._release = Release(VERSION, configuration.digest)
        self._dependencies = dependencies
        self._clock = dependencies.clock
        self._tenure = Tenure(lease, dependencies)
        self._verdicts = Votes(self._tenure, dependencies)
        self._reporter = Reporter(lease.vantage, configuration, dependencies)
        self._recorder = Recorder(lease.vantage, configuration.record_rounds)
        self._watchers: dict[str, Watcher] = {}
        self._unwritten: dict[str, RoundCounts] = {}
        self._reading: asyncio.Task[Board] | None = None
        self._blind_until = 0.0
        self._claimed_at: float | None = None

    async def run(self, deadline_at: float) -> Ended:
        """Watch until a successor claims the lease, somebody takes it, or the deadline is near."""
        self._reading = reading = asyncio.get_running_loop().create_task(self._read_board())
        try:
            await asyncio.wait({reading}, timeout=BLIND_AFTER_SECONDS)
            self._begin()
            ended = await self._keep_watch(deadline_at)
        except LeaseLost:
            ended = Ended.LEASE_LOST
        finally:
            reading.cancel()
            self._verdicts.drop()
            await asyncio.gather(*(watcher.stop() for watcher in self._watchers.values()))
        self._count_rounds()
        self._reporter.report(self._states())
        LOG.info("watch ended", extra={"ended": ended.value})
        return ended

    # --- beginning

    async def _read_board(self) -> Board:
        """Read until it succeeds. Only the first failure is logged."""
        level = logging.WARNING
        while True:
            try:
                return await self._dependencies.offload(partial(self._dependencies.store.load_board, (self._name,)))
            except StoreError as error:
                LOG.log(level, "board not readable", extra={"error": str(error)})
                level = logging.DEBUG
            await asyncio.sleep(BOARD_RETRY_SECONDS)

    def _begin(self) -> None:
        now = self._clock()
        targets = self._configuration.targets.values()
        for target in targets:
            # The same at every vantage: a quorum waits for the last of them, so they should look together.
            phase = zlib.crc32(target.name.encode()) / 2**32
            prepare(target.detection)
            watcher = Watcher(
                target, TargetHealth(since=now), phase, self._dependencies.prober, self._clock, self._changed
            )
            watcher.on_round = self._recorder.note if self._configuration.record_rounds else None
            self._watchers[target.name] = watcher
        unknown_after = (target.detection.unknown_after_seconds for target in targets)
        self._blind_until = now + max(self._configuration.stale_after_seconds, *unknown_after, 0.0)
        self._recall_if_possible()
        if self._reading is not None:
            LOG.warning("watching without what the predecessor knew")
        for watcher in self._watchers.values():
            watcher.start(recording=self._reading is not None)

    def _recall_if_possible(self) -> None:
        """Go on from what the predecessor knew, once it has been read.

        Reading may fail for so long that the vantage has lost its vote, and that no verdict of the predecessor would
        stand without new evidence (law 1). Then the watch goes on from what it has seen itself, and tells it.
        """
        if self._reading is None:
            return
        if self._reading.done():
            board = self._reading.result()
            known = board.vantages[self._name].targets if self._name in board.vantages else {}
            self._recall(known, board.health.get(self._name, {}))
        elif self._clock() >= self._blind_until:
            self._reading.cancel()
            self._recall({}, {name: TargetHealth(Health.UNHEALTHY) for name in self._watchers})

    def _recall(self, known: Mapping[str, TargetHealth], written: Mapping[str, TargetHealth]) -> None:
        """Take up what was known, and write again whatever the predecessor may have died before writing.

        It wrote verdicts at once and counters with the heartbeat. Whichever has seen more is what it knew. What this
        watch itself has told while it was blind is not the predecessor's.
        """
        self._reading = None
        for name, watcher in self._watchers.items():
            mine, there = self._verdicts.told(name), written.get(name, TargetHealth())
            last = known.get(name) or TargetHealth(since=watcher.state.since)
            watcher.recall(later(last, there) if mine is None else last)
            held = mine or there
            if not _says_the_same(held, watcher.state):
                self._verdicts.tell(name, watcher.state)

    # --- watching

    async def _keep_watch(self, deadline_at: float) -> Ended:
        heartbeat_at = self._clock()
        self._reporter.begin()
        while (now := self._clock()) < deadline_at - DEADLINE_MARGIN_SECONDS:
            if not await self._tenure.still_ours():
                return Ended.LEASE_LOST
            self._recall_if_possible()
            await self._tenure.renew_if_due()
            if now >= heartbeat_at:
                await self._heartbeat()
                heartbeat_at = max(heartbeat_at, now - 1) + self._configuration.heartbeat_interval_seconds
            self._reporter.look(self._states())
            if self._may_hand_over() and await self._hand_over():
                return Ended.HANDED_OVER
            await self._pause()
        await self._let_go()
        return Ended.DEADLINE

    async def _pause(self) -> None:
        if self._reading is None:
            await asyncio.sleep(LEASE_POLL_SECONDS)
        else:
            await asyncio.wait({self._reading}, timeout=LEASE_POLL_SECONDS)

    async def _heartbeat(self) -> None:
        """Tell the table what is known.

        Raises:
            LeaseLost: a newer monitor has written.
        """
        for watcher in self._watchers.values():
            watcher.expire()
        try:
            await self._save_vantage()
        except LeaseLost:
            raise
        except StoreError as error:
            LOG.warning("heartbeat not written", extra={"error": str(error)})

    async def _save_vantage(self) -> None:
        """Write counters and summaries. A blind watch writes none: they would replace what nobody has read yet."""
        self._count_rounds()
        if self._reading is not None:
            return
        summaries = {name: account.summary() for name, account in self._unwritten.items()}
        vantage = Vantage(self._name, self._tenure.lease.epoch, self._clock(), self._states(), summaries, self._release)
        await self._dependencies.offload(partial(self._dependencies.store.save_vantage, vantage))
        self._unwritten.clear()

    def _count_rounds(self) -> None:
        self._recorder.write()
        for name, watcher in self._watchers.items():
            ended = watcher.take()
            self._reporter.count(name, ended)
            self._unwritten.setdefault(name, RoundCounts()).take_in(ended)

    def _states(self) -> dict[str, TargetHealth]:
        return {name: watcher.state for name, watcher in self._watchers.items()}

    def _changed(self, target: str, state: TargetHealth) -> None:
        if self._reading is None or state.health is Health.UNHEALTHY:
            self._verdicts.tell(target, state)

    # --- ending

    def _may_hand_over(self) -> bool:
        if self._tenure.lease.successor is None:
            return False
        if self._claimed_at is None:
            self._claimed_at = self._clock()
        if self._clock() - self._claimed_at >= PATIENCE_SECONDS:
            return True
        return self._verdicts.settled and not any(watcher.hurried for watcher in self._watchers.values())

    async def _let_go(self) -> None:
        """End a watch that no successor waits for, so that the next one need not wait for the lease to run out."""
        await self._verdicts.settle(SAVERS_SECONDS)
        await self._hand_over() or await self._hand_over()

    async def _hand_over(self) -> bool:
        """Write everything down, then grant the lease. Probing goes on until the successor may begin.

        False if that failed or a verdict came in between: then this watch goes on.

        Raises:
            LeaseLost: another holds it already.
        """
        before = self._states()
        try:
            await self._save_vantage()
            if any(state.health is not before[name].health for name, state in self._states().items()):
                return False
            self._verdicts.hold()
            await self._tenure.grant()
        except LeaseLost:
            raise
        except StoreError as error:
            LOG.warning("hand-over not written", extra={"error": str(error)})
            self._verdicts.release()
            return False
        return True


def _says_the_same(held: TargetHealth, state: TargetHealth) -> bool:
    return held.health is state.health and (state.health is Health.UNKNOWN or held.since == state.since)
