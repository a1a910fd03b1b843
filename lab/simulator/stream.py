"""The table's stream as a function's event source mapping delivers it: in order, a batch at a time, again on failure.

"Process Amazon DynamoDB records with Lambda", AWS Lambda Developer Guide: a shard's next batch waits for the one under
way. The record's content is a hint only, so what is kept of one is whether it can be read, and while the stream is
late, records overtake each other: no worse than a late one in order, for whoever looks at the table and not at them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Final

from lab.simulator.world import World

MAXIMUM_RETRIES: Final = 3
MAXIMUM_AGE_SECONDS: Final = 120.0
"""Both as in template.yaml."""


@dataclass(slots=True)
class Record:
    written_at: float
    ready_at: float
    poison: bool = False


@dataclass(slots=True)
class Stream:
    world: World
    random: Random
    invoke: Callable[[Callable[[bool], None]], None]
    waiting: list[Record] = field(default_factory=list)
    busy: bool = False
    tries: int = 0

    def add(self, *, poison: bool = False) -> None:
        chances, now = self.world.chances, self.world.kernel.now
        if chances.lost:
            return
        for _ in range(2 if chances.twice else 1):
            ready_at = now + self.random.uniform(0.05, 0.3)
            if chances.late:
                ready_at += self.random.uniform(0, chances.late)
            self.waiting.append(Record(now, ready_at, poison))
            self.world.kernel.at(ready_at, self._pump)

    def _pump(self) -> None:
        now = self.world.kernel.now
        self.waiting = [record for record in self.waiting if now - record.written_at < MAXIMUM_AGE_SECONDS]
        batch = [record for record in self.waiting if record.ready_at <= now]
        if self.busy or not batch:
            return
        self.busy = True
        self.invoke(lambda well: self._ended(batch, well))

    def _ended(self, batch: list[Record], well: bool) -> None:
        self.busy = False
        done = batch
        if not well:
            done = []
        elif any(record.poison for record in batch):
            # What came before the first that cannot be read is done with; the rest is delivered again.
            done = batch[: next(n for n, record in enumerate(batch) if record.poison)]
        if len(done) == len(batch):
            self.tries = 0
        else:
            self.tries += 1
            if self.tries > MAXIMUM_RETRIES:
                self.tries, done = 0, [*done, next(record for record in batch if record not in done)]
        self.waiting = [record for record in self.waiting if not any(record is ended for ended in done)]
        self.world.kernel.after(0.3 if self.tries == 0 else 1.0, self._pump)
