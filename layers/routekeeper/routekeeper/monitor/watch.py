"""One watch: from the lease taken over to the lease handed on.

Why: docs/decisions/lease-hand-over.md
"""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from enum import Enum
from functools import partial
from typing import Final, TypeAlias

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

DEADLINE_MARGIN_SECONDS: Final = 5.0
SAVERS_SECONDS: Final = 2.0
"""How long the end of a watch without a successor waits for votes that are being written."""
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


KeepWatch: TypeAlias = "Callable[[Watch, float], Awaitable[Ended]]"
"""How long a watch lasts that has begun: it returns when the lease was let go, or `DEADLINE_MARGIN_SECONDS` before the
deadline at the latest. It may raise LeaseLost."""


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
        self.clock = dependencies.clock
        self.tenure = Tenure(lease, dependencies)
        self._votes = Votes(self.tenure, dependencies)
        self.reporter = Reporter(lease.vantage, configuration, dependencies)
        self._recorder = Recorder(lease.vantage, configuration.record_rounds)
        self.watchers: dict[str, Watcher] = {}
        self._unwritten: dict[str, RoundCounts] = {}
        self._reading: asyncio.Task[Board] | None = None
        self._blind_until = 0.0
        self._untaken: StoreError | None = None
        """Why the table has taken no heartbeat yet, if it has refused one."""
        self._unread: StoreError | None = None
        """Why the board could not be read when it last was tried."""
        self._taken = False

    async def run(self, keep_watch: KeepWatch, deadline_at: float) -> Ended:
        """Watch for as long as `keep_watch` does; it should end before `deadline_at`.

        Raises:
            StoreError: the table has refused every heartbeat, every vote for a while, every look at what the
                predecessor knew, or what was written although the lease is ours.
        """
        self._reading = reading = asyncio.get_running_loop().create_task(self._read_board())
        try:
            await asyncio.wait({reading}, timeout=BLIND_AFTER_SECONDS)
            self._begin()
            ended = await keep_watch(self, deadline_at)
        except LeaseLost as error:
            if await self.tenure.is_certainly_ours():  # it runs out, and the next one begins above what is stored
                raise StoreError(f"{error}, and refused although the lease is ours") from error
            ended = Ended.LEASE_LOST
        finally:
            reading.cancel()
            self._votes.drop()
            await asyncio.gather(*(watcher.stop() for watcher in self.watchers.values()))
        self._count_rounds()
        self.reporter.report(self.states())
        LOG.info("watch ended", extra={"ended": ended.value})
        failure = self._untaken or self._votes.untaken or (None if self.is_blind else self._unread)
        if failure is not None and ended is not Ended.LEASE_LOST:
            raise failure
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
                self._unread = error
                level = logging.DEBUG
            await asyncio.sleep(BOARD_RETRY_SECONDS)

    def _begin(self) -> None:
        now = self.clock()
        targets = self._configuration.targets.values()
        for target in targets:
            # The same at every vantage: a quorum waits for the last of them, so they should look together.
            phase = zlib.crc32(target.name.encode()) / 2**32
            prepare(target.detection)
            watcher = Watcher(
                target, TargetHealth(since=now), phase, self._dependencies.prober, self.clock, self._changed
            )
            watcher.on_round = self._recorder.note if self._configuration.record_rounds else None
            self.watchers[target.name] = watcher
        unknown_after = (target.detection.unknown_after_seconds for target in targets)
        self._blind_until = now + max(self._configuration.stale_after_seconds, *unknown_after, 0.0)
        self.recall_if_possible()
        if self._reading is not None:
            LOG.warning("watching without what the predecessor knew")
        for watcher in self.watchers.values():
            watcher.start(recording=self._reading is not None)

    def recall_if_possible(self) -> None:
        """Go on from what the predecessor knew, once it has been read.

        Reading may fail for so long that the vantage has lost its vote, and that no verdict of the predecessor would
        stand without new evidence (law 1). Then the watch goes on from what it has seen itself, and tells it.

        Raises:
            LeaseLost: a newer monitor has written a vote.
        """
        self._votes.raise_if_fenced()
        if self._reading is None:
            return
        if self._reading.done():
            board, now = self._reading.result(), self.clock()
            self._unread = None
            for item in board.ahead(now):
                LOG.warning("item of the predecessor not believed", extra=asdict(item))
            self._recall(board.known_by(self._name, now), board.told_by(self._name, now))
        elif self.clock() >= self._blind_until:
            self._reading.cancel()
            self._recall({}, {name: TargetHealth(Health.UNHEALTHY) for name in self.watchers})

    def _recall(self, known: Mapping[str, TargetHealth], written: Mapping[str, TargetHealth]) -> None:
        """Take up what was known, and write again whatever the predecessor may have died before writing.

        It wrote votes at once and counters with the heartbeat. Whichever has seen more is what it knew. What this
        watch itself has told while it was blind is not the predecessor's.
        """
        self._reading = None
        for name, watcher in self.watchers.items():
            mine, there = self._votes.told(name), written.get(name, TargetHealth())
            last = known.get(name) or TargetHealth(since=watcher.state.since)
            watcher.recall(later(last, there) if mine is None else last)
            held = mine or there
            if not _says_the_same(held, watcher.state):
                self._votes.tell(name, watcher.state)

    # --- watching

    async def pause(self, seconds: float) -> None:
        """Sleep, or until the predecessor's counters have been read."""
        if self._reading is None:
            await asyncio.sleep(seconds)
        else:
            await asyncio.wait({self._reading}, timeout=seconds)

    async def heartbeat(self) -> None:
        """Tell the table what is known.

        Raises:
            LeaseLost: a newer monitor has written.
        """
        for watcher in self.watchers.values():
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
        if self.is_blind:
            return
        summaries = {name: counts.summary() for name, counts in self._unwritten.items()}
        vantage = Vantage(self._name, self.tenure.lease.epoch, self.clock(), self.states(), summaries, self._release)
        try:
            await self._dependencies.offload(partial(self._dependencies.store.save_vantage, vantage))
        except StoreError as error:
            self._untaken = None if self._taken else error
            raise
        self._taken, self._untaken = True, None
        self._unwritten.clear()
        self.reporter.heartbeat_taken()

    def _count_rounds(self) -> None:
        self._recorder.write()
        for name, watcher in self.watchers.items():
            ended = watcher.take()
            self.reporter.count(name, ended)
            self._unwritten.setdefault(name, RoundCounts()).take_in(ended)

    @property
    def is_blind(self) -> bool:
        """Whether what the predecessor knew has yet to be read."""
        return self._reading is not None

    def states(self) -> dict[str, TargetHealth]:
        return {name: watcher.state for name, watcher in self.watchers.items()}

    def _changed(self, target: str, state: TargetHealth) -> None:
        if self._reading is None or state.health is Health.UNHEALTHY:
            self._votes.tell(target, state)

    # --- ending

    @property
    def is_calm(self) -> bool:
        """Whether no change of health is near, and every vote is written."""
        return self._votes.settled and not any(watcher.hurried for watcher in self.watchers.values())

    async def let_go(self) -> None:
        """End a watch that no successor waits for, so that the next one need not wait for the lease to run out."""
        await self._votes.settle(SAVERS_SECONDS)
        await self.hand_over() or await self.hand_over()

    async def hand_over(self) -> bool:
        """Write everything down, then grant the lease. Probing goes on until the successor may begin.

        False if that failed or the health of a target changed in between: then this watch goes on.

        Raises:
            LeaseLost: another holds it already.
        """
        before = self.states()
        try:
            await self._save_vantage()
            if any(state.health is not before[name].health for name, state in self.states().items()):
                return False
            self._votes.pause_writing()
            await self.tenure.grant()
        except LeaseLost:
            raise
        except StoreError as error:
            LOG.warning("hand-over not written", extra={"error": str(error)})
            self._votes.resume_writing()
            return False
        return True


def _says_the_same(held: TargetHealth, state: TargetHealth) -> bool:
    return held.health is state.health and (state.health is Health.UNKNOWN or held.since == state.since)
