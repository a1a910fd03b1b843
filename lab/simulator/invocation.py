"""One invocation of a function: its clock, its connections, what it has looked at, and how it may die."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import NoReturn

from lab.simulator.kernel import Killed, Task
from lab.simulator.nobody import nobody
from lab.simulator.strikes import Gate, Service
from lab.simulator.world import World
from routekeeper.store.codec import Item

Items = list[Item]


@dataclass(slots=True)
class Glimpse:
    """The table's vantages, health and signals as an invocation read them."""

    at: float
    vantages: Items
    health: Items
    signals: Items = field(default_factory=list)


@dataclass(slots=True)
class Invocation:
    world: World
    function: str
    number: int
    skew: float
    random: Random
    task: Task | None = None
    began_at: float = 0.0
    ends_by: float = 0.0
    looked: dict[tuple[str, str], float] = field(default_factory=dict)
    """When it last read something: by the store's operation and the key."""
    groups: dict[str, Item | None] = field(default_factory=dict)
    """Each group's item as it last read or wrote it."""
    glimpses: list[Glimpse] = field(default_factory=list)
    changed: dict[str, set[str]] = field(default_factory=dict)
    """The resources that it changed, by the transition that was under way."""
    died: str | None = None

    @property
    def name(self) -> str:
        return f"{self.function}/{self.number}"

    def clock(self) -> float:
        return self.world.kernel.now + self.skew

    def pause(self, seconds: float) -> None:
        self.world.kernel.pause(seconds)

    def cross(self, place: str) -> None:
        """Pass one line of the program, where the function may die."""
        p = self.world.chances.crash
        if p and self.random.random() < p:
            self.die(f"crashed at {place}")

    def gate(self, service: Service, troubled: Callable[[tuple[str, ...]], None] = nobody) -> Gate:
        """Where its calls to a service pass."""
        return Gate(self.function, service, self.world.strike, self.pause, self.die, troubled)

    def die(self, how: str) -> NoReturn:
        """The process is gone, with everything it had under way."""
        self.died = how
        self.world.faults += 1
        self.world.died_at = self.world.kernel.now
        self.world.tell(self.name, how)
        assert self.task is not None
        self.world.kernel.kill(self.task)
        raise Killed

    def looks(self, operation: str, key: str) -> None:
        now, table = self.world.kernel.now, self.world.table
        self.looked[operation, key] = now
        if operation == "load_group":
            self.groups[key] = table.group(key)
        elif operation == "load_board" and key == "VANTAGE":
            self.glimpses.append(Glimpse(now, table.items("VANTAGE"), []))
            del self.glimpses[:-40]
        elif operation == "load_board" and self.glimpses:
            self.glimpses[-1].health = table.items("HEALTH")
        elif operation == "load_signals" and self.glimpses:
            self.glimpses[-1].signals = table.items("SIGNAL")
