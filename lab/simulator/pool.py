"""Stand-ins for thread pools and locks of router and restarter: the same shape, and the kernel schedules."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent import futures
from contextlib import contextmanager
from types import TracebackType
from typing import Any, ClassVar, Final, NamedTuple, Self, TypeVar

from lab.simulator.decoding import from_attributes
from lab.simulator.kernel import Kernel, Killed, Task
from routekeeper.store import codec

T = TypeVar("T")
R = TypeVar("R")


class Promise:
    """`concurrent.futures.Future` as far as they use it."""

    def __init__(self, task: Task) -> None:
        self.task = task

    def done(self) -> bool:
        return self.task.ended

    def result(self) -> Any:
        CooperativePool.kernel.join([self.task])
        if self.task.error is not None:
            raise self.task.error
        return self.task.result


class Waited(NamedTuple):
    done: set[Promise]
    not_done: set[Promise]


class CooperativePool:
    """`concurrent.futures.ThreadPoolExecutor` as far as they use it, in virtual time."""

    kernel: ClassVar[Kernel]

    def __init__(self, workers: int, name: str) -> None:
        del workers, name  # they ask for as many threads as they have work for, up to a limit
        self._promises: list[Promise] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """As the real one does: leave only when everything has ended."""
        if not isinstance(error, Killed):
            self.kernel.join([promise.task for promise in self._promises])

    def submit(self, function: Callable[..., R], /, *arguments: Any) -> Promise:
        parent = self.kernel.current
        assert parent is not None
        promise = Promise(self.kernel.spawn(lambda: function(*arguments), parent.parent or parent))
        self._promises.append(promise)
        return promise

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        work = list(items)
        if len(work) == 1:
            return iter([function(work[0])])
        promises = [self.submit(function, item) for item in work]
        self.kernel.join([promise.task for promise in promises])
        return iter([promise.result() for promise in promises])


def wait(promises: Iterable[Promise], timeout: float | None = None, return_when: str = "ALL_COMPLETED") -> Waited:
    """`concurrent.futures.wait`."""
    waited_for = list(promises)
    first = return_when == "FIRST_COMPLETED"
    CooperativePool.kernel.join([promise.task for promise in waited_for], timeout, first=first)
    done = {promise for promise in waited_for if promise.done()}
    return Waited(done, set(waited_for) - done)


class CooperativeLock:
    """`threading.Lock` as far as they use it: a real one, held over a call, would stop the kernel with its holder."""

    def __init__(self) -> None:
        self._held = False

    def __enter__(self) -> bool:
        while self._held:
            CooperativePool.kernel.pause(LOCK_POLL_SECONDS)
        self._held = True
        return True

    def __exit__(self, *how: object) -> None:
        self._held = False


_STANDS_IN: Final[dict[int, object]] = {
    id(futures.ThreadPoolExecutor): CooperativePool,
    id(futures.wait): wait,
    id(threading.Lock): CooperativeLock,
    id(codec.from_attributes): from_attributes,
}
"""By identity: not everything in a module can be hashed."""
LOCK_POLL_SECONDS: Final = 0.001


@contextmanager
def cooperative(kernel: Kernel) -> Iterator[None]:
    """Have whatever pools and locks the application uses run in the kernel's time, and each item decoded once."""
    CooperativePool.kernel = kernel
    modules = [module for name, module in sys.modules.items() if name.startswith("routekeeper.")]
    found = [
        (module, name, held) for module in modules for name, held in vars(module).items() if id(held) in _STANDS_IN
    ]
    for module, name, held in found:
        setattr(module, name, _STANDS_IN[id(held)])
    try:
        yield
    finally:
        for module, name, held in found:
            setattr(module, name, held)
