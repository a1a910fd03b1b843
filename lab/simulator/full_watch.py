"""Monitors as they are: the real Monitor with leases and hand-overs, a new invocation every minute."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any, Final, TypeVar

from lab.memory_store import MemoryStore
from lab.simulator.loop import KernelLoop
from lab.simulator.nobody import nobody
from lab.simulator.store import as_translated
from lab.simulator.strikes import TABLE, Call, blow
from lab.simulator.watch import LineProber
from lab.simulator.world import World
from routekeeper.domain.errors import StoreError
from routekeeper.monitor import Dependencies, Monitor

T = TypeVar("T")
TIMEOUT_SECONDS: Final = 150.0
"""After which Lambda ends an invocation (template.yaml)."""
NO_ANSWER_SECONDS: Final = 1.0


@dataclass(slots=True)
class Life:
    """One invocation."""

    world: World
    vantage: str
    random: Random
    task: asyncio.Task[Any] | None = None
    dead: bool = False

    async def offload(self, function: Callable[[], T], /) -> T:
        """A call to the table: it takes time, it may fail before or after it acts, and the dead do not return."""
        await asyncio.sleep(self.random.uniform(0.002, 0.012))
        self._end_if_dead()
        await self._pass(function)
        p = self.world.chances.store
        if self.world.places[self.vantage].cut_off or (p and self.random.random() < p):
            if p and self.random.random() < 0.5:
                function()
            await asyncio.sleep(NO_ANSWER_SECONDS)
            self._end_if_dead()
            raise StoreError("no answer, as the simulator has it")
        found = function()
        await asyncio.sleep(self.random.uniform(0.002, 0.012))
        self._end_if_dead()
        return found

    async def _pass(self, function: Callable[[], T]) -> None:
        """Return if nothing befalls the call."""
        operation = function.func.__name__ if isinstance(function, partial) else "call"
        failure = self.world.strike(Call("monitor", TABLE.name, operation))
        if failure is None:
            return
        what = blow(failure, TABLE, operation)
        self.world.troubled["*"] = self.world.kernel.now
        if what.acts:
            with suppress(StoreError):
                function()
        if what.error is None:
            self.world.tell(f"monitor {self.vantage}", f"{failure.value}: {operation}")
            self.world.places[self.vantage].broken_at = self.world.kernel.now
            self.end()
            raise asyncio.CancelledError
        await asyncio.sleep(what.seconds)
        self._end_if_dead()
        raise as_translated(operation, what.error) from what.error

    def end(self) -> None:
        """The process is gone, with everything it had under way."""
        self.dead = True
        if self.task is not None:
            self.task.cancel()

    def _end_if_dead(self) -> None:
        if self.dead:
            raise asyncio.CancelledError


@dataclass(slots=True)
class FullWatch:
    """One vantage's invocations."""

    world: World
    loop: KernelLoop
    vantage: str
    skew: float
    lives: list[Life] = field(default_factory=list)
    count: int = 0
    failures: list[float] = field(default_factory=list)
    """When an invocation ended with an error: there is an alarm on these."""
    watched_since: float = 0.0
    """Since when there has been an invocation without a break."""

    def clock(self) -> float:
        return self.world.kernel.now + self.skew

    @property
    def alive(self) -> bool:
        return any(not life.dead and life.task is not None and not life.task.done() for life in self.lives)

    def alive_for(self) -> float:
        return self.world.kernel.now - self.watched_since if self.alive else 0.0

    def is_steady(self) -> bool:
        """Never: leases run out, and every second counts."""
        return False

    def beat_now(self) -> None:
        """Nothing is ever left out here."""

    def wake(self, target: str) -> None:
        """Nobody sleeps here."""

    def begin(self) -> None:
        """The minute has come."""
        self.world.kernel.after(60.0, self.begin)
        if not self.world.places[self.vantage].dead:
            for _ in range(2 if self.world.chances.twins else 1):
                self._invoke()

    def kill(self) -> None:
        """Whoever is at work here dies, in the middle of what it is doing."""
        for life in self.lives:
            life.end()

    def _invoke(self) -> None:
        if not self.alive:
            self.watched_since = self.world.kernel.now
        self.lives = [life for life in self.lives if life.task is not None and not life.task.done()]
        self.count += 1
        owner = f"{self.vantage}-{self.count}"
        life = Life(self.world, self.vantage, self.world.random(f"monitor {owner}"))
        prober = LineProber(self.world, self.vantage, self.clock)
        store = MemoryStore(self.world.table, writer=f"monitor/{owner}")
        dependencies = Dependencies(store, prober, self.clock, nobody, life.offload)
        monitor = Monitor(self.vantage, self.world.plan.configuration, dependencies)
        life.task = self.loop.begin(self._run(monitor, owner))
        self.lives.append(life)
        self.world.kernel.after(TIMEOUT_SECONDS, life.end)

    async def _run(self, monitor: Monitor, owner: str) -> None:
        try:
            ended = await monitor.run(owner, self.clock() + TIMEOUT_SECONDS)
        except StoreError as error:
            self.failures.append(self.world.kernel.now)
            self.world.tell(f"monitor {self.vantage}", f"{owner}: {error}")
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - a find
            self.loop.call_exception_handler({"exception": error})
        else:
            self.world.tell(f"monitor {self.vantage}", f"{owner}: {ended.value}")
