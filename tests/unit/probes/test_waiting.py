"""What a silence means: a loss only if the far side had its time and this machine was looking (law 1)."""

from __future__ import annotations

import asyncio
import socket

import pytest

from routekeeper.domain.health import Health
from routekeeper.probes import Result
from routekeeper.probes.waiting import STALL_SECONDS, Wait, expire, silence, wait_ready

WHAT = "tcp 10.1.0.5:22"


@pytest.mark.parametrize(
    ("wait", "allowed", "health", "words"),
    [
        (Wait.SILENT, 0.75, Health.UNHEALTHY, "no answer in 0.75 s"),
        (Wait.SILENT, 0.70, Health.UNHEALTHY, "no answer in 0.75 s"),
        (Wait.SILENT, 0.20, Health.UNKNOWN, "no answer, but only 0.2 s of 0.75 s were left after the look-up"),
        (Wait.SILENT, -0.10, Health.UNKNOWN, "no answer, but only 0 s of 0.75 s were left after the look-up"),
        (Wait.STALLED, 0.75, Health.UNKNOWN, "no answer seen, but this machine stood still for more than 0.25 s"),
        (Wait.CLOSED, 0.75, Health.UNKNOWN, "the prober was closed before an answer was due"),
    ],
)
def test_a_silence_is_judged_by_who_could_have_caused_it(
    wait: Wait, allowed: float, health: Health, words: str
) -> None:
    assert silence(WHAT, "no answer", wait, 0.75, allowed) == Result(health, f"{WHAT}: {words}")


@pytest.mark.parametrize(("late", "wait"), [(0.1, Wait.SILENT), (STALL_SECONDS + 0.1, Wait.STALLED)])
def test_a_deadline_noticed_late_says_that_this_machine_stood_still(late: float, wait: Wait) -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Wait] = loop.create_future()
        expire(loop, done, loop.time() - late)
        assert await done is wait

    asyncio.run(story())


def test_an_answer_that_came_while_the_deadline_passed_wins() -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        with ours, theirs:
            waiting = asyncio.create_task(wait_ready(loop, ours.fileno(), loop.time() + 0.01, writing=False))
            await asyncio.sleep(0)
            theirs.send(b"!")
            started = loop.time()
            while loop.time() < started + 0.02:
                pass  # hold up the loop past the deadline
            assert await waiting is Wait.READY

    asyncio.run(story())
