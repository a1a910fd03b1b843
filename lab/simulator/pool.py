"""The stand-in for the router's thread pools: the same shape, threads that the kernel schedules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, ClassVar, NamedTuple, TypeVar

from lab.simulator.kernel import Kernel, Killed, Task
from routekeeper.router import applying, router

T = TypeVar("T")
R = TypeVar("R")


class Promise:
    """`concurrent.futures.Future` as far as the router uses it."""

    def __init__(self, task: Task) -> None:
        self.task = task

    def done(self) -> bool:
        return self.task.ended

    def result(self) -> Any:
        if self.task.error is not None:
            raise self.task.error
        return self.task.result


class Waited(NamedTuple):
    done: set[Promise]
    not_done: set[Promise]


class CooperativePool:
    """`concurrent.futures.ThreadPoolExecutor` as far as the router uses it, in virtual time."""

    kernel: ClassVar[Kernel]

    def __init__(self, workers: int, name: str) -> None:
        del workers, name  # the router asks for as many threads as it has work for, up to its limit
        self._promises: list[Promise] = []

    def __enter__(self) -> CooperativePool:
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


def wait(promises: Iterable[Promise], timeout: float | None = None) -> Waited:
    """`concurrent.futures.wait`."""
    waited_for = list(promises)
    CooperativePool.kernel.join([promise.task for promise in waited_for], timeout)
    done = {promise for promise in waited_for if promise.done()}
    return Waited(done, set(waited_for) - done)


@contextmanager
def cooperative(kernel: Kernel) -> Iterator[None]:
    """Have the router's pools run in the kernel's time."""
    CooperativePool.kernel = kernel
    stands_in: dict[str, Any] = {"ThreadPoolExecutor": CooperativePool, "wait": wait}
    modules: tuple[Any, ...] = (router, applying)
    before = [(module, name, getattr(module, name)) for module in modules for name in stands_in if hasattr(module, name)]
    for module, name, _ in before:
        setattr(module, name, stands_in[name])
    try:
        yield
    finally:
        for module, name, found in before:
            setattr(module, name, found)
