"""Names: looked up beside the loop, once, within the timeout; a name without an address is UNKNOWN (law 1)."""

from __future__ import annotations

import asyncio
import socket
import threading
from dataclasses import dataclass, field

from routekeeper.probes.resolving import (
    FRESH_SECONDS,
    RETRY_SECONDS,
    USABLE_SECONDS,
    Address,
    Resolver,
    Unresolved,
    bracketed,
)

NAME = "vpn.example"
FIRST, SECOND = Address(socket.AF_INET, "10.1.0.5"), Address(socket.AF_INET, "10.1.0.6")


@dataclass(slots=True)
class Directory:
    """A resolver and a clock in the test's hand. While `open` is not set, look-ups hang."""

    answer: Address | OSError = FIRST
    now: float = 1_000.0
    asked: int = 0
    open: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.open.set()

    def clock(self) -> float:
        return self.now

    def look_up(self, _host: str) -> Address:
        self.asked += 1
        self.open.wait(timeout=5)
        if isinstance(self.answer, OSError):
            raise self.answer
        return self.answer

    def resolver(self) -> Resolver:
        return Resolver(self.clock, self.look_up)


async def settled(resolver: Resolver) -> None:
    """Wait for the look-up in the background."""
    pending = resolver._names[NAME].pending
    if pending is not None:
        await pending


def test_an_address_is_never_looked_up() -> None:
    directory = Directory(OSError("asked"))

    async def story() -> None:
        resolver = directory.resolver()
        assert await resolver.resolve("10.1.0.5", 1.0) == FIRST
        assert await resolver.resolve("10.1.0.5", 1.0) == FIRST
        assert await resolver.resolve("::0001", 1.0) == Address(socket.AF_INET6, "::1")

    asyncio.run(story())
    assert directory.asked == 0


def test_a_name_is_looked_up_once_however_many_probes_want_it() -> None:
    directory = Directory()

    async def story() -> None:
        resolver = directory.resolver()
        found = await asyncio.gather(*(resolver.resolve(NAME, 1.0) for _ in range(5)))
        assert found == [FIRST] * 5
        assert await resolver.resolve(NAME, 1.0) == FIRST

    asyncio.run(story())
    assert directory.asked == 1


def test_an_ageing_address_serves_on_while_it_is_looked_up_anew() -> None:
    directory = Directory()

    async def story() -> None:
        resolver = directory.resolver()
        await resolver.resolve(NAME, 1.0)
        directory.answer, directory.now = SECOND, directory.now + FRESH_SECONDS + 1
        directory.open.clear()
        assert await resolver.resolve(NAME, 1.0) == FIRST
        directory.open.set()
        await settled(resolver)
        assert await resolver.resolve(NAME, 1.0) == SECOND

    asyncio.run(story())


def test_a_failing_resolver_leaves_a_known_address_in_use_for_a_while_and_no_longer() -> None:
    directory = Directory()

    async def story() -> None:
        resolver = directory.resolver()
        await resolver.resolve(NAME, 1.0)
        directory.answer = socket.gaierror(socket.EAI_AGAIN, "temporary failure")
        directory.now += USABLE_SECONDS - 1
        assert await resolver.resolve(NAME, 1.0) == FIRST
        await settled(resolver)
        directory.now += 2
        assert await resolver.resolve(NAME, 1.0) == Unresolved(f"the name {NAME} did not resolve: temporary failure")

    asyncio.run(story())


def test_a_failed_look_up_is_not_repeated_at_once_but_soon() -> None:
    directory = Directory(socket.gaierror(socket.EAI_NONAME, "no such name"))

    async def story() -> None:
        resolver = directory.resolver()
        for _ in range(3):
            assert isinstance(await resolver.resolve(NAME, 1.0), Unresolved)
        assert directory.asked == 1
        directory.answer, directory.now = FIRST, directory.now + RETRY_SECONDS
        assert await resolver.resolve(NAME, 1.0) == FIRST

    asyncio.run(story())
    assert directory.asked == 2


def test_a_hanging_resolver_holds_up_neither_the_loop_nor_the_probe() -> None:
    directory = Directory()
    directory.open.clear()

    async def story() -> None:
        resolver = directory.resolver()
        hanging = asyncio.create_task(resolver.resolve(NAME, 0.05))
        assert await resolver.resolve("10.1.0.6", 0.05) == SECOND
        assert await hanging == Unresolved(f"the name {NAME} did not resolve within 0.05 s")
        # The look-up goes on for whoever asks next.
        directory.open.set()
        assert await resolver.resolve(NAME, 5.0) == FIRST

    asyncio.run(story())
    assert directory.asked == 1


def test_a_probe_that_is_cancelled_does_not_end_the_look_up_for_the_others() -> None:
    directory = Directory()
    directory.open.clear()

    async def story() -> None:
        resolver = directory.resolver()
        leaver, stayer = (asyncio.create_task(resolver.resolve(NAME, 5.0)) for _ in range(2))
        await asyncio.sleep(0)
        leaver.cancel()
        await asyncio.wait([leaver])
        directory.open.set()
        assert leaver.cancelled()
        assert await stayer == FIRST

    asyncio.run(story())


def test_a_loop_that_ended_during_a_look_up_does_not_stop_the_next_loop_from_resolving() -> None:
    directory = Directory()
    resolver = directory.resolver()
    directory.open.clear()
    assert isinstance(asyncio.run(resolver.resolve(NAME, 0.01)), Unresolved)
    directory.open.set()
    assert asyncio.run(resolver.resolve(NAME, 5.0)) == FIRST


def test_a_host_that_is_no_name_at_all_is_unresolved() -> None:
    resolver = Resolver(Directory().clock)
    for host in ("a..b", "x" * 64 + "é.example", "nul\0byte"):
        assert isinstance(asyncio.run(resolver.resolve(host, 1.0)), Unresolved)


def test_reasons_show_an_address_beside_a_name_only() -> None:
    assert NAME + FIRST.beside(NAME) == "vpn.example (10.1.0.5)"
    assert "10.1.0.5" + FIRST.beside("10.1.0.5") == "10.1.0.5"
    assert bracketed("fd00::1") == "[fd00::1]"
    assert Address(socket.AF_INET6, "fe80::1", 3).at(22) == ("fe80::1", 22, 0, 3)
