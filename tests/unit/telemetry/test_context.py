"""What is bound reaches every line within, and none outside: in threads, in tasks, and in the simulator's time."""

from __future__ import annotations

import asyncio
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from lab.simulator.kernel import START, Kernel, Killed
from lab.simulator.pool import CooperativePool
from routekeeper.telemetry.context import bound
from routekeeper.telemetry.logs import _FORMATTER

LOG = logging.getLogger("routekeeper.test")


@pytest.fixture(autouse=True)
def _everything_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "routekeeper")


def groups(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str | None]]:
    """What was said, and the group that it was said of."""
    return [(record.getMessage(), vars(record).get("group")) for record in caplog.records]


def test_a_line_carries_what_is_bound_around_it(caplog: pytest.LogCaptureFixture) -> None:
    LOG.info("before")
    with bound(group="one", target="nat-a"):
        LOG.info("outer")
        with bound(target="nat-b"):
            LOG.info("inner")
        LOG.info("outer again")
    LOG.info("after")
    told = [(vars(record).get("group"), vars(record).get("target")) for record in caplog.records]
    assert told == [(None, None), ("one", "nat-a"), ("one", "nat-b"), ("one", "nat-a"), (None, None)]


def test_what_a_line_says_of_itself_stands(caplog: pytest.LogCaptureFixture) -> None:
    with bound(group="one"):
        LOG.info("said", extra={"group": "two"})
    assert groups(caplog) == [("said", "two")]


def test_what_is_bound_stands_in_front_of_what_a_line_adds(caplog: pytest.LogCaptureFixture) -> None:
    with bound(group="one"):
        LOG.info("said", extra={"outcome": "done"})
    line = list(json.loads(_FORMATTER.format(caplog.records[0])))
    assert line[-2:] == ["group", "outcome"]


def test_what_is_bound_ends_with_an_error_too(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ValueError, match="wrong"), bound(group="one"):
        raise ValueError("wrong")
    LOG.info("after")
    assert groups(caplog) == [("after", None)]


def test_threads_carry_what_each_has_bound_itself(caplog: pytest.LogCaptureFixture) -> None:
    together = Barrier(2, timeout=10)

    def work(name: str) -> None:
        LOG.info("begins")
        with bound(group=name):
            together.wait()
            LOG.info(name)
            together.wait()

    with bound(group="whoever starts them"), ThreadPoolExecutor(2) as threads:
        for _ in range(3):  # a thread that has done one group's work does another's
            list(threads.map(work, ("one", "two")))
    assert sorted(groups(caplog), key=str) == [("begins", None)] * 6 + [("one", "one")] * 3 + [("two", "two")] * 3


def test_tasks_and_calls_beside_them_carry_what_is_bound_where_they_are_created(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def say(name: str) -> None:
        for _ in range(2):
            await asyncio.sleep(0)
            LOG.info(name)
            await asyncio.to_thread(LOG.info, name)

    async def work(name: str) -> None:
        with bound(group=name):
            beside = asyncio.ensure_future(say(name))
            await say(name)
        await beside
        LOG.info("after")

    async def main() -> None:
        await asyncio.gather(work("one"), work("two"))

    asyncio.run(main())
    told = sorted(groups(caplog), key=str)
    assert told == [("after", None)] * 2 + [("one", "one")] * 8 + [("two", "two")] * 8


def test_in_the_simulators_time_no_task_carries_what_another_has_bound(caplog: pytest.LogCaptureFixture) -> None:
    CooperativePool.kernel = kernel = Kernel()

    def work(name: str) -> None:
        LOG.info("begins")
        with bound(group=name):
            for _ in range(3):
                kernel.pause(1.0)  # hands over to the other, which has bound its own
                LOG.info(name)
        LOG.info("after")

    def invocation() -> None:
        with bound(group="whoever starts them"):
            list(CooperativePool(2, "group").map(work, ("one", "two")))

    kernel.spawn(invocation)
    kernel.run(START + 10)
    LOG.info("outside")
    told = sorted(groups(caplog), key=str)
    of_work = [("begins", None)] * 2 + [("one", "one")] * 3 + [("outside", None)] + [("two", "two")] * 3
    assert told == [("after", None)] * 2 + of_work


def test_a_task_that_is_killed_leaves_nothing_bound(caplog: pytest.LogCaptureFixture) -> None:
    kernel = Kernel()

    def work() -> None:
        with bound(group="one"):
            kernel.pause(100.0)

    task = kernel.spawn(work)
    kernel.after(1.0, lambda: kernel.kill(task))
    kernel.run(START + 10)
    assert isinstance(task.error, Killed)
    LOG.info("outside")
    assert groups(caplog) == [("outside", None)]
