"""What the monitor works with; everything here is passed in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from routekeeper.probes import Clock, Prober
from routekeeper.store import Store
from routekeeper.telemetry.measurements import Emit

T = TypeVar("T")


class Offload(Protocol):
    """Runs a blocking call beside the event loop (`asyncio.to_thread`; tests run it in place)."""

    def __call__(self, function: Callable[[], T], /) -> Awaitable[T]: ...


@dataclass(frozen=True, slots=True)
class Dependencies:
    store: Store
    prober: Prober
    clock: Clock
    emit: Emit
    offload: Offload
