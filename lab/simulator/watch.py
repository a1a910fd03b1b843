"""Monitors, fast: the real Watchers on the kernel's clock, without the rounds between which nothing can change.

Left out are the rounds of a target that is HEALTHY on a line that answers every probe, or UNHEALTHY on one that
answers none: when something changes, they are made up for as one. What stands around the watchers is simpler than
`monitor.watch`: one watch for each vantage, without leases and hand-overs. `full_watch` runs the real Monitor with
everything, and a test holds the two to the same verdicts.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from lab.memory_store import MemoryStore
from lab.simulator.lines import ROUND_TRIP_SECONDS, Fate
from lab.simulator.loop import KernelLoop
from lab.simulator.world import World
from routekeeper.domain.errors import StoreError
from routekeeper.domain.grey import Tally
from routekeeper.domain.health import Health, Observation, TargetHealth, later, observe
from routekeeper.domain.settings import HttpProbe, Probe
from routekeeper.domain.vantage import Vantage
from routekeeper.monitor.watcher import Watcher
from routekeeper.probes import Result
from routekeeper.store.items import vantage_key

HEALTH_OF: Final = {Fate.ANSWERED: Health.HEALTHY, Fate.LOST: Health.UNHEALTHY, Fate.NOT_SENT: Health.UNKNOWN}
LEASE_SECONDS: Final = 15.0
RETRY_SECONDS: Final = 0.5


class LineProber:
    """A `Prober` over the world's lines; the host of a probe is the target's name."""

    icmp_unavailable: str | None = None

    def __init__(self, world: World, vantage: str, clock: Callable[[], float]) -> None:
        self._world = world
        self._vantage = vantage
        self._clock = clock

    async def probe(self, probe: Probe) -> Result:
        assert not isinstance(probe, HttpProbe)
        sent_at = self._clock()
        outcome = self._world.probe(self._vantage, probe.host)
        if outcome.seconds:
            await asyncio.sleep(outcome.seconds)
        self._world.ledgers[self._vantage, probe.host].note(sent_at, self._clock(), outcome.fate)
        round_trip = outcome.seconds if outcome.fate is Fate.ANSWERED else None
        return Result(HEALTH_OF[outcome.fate], f"{probe.host} {outcome.fate.value}", round_trip)

    async def close(self) -> None:
        """Nothing is open."""


class RestingWatcher(Watcher):
    """A Watcher that sends nothing while every round would only repeat the last."""

    def __init__(self, world: World, vantage: str, *watcher: Any) -> None:
        super().__init__(*watcher)
        self._world = world
        self._vantage = vantage
        self._before = self.state
        self.resting: Fate | None = None

    def expire(self) -> None:
        self.catch_up()
        super().expire()

    def wake(self) -> None:
        """The line is no longer what it was: send again from the next beat on."""
        if self.resting is not None:
            self.catch_up(whole=True)
            self.resting = None
            self._schedule(self._due_at)

    def end(self) -> None:
        """Die: nothing is sent, and nothing that is under way is heard of."""
        if self._timer is not None:
            self._timer.cancel()
        for task in self._rounds:
            task.cancel()
        self.resting = None

    def catch_up(self, *, whole: bool = False) -> None:
        """Fold the rounds that were left out, all but the last as mere counts; `whole`: also one still under way."""
        fate = self.resting
        if fate is None:
            return
        detection = self.target.detection
        seconds = {Fate.ANSWERED: ROUND_TRIP_SECONDS, Fate.LOST: detection.probe_timeout_seconds}.get(fate, 0.0)
        interval, now = detection.probe_interval_seconds, self._clock()
        left_out = int((now - (0.0 if whole else seconds) - self._due_at) // interval) + 1
        if left_out <= 0:
            return
        last = self._due_at + (left_out - 1) * interval
        self._due_at = last + interval
        if fate is Fate.NOT_SENT:
            return
        self._sent_at = last
        counted = "successes" if fate is Fate.ANSWERED else "failures"
        state = replace(self.state, **{counted: getattr(self.state, counted) + left_out - 1})
        known_at = min(now, last + seconds)
        self._world.ledgers[self._vantage, self.target.name].note(last, known_at, fate, left_out)
        round_trip = seconds if fate is Fate.ANSWERED else None
        seen = Observation(HEALTH_OF[fate], last, known_at, f"{self.target.name} {fate.value}", round_trip)
        self._become(observe(state, seen, detection))

    def _forget(self, task: asyncio.Task[None], alarm: asyncio.TimerHandle) -> None:
        super()._forget(task, alarm)
        self._rest_if_possible()
        self._before = self.state

    def _rest_if_possible(self) -> None:
        if self._rounds or self._overdue or self.hurried or self._timer is None or self._world.unresting:
            return
        fate = self._world.fate(self._vantage, self.target.name)
        settled = {Fate.ANSWERED: Health.HEALTHY, Fate.LOST: Health.UNHEALTHY}
        if fate is None or settled.get(fate, self.state.health) is not self.state.health:
            return
        if _essence(self.state) == _essence(self._before):
            self._timer.cancel()
            self._timer = None
            self.resting = fate


def _essence(state: TargetHealth) -> TargetHealth:
    """What one more outcome of the same kind would leave as it is."""
    runs = {"successes": min(state.successes, 1), "failures": min(state.failures, 1)}
    state = replace(state, loss=_still(state.loss), latency=_still(state.latency))
    return replace(state, answered_at=0.0, known_at=0.0, first_failure_at=None, first_success_at=None, **runs)  # type: ignore[arg-type]


def _still(tally: Tally | None) -> Tally | None:
    """Evidence without times: on a line where all is alike it begins anew with each outcome, or is none."""
    return None if tally is None else replace(tally, since=None, waiting=())


class Watch:
    """One vantage: its watchers, its heartbeats, its verdicts on their way to the table."""

    def __init__(self, world: World, loop: KernelLoop, vantage: str, skew: float) -> None:
        self.world = world
        self.vantage = vantage
        self.watchers: dict[str, RestingWatcher] = {}
        self.alive = False
        self._loop = loop
        self._skew = skew
        self._epoch = 0
        self._life = 0
        self._random = world.random(f"watch {vantage}")
        self._store = MemoryStore(world.table, writer=f"monitor/{vantage}")
        self._unsaved: dict[str, TargetHealth] = {}
        self._heartbeat_at = 0.0
        self._began_at = 0.0
        self._told = False
        """Whether the table knows all there is to know, but for the time."""

    def clock(self) -> float:
        return self.world.kernel.now + self._skew

    def begin(self) -> None:
        """A monitor takes over: it goes on from what its predecessor had told the table."""
        if self.alive:
            return
        if self.world.places[self.vantage].dead or self._unreachable():
            self.world.kernel.after(60.0, self.begin)
            return
        self.alive = True
        self._began_at = self.world.kernel.now
        self._life += 1
        self._epoch += 1
        self._told = False
        self._unsaved.clear()
        self._begin_watching()
        self._beat(self._life)

    def _begin_watching(self) -> None:
        board = self._store.load_board()
        known = board.vantages[self.vantage].targets if self.vantage in board.vantages else {}
        written = board.health.get(self.vantage, {})
        prober = LineProber(self.world, self.vantage, self.clock)
        for name, target in self.world.plan.configuration.targets.items():
            state = later(known.get(name, TargetHealth(since=self.clock())), written.get(name, TargetHealth()))
            phase = zlib.crc32(name.encode()) / 2**32
            watcher = RestingWatcher(self.world, self.vantage, target, state, phase, prober, self.clock, self._changed)
            self.watchers[name] = watcher
            watcher.expire()
            if written.get(name, TargetHealth()).health is not watcher.state.health:
                self._changed(name, watcher.state)
            watcher.start()

    def kill(self) -> None:
        """The invocation dies; the next one begins when the lease has expired and the minute has come."""
        if not self.alive:
            return
        if self._told:
            self._tell_everything()
        self.alive = False
        for watcher in self.watchers.values():
            watcher.end()
        kernel = self.world.kernel
        minute = (kernel.now // 60 + 1) * 60 + 0.3
        kernel.at(max(minute, self._heartbeat_at + LEASE_SECONDS), self.begin)

    def wake(self, target: str) -> None:
        self._told = False
        if self.alive and target in self.watchers:
            self.watchers[target].wake()

    def alive_for(self) -> float:
        return self.world.kernel.now - self._began_at if self.alive else 0.0

    def is_steady(self) -> bool:
        """Whether nothing happens here unless something happens to the world."""
        if not self.alive:
            return bool(self.world.places[self.vantage].dead) and self.world.kernel.now - self._heartbeat_at > 120
        return not self._unsaved and all(watcher.resting is not None for watcher in self.watchers.values())

    def beat_now(self) -> None:
        """After a leap: catch up, and say so."""
        if self.alive:
            self._tell_heartbeat()

    def _beat(self, life: int) -> None:
        if self._life == life and self.alive:
            self._tell_heartbeat()
            interval = self.world.plan.configuration.heartbeat_interval_seconds
            self.world.kernel.after(interval, lambda: self._beat(life))

    def _tell_heartbeat(self) -> None:
        """Where everybody rests, only the time is new: the rest is written when somebody has to go on from it."""
        now = self.world.kernel.now
        if self._told and all(watcher.resting not in (None, Fate.NOT_SENT) for watcher in self.watchers.values()):
            if not self._unreachable():
                self.world.table.touch(vantage_key(self.vantage), heartbeat_at={"N": repr(self.clock())})
                self._heartbeat_at = now
            return
        self._told = self._tell_everything()

    def _tell_everything(self) -> bool:
        """Whether everybody rested, and it could be told."""
        for watcher in self.watchers.values():
            watcher.expire()
        if self._unreachable():
            return False
        states = {name: watcher.state for name, watcher in self.watchers.items()}
        summaries = {name: watcher.take().summary() for name, watcher in self.watchers.items()}
        self._store.save_vantage(Vantage(self.vantage, self._epoch, self.clock(), states, summaries))
        self._heartbeat_at = self.world.kernel.now
        return all(watcher.resting is not None for watcher in self.watchers.values())

    def _unreachable(self) -> bool:
        p = self.world.chances.store
        return bool(self.world.places[self.vantage].cut_off) or bool(p and self._random.random() < p)

    def _changed(self, target: str, state: TargetHealth) -> None:
        waiting = target in self._unsaved
        self._unsaved[target] = state
        if not waiting:
            self._save_later(self._life, target, self._random.uniform(0.005, 0.03))

    def _save_later(self, life: int, target: str, seconds: float) -> None:
        def save() -> None:
            if self._life != life or not self.alive:
                return
            if self._unreachable():
                self._save_later(life, target, RETRY_SECONDS)
                return
            state = self._unsaved.pop(target)
            try:
                self._store.save_health(self.vantage, self._epoch, target, state)
            except StoreError:
                self._unsaved[target] = state
                self._save_later(life, target, RETRY_SECONDS)

        self.world.kernel.after(seconds, save)
