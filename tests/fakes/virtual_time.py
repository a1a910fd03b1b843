"""An event loop whose clock jumps to the next timer instead of waiting for it."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

START: float = 1_800_000_000.0
"""The epoch second at which virtual time begins; a whole minute."""


class _JumpingSelector(selectors.SelectSelector):
    """Reports no waiting: a timeout passes at once and moves the clock."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise AssertionError("everything waits and no timer is set: a deadlock in virtual time")
        self.now += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now

    def keep_busy(self, seconds: float) -> None:
        """Let time pass without letting anything else run."""
        self._jumping.now += seconds


def run_virtually(main: Callable[[Callable[[], float]], Coroutine[Any, Any, T]]) -> T:
    """Run `main(clock)` under virtual time; the clock shows epoch seconds from `START` on."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(main(lambda: START + loop.time()))
    finally:
        loop.close()


async def in_place(function: Callable[[], T]) -> T:
    """An `Offload` that calls at once."""
    return function()


def offload(function: Callable[[], T], /) -> Awaitable[T]:
    return in_place(function)
