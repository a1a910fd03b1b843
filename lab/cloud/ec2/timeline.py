"""What the emulated EC2 will do later: a queue of due actions under one lock and one clock."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable

Action = Callable[[], None]


class Timeline:
    """Actions by the time they are due.

    Nothing runs by itself: `run_due` runs what is due, and `run_until` does so in a thread of its own. Tests pass
    a clock that they move by hand and call `run_due`.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.now = now
        self.lock = threading.RLock()
        """Held while an EC2 call or a due action changes the emulated world (moto itself is not thread-safe)."""
        self._earlier = threading.Condition(self.lock)
        self._due: list[tuple[float, int, Action]] = []
        self._order = itertools.count()

    def after(self, seconds: float, action: Action) -> None:
        """Run `action` once `seconds` have passed."""
        with self.lock:
            heapq.heappush(self._due, (self.now() + seconds, next(self._order), action))
            self._earlier.notify_all()

    def run_due(self) -> None:
        """Run everything that is due, in order of its time."""
        with self.lock:
            while self._due and self._due[0][0] <= self.now():
                heapq.heappop(self._due)[2]()

    def run_until(self, stopped: threading.Event) -> None:
        """Run actions as they fall due until `stopped` is set."""
        with self.lock:
            while not stopped.is_set():
                self.run_due()
                wait = self._due[0][0] - self.now() if self._due else 1.0
                self._earlier.wait(min(max(wait, 0.001), 1.0))
