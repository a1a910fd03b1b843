"""The clock of a story, and what happens while somebody sleeps."""

from __future__ import annotations

from collections.abc import Callable

from lab.simulator.kernel import START as EPOCH
from lab.simulator.kernel import Kernel
from lab.simulator.pool import cooperative
from routekeeper.restarter import Summary

START = 1_000_000.0
"""Times in stories are seconds after this one."""
INVOCATION_SECONDS = 55.0


class Timeline:
    """A clock that moves only when somebody sleeps, and what happens meanwhile.

    Whoever sleeps in a thread of the restarter lets the others go on until then.
    """

    def __init__(self) -> None:
        self.kernel = Kernel()

    @property
    def now(self) -> float:
        return self.kernel.now - EPOCH + START

    def clock(self) -> float:
        return self.now

    def at(self, seconds: float, act: Callable[[], None]) -> None:
        self.kernel.at(EPOCH + seconds, act)

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        self.kernel.after(seconds, act)

    def sleep(self, seconds: float) -> None:
        if self.kernel.current is not None:
            self.kernel.pause(seconds)
        else:
            self.kernel.run(self.kernel.now + seconds)

    def run(self, invocation: Callable[[], Summary]) -> Summary:
        """Let the invocation run to its end."""

        def body() -> Summary:
            try:
                return invocation()
            finally:
                self.kernel.interrupted = True

        with cooperative(self.kernel):
            task = self.kernel.spawn(body)
            while not task.ended:
                self.kernel.run(self.kernel.now + INVOCATION_SECONDS)
        if task.error is not None:
            raise task.error
        assert isinstance(task.result, Summary)
        return task.result
