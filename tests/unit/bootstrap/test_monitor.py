"""How the monitor is built."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from routekeeper.bootstrap.triggers import unique_name
from routekeeper.monitor import Ended
from tests.fakes.lambda_context import Context
from tests.fakes.virtual_time import run_virtually
from tests.unit.monitor.test_monitor import Zone, end


def test_an_event_delivered_twice_with_one_request_id_makes_one_watch() -> None:
    context: Any = Context()

    async def main(clock: Callable[[], float]) -> tuple[bool, bool]:
        zone = Zone(clock)
        first, second = zone.invoke(unique_name(context)), zone.invoke(unique_name(context))
        await asyncio.sleep(10)
        ended = first.done() and first.result() is Ended.HANDED_OVER, second.done()
        await end(first, second)
        return ended

    assert unique_name(context).startswith(context.aws_request_id)
    assert run_virtually(main) == (True, False)
