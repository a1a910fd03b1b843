"""The monitor, built."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from routekeeper import config
from routekeeper.bootstrap import triggers
from routekeeper.bootstrap.clients import Clients
from routekeeper.bootstrap.environment import Environment
from routekeeper.monitor import Dependencies, Ended, Monitor
from routekeeper.probes import Clock
from routekeeper.probes.prober import AsyncProber
from routekeeper.telemetry import embedded_metrics, logs

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


def build() -> Callable[[dict[str, Any], LambdaContext], dict[str, Any]]:
    environment = Environment(os.environ)
    logs.to_standard_output("monitor")
    configuration = config.packaged()
    store = Clients().store("monitor", environment.table, (environment.vantage,))
    embedded_metrics.warm_up()
    emit = embedded_metrics.emitter(environment.deployment)

    async def watch(owner: str, deadline_at: float) -> Ended:
        clock = steady_clock()
        prober = AsyncProber(clock)
        try:
            dependencies = Dependencies(store, prober, clock, emit, asyncio.to_thread)
            return await Monitor(environment.vantage, configuration, dependencies).run(owner, deadline_at)
        finally:
            await prober.close()

    def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        del event  # a tick says nothing but when
        logs.name_invocation(context)
        ended = asyncio.run(watch(triggers.unique_name(context), triggers.deadline(context)))
        return {"vantage": environment.vantage, "ended": ended.value}

    return handle


def steady_clock() -> Clock:
    """Epoch seconds that a correction of the system's clock does not move; anchored when called."""
    offset = time.time() - time.monotonic()
    return lambda: time.monotonic() + offset
