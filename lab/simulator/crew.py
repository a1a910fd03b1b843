"""The processes of a hunt: each plays seed after seed and says which one, so that none hangs or dies unnoticed."""

from __future__ import annotations

import multiprocessing
import queue
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.queues import Queue
from multiprocessing.sharedctypes import Synchronized
from types import TracebackType
from typing import Final, Self

from lab.simulator.shrink import Cut
from lab.simulator.simulation import Outcome

RUN_SECONDS: Final = 120.0
"""How long one run may take: the slowest take some seconds."""
START_SECONDS: Final = 120.0
"""How long a process may take to start: it loads the whole simulator, all of them at once."""
LOST: Final = "lost"
"""What the error of a run begins with of which nothing is heard any more."""
_LISTEN_SECONDS: Final = 0.25

Play = Callable[[Cut], Outcome]
"""Plays a seed. Raises nothing: what goes wrong is the outcome's error. Has to be found by name in another process."""


@dataclass(frozen=True, slots=True)
class _News:
    """A worker has begun a seed (no outcome), or is through with it."""

    worker: int
    cut: Cut
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class _Seeds:
    """What the workers share among themselves."""

    further: Synchronized[int]
    """The next seed that nobody has begun."""
    end: int | None
    until: float

    def take(self) -> int:
        with self.further.get_lock():
            self.further.value += 1
            return self.further.value - 1

    def may_begin(self, seed: int) -> bool:
        return time.monotonic() < self.until and (self.end is None or seed < self.end)


def _work(play: Play, worker: int, first: int, seeds: _Seeds, news: Queue[_News]) -> None:
    """Play the `first` seed, then whichever is next: no worker is left with all the long ones."""
    seed = first
    while seeds.may_begin(seed):
        news.put(_News(worker, Cut(seed)))
        news.put(_News(worker, Cut(seed), play(Cut(seed))))
        seed = seeds.take()


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Ctrl-C does nothing here, nor to a process that is started here: whoever has started it ends it."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@dataclass(slots=True)
class _Worker:
    process: SpawnProcess
    cut: Cut
    """What it is at, or will be once it is up."""
    since: float
    busy: bool = True
    up: bool = False
    """Whether it has begun anything."""
    lost: bool = False
    """Whether it has been said that nothing will be heard of it any more."""


@dataclass(slots=True)
class Crew:
    """To be entered: the processes end with it."""

    play: Play
    first: int
    count: int
    until: float
    """On the clock of time.monotonic, after which no run is begun."""
    run_seconds: float = RUN_SECONDS
    end: int | None = None
    """The first seed that is not played any more; None: there is always another."""
    _context: SpawnContext = field(default_factory=lambda: multiprocessing.get_context("spawn"))
    _workers: list[_Worker] = field(default_factory=list)
    _news: Queue[_News] = field(init=False)
    _seeds: _Seeds = field(init=False)

    def __enter__(self) -> Self:
        self._news = self._context.Queue()
        self._seeds = _Seeds(self._context.Value("q", self.first + self.count), self.end, self.until)
        for number in range(self.count):
            arguments = (self.play, number, self.first + number, self._seeds, self._news)
            process = self._context.Process(target=_work, args=arguments, daemon=True)
            with uninterrupted():
                process.start()
            self._workers.append(_Worker(process, Cut(self.first + number), time.monotonic()))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.process.kill()
            worker.process.join()

    def outcomes(self) -> Iterator[tuple[Cut, Outcome] | None]:
        """Every run as it ends, until all workers have ended; None now and then, while nothing is heard.

        A run that does not end, or takes its process down, is lost, and says so as its error.
        """
        while True:
            at_work = any(worker.process.is_alive() for worker in self._workers)
            try:
                news = self._news.get(timeout=_LISTEN_SECONDS)
            except queue.Empty:
                yield from self._lost()
                if not at_work:
                    return
                yield None
            else:
                worker = self._workers[news.worker]
                worker.cut, worker.since, worker.busy = news.cut, time.monotonic(), news.outcome is None
                worker.up = True
                if news.outcome is not None:
                    yield news.cut, news.outcome

    def _lost(self) -> Iterator[tuple[Cut, Outcome]]:
        """Those of which nothing will be heard. One that had no time to begin anything has ended well."""
        for worker in self._workers:
            code, spent = worker.process.exitcode, time.monotonic() - worker.since
            limit = self.run_seconds if worker.up else START_SECONDS
            if worker.lost:
                continue
            if code:
                worker.lost = True
                yield worker.cut, Outcome.failed(f"{LOST}: its process ended with exit code {code}")
            elif worker.busy and code is None and spent > limit:
                worker.lost = True
                worker.process.kill()
                yield worker.cut, Outcome.failed(f"{LOST}: it has not ended within {limit:g} s")
