"""Virtual time for blocking code: who runs when, and how it is killed."""

from __future__ import annotations

import pytest

from lab.simulator.kernel import START, Kernel, Killed
from lab.simulator.pool import CooperativePool, wait


@pytest.fixture
def kernel() -> Kernel:
    return Kernel()


def test_tasks_that_sleep_overlap_in_virtual_time(kernel: Kernel) -> None:
    told: list[tuple[float, str]] = []

    def body(name: str, seconds: float) -> None:
        for _ in range(3):
            kernel.pause(seconds)
            told.append((kernel.now - START, name))

    kernel.spawn(lambda: body("slow", 2.0))
    kernel.spawn(lambda: body("fast", 1.5))
    kernel.run(START + 100)
    assert told == [(1.5, "fast"), (2.0, "slow"), (3.0, "fast"), (4.0, "slow"), (4.5, "fast"), (6.0, "slow")]
    assert kernel.now == START + 100


def test_what_is_killed_ends_at_once_and_takes_its_children_along(kernel: Kernel) -> None:
    ended: list[str] = []

    def child() -> None:
        try:
            kernel.pause(50.0)
        finally:
            ended.append(f"child at {kernel.now - START}")

    def parent() -> None:
        mine = kernel.current
        try:
            kernel.join([kernel.spawn(child, mine)])
        except Killed:
            ended.append(f"parent at {kernel.now - START}")
            raise

    task = kernel.spawn(parent)
    kernel.after(10.0, lambda: kernel.kill(task))
    kernel.run(START + 100)
    assert ended == ["parent at 10.0", "child at 10.0"]
    assert isinstance(task.error, Killed)


def test_a_pool_runs_its_work_side_by_side_and_a_wait_ends_with_the_first(kernel: Kernel) -> None:
    CooperativePool.kernel = kernel
    seen: list[object] = []

    def work(seconds: float) -> float:
        kernel.pause(seconds)
        return seconds

    def body() -> None:
        with CooperativePool(2, "work") as pool:
            promises = [pool.submit(work, seconds) for seconds in (5.0, 2.0)]
            seen.append(len(wait(promises, 1.0).done))
            first = wait(promises, 60.0, "FIRST_COMPLETED")
            seen.append((kernel.now - START, [promise.result() for promise in first.done]))
            seen.append(list(pool.map(work, [3.0, 4.0])))
        seen.append(kernel.now - START)

    kernel.spawn(body)
    kernel.run(START + 100)
    assert seen == [0, (2.0, [2.0]), [3.0, 4.0], 6.0]


def test_a_leap_moves_what_is_due_but_not_what_is_planned(kernel: Kernel) -> None:
    told: list[tuple[str, float]] = []
    kernel.at(START + 10, lambda: told.append(("due", kernel.now - START)))
    kernel.at(START + 70, lambda: told.append(("planned", kernel.now - START)), planned=True)
    kernel.leap(60)
    kernel.run(START + 100)
    assert sorted(told) == [("due", 70.0), ("planned", 70.0)]


def test_what_is_left_when_a_run_ends_is_unwound(kernel: Kernel) -> None:
    ended: list[str] = []

    def body() -> None:
        try:
            kernel.pause(1000.0)
        finally:
            ended.append("unwound")

    kernel.spawn(body)
    kernel.run(START + 1)
    kernel.close()
    assert ended == ["unwound"]
