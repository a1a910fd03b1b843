"""asyncio on the kernel's clock: the real tasks, futures and sleeps, on an event loop that only knows timers."""

from __future__ import annotations

import asyncio
from asyncio import events
from collections.abc import Callable, Coroutine
from contextvars import Context
from functools import partial
from typing import Any, Final
from weakref import WeakSet

from lab.simulator.kernel import Kernel

_UNWINDING_ROUNDS: Final = 5


_Loop: Any = asyncio.AbstractEventLoop  # of which only what is asked for is here


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

    def call_soon(self, callback: Callable[..., object], *args: Any, context: Context | None = None) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._kernel.at(self._kernel.now, partial(self._run, handle))
        return handle

    def call_later(
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self._kernel.now + max(0.0, delay), callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        self._kernel.at(when, partial(self._run, handle))
        return handle

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

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """asyncio tells its loops; here the handle is passed over when its time comes."""

    def _run(self, handle: asyncio.Handle) -> None:
        if not handle.cancelled():
            events._set_running_loop(self)
            try:
                handle._run()
            finally:
                events._set_running_loop(None)

    def within(self, act: Callable[[], Any]) -> Any:
        """Call something that asks for the running loop."""
        events._set_running_loop(self)
        try:
            return act()
        finally:
            events._set_running_loop(None)

    def begin(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        return self.create_task(coroutine)
