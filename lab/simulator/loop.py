"""asyncio on the kernel's clock: the real tasks, futures and sleeps, on an event loop that only knows timers."""

from __future__ import annotations

import asyncio
from asyncio import events
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import Context, copy_context
from typing import Any, Final
from weakref import WeakSet

from lab.simulator.kernel import Kernel

_UNWINDING_ROUNDS: Final = 5


_Loop: Any = asyncio.AbstractEventLoop  # of which only what is asked for is here


class Timer:
    """`asyncio.Handle` and `TimerHandle`, as far as tasks and sleeps use them: what is done at a moment, or never."""

    __slots__ = ("_act", "_arguments", "_context", "_loop")

    def __init__(
        self, loop: KernelLoop, act: Callable[..., object], arguments: tuple[Any, ...], context: Context
    ) -> None:
        self._loop = loop
        self._act: Callable[..., object] | None = act
        self._arguments = arguments
        self._context = context

    def cancel(self) -> None:
        self._act = None

    def cancelled(self) -> bool:
        return self._act is None

    def __call__(self) -> None:
        """Its moment has come."""
        if self._act is None:
            return
        try:
            self._context.run(self._act, *self._arguments)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:  # noqa: BLE001 - as asyncio's: the loop is told
            self._loop.call_exception_handler({"exception": error})


class KernelLoop(_Loop):  # type: ignore[misc]
    """As much of an event loop as tasks, futures and `asyncio.sleep` ask of it."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self.error: BaseException | None = None
        self._tasks: WeakSet[asyncio.Task[Any]] = WeakSet()

    def time(self) -> float:
        return self._kernel.now

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return False

    def call_soon(self, callback: Callable[..., object], *args: Any, context: Context | None = None) -> Timer:
        return self.call_at(self._kernel.now, callback, *args, context=context)

    def call_later(
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Timer:
        return self.call_at(self._kernel.now + delay, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Timer:
        timer = Timer(self, callback, args, context if context is not None else copy_context())
        self._kernel.at(when, timer)
        return timer

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, *, name: object = None, context: Context | None = None) -> asyncio.Task[Any]:
        del name, context
        task: asyncio.Task[Any] = asyncio.Task(coro, loop=self)
        self._tasks.add(task)
        return task

    def close(self) -> None:
        """Unwind everything that is under way: nothing is left for the garbage collector to end at its own time."""
        for _ in range(_UNWINDING_ROUNDS):
            left = [task for task in self._tasks if not task.done()]
            if not left:
                return
            for task in left:
                task.cancel()
            self._kernel.unwind()
        for coroutine in (task.get_coro() for task in self._tasks if not task.done()):
            if isinstance(coroutine, Coroutine):
                coroutine.close()  # its first step was due when what was due was forgotten

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, BaseException):
            self.error = self.error or error
            self._kernel.stopped = True

    @contextmanager
    def running(self) -> Iterator[None]:
        """For as long as this lasts it is the running loop."""
        events._set_running_loop(self)
        try:
            yield
        finally:
            events._set_running_loop(None)

    def begin(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        return self.create_task(coroutine)
