"""ICMP echo: what a reply, a silence, an error and a refusal each mean (law 1)."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from routekeeper.domain.health import Health
from routekeeper.domain.settings import IcmpProbe
from routekeeper.probes import Result
from routekeeper.probes.icmp import IcmpProber
from routekeeper.probes.resolving import Resolver
from tests.unit.probes.echo_peer import REQUEST, EchoPeer

pytestmark = pytest.mark.usefixtures("crowded_machine")

HOST = "10.109.2.1"
ROUTER = "10.109.0.1"
PATIENT = IcmpProbe(HOST, timeout_seconds=5.0)
BRIEF = IcmpProbe(HOST, timeout_seconds=0.05)

Story = Callable[[IcmpProber, EchoPeer], Coroutine[Any, Any, None]]


def clock() -> float:
    return 1_000.0


def play(story: Story, now: Callable[[], float] = clock) -> None:
    async def run() -> None:
        peer = EchoPeer()
        prober = IcmpProber(now, Resolver(now), peer.open)
        try:
            await story(prober, peer)
        finally:
            prober.close()
            peer.close()

    asyncio.run(run())


async def start(prober: IcmpProber, probe: IcmpProbe = PATIENT) -> asyncio.Task[Result]:
    """Send a probe and leave it waiting."""
    task = asyncio.create_task(prober.probe(probe))
    await asyncio.sleep(0)
    return task


def test_a_reply_is_healthy_and_timed() -> None:
    async def story(prober: IcmpProber, peer: EchoPeer) -> None:
        task = await start(prober)
        sequence, number, address = peer.sent[0]
        assert address == HOST
        peer.reply(sequence, number, HOST)
        result = await task
        assert (result.health, result.reason) == (Health.HEALTHY, f"icmp {HOST}: echo reply")
        assert result.round_trip_seconds is not None
        assert 0 < result.round_trip_seconds < 5

    play(story)


def test_a_silence_is_unhealthy_and_names_the_timeout() -> None:
    async def story(prober: IcmpProber, _peer: EchoPeer) -> None:
        assert await prober.probe(BRIEF) == Result(Health.UNHEALTHY, f"icmp {HOST}: no echo reply in 0.05 s").at(HOST)

    play(story)


def test_replies_in_any_order_find_their_own_probes() -> None:
    async def story(prober: IcmpProber, peer: EchoPeer) -> None:
        first, second, lost = await start(prober), await start(prober), await start(prober, BRIEF)
        for sequence, number, _ in reversed(peer.sent[:2]):
            peer.reply(sequence, number, HOST)
        assert (await second).health is Health.HEALTHY
        assert (await first).health is Health.HEALTHY
        assert (await lost).health is Health.UNHEALTHY

    play(story)


@pytest.mark.parametrize(
    ("sequence_off", "number_off", "source", "kind"),
    [
        pytest.param(0, 0, "10.109.2.9", 0, id="another host's"),
        pytest.param(1, 0, HOST, 0, id="another sequence"),
        pytest.param(0, -65_536, HOST, 0, id="same sequence, one wrap ago"),
        pytest.param(0, 0, HOST, REQUEST, id="a request, not a reply"),
    ],
)
def test_a_foreign_or_late_reply_does_not_stand_in_for_the_right_one(
    sequence_off: int, number_off: int, source: str, kind: int
) -> None:
    async def story(prober: IcmpProber, peer: EchoPeer) -> None:
        task = await start(prober, BRIEF)
        sequence, number, _ = peer.sent[0]
        peer.reply(sequence + sequence_off, number + number_off, source, kind)
        assert (await task).health is Health.UNHEALTHY

    play(story)


def test_late_and_doubled_replies_are_harmless() -> None:
    async def story(prober: IcmpProber, peer: EchoPeer) -> None:
        task = await start(prober, BRIEF)
        late = peer.sent[0]
        await task
        again = await start(prober)
        sequence, number, _ = peer.sent[1]
        for answer in (late[:2], (sequence, number), (sequence, number)):
            peer.reply(*answer, HOST)
        assert (await again).health is Health.HEALTHY
        third = await start(prober, BRIEF)
        assert (await third).health is Health.UNHEALTHY

    play(story)


def test_sequences_wrap_and_pass_over_those_still_waiting() -> None:
    last_before_the_wrap = 65_535 / 1e9

    async def story(prober: IcmpProber, peer: EchoPeer) -> None:
        waiting = await start(prober)  # sequence 0, just after the wrap
        prober._v4._next = (2 << 16) - 1
        other = await start(prober)
        assert [sequence for sequence, _, _ in peer.sent] == [0, 1]
        for sequence, number, _ in peer.sent:
            peer.reply(sequence, number, HOST)
        assert (await waiting).health is (await other).health is Health.HEALTHY

    play(story, lambda: last_before_the_wrap)


@pytest.mark.parametrize("quotes_number", [True, False], ids=["whole packet quoted", "header quoted only"])
def test_an_unreachable_from_a_router_is_unhealthy_at_once(quotes_number: bool) -> None:
    async def story(prober: IcmpProber, peer: EchoPeer) -> None:
        task = await start(prober)
        sequence, number, _ = peer.sent[0]
        peer.unreachable(sequence, HOST, ROUTER, number if quotes_number else None)
        words = f"icmp {HOST}: {ROUTER} reports no route to host (ICMP type 3, code 1)"
        assert await task == Result(Health.UNHEALTHY, words).at(HOST)

    play(story)


def test_an_unreachable_about_another_probe_is_not_taken_for_ours() -> None:
    async def story(prober: IcmpProber, peer: EchoPeer) -> None:
        task = await start(prober)
        sequence, number, _ = peer.sent[0]
        peer.unreachable(sequence, "10.0.0.9", ROUTER, number)
        peer.unreachable(sequence, HOST, ROUTER, number - 65_536)
        await peer.errors_read.wait()
        peer.reply(sequence, number, HOST)
        assert (await task).health is Health.HEALTHY

    play(story)


def test_an_error_about_an_earlier_probe_does_not_fail_the_next_send() -> None:
    async def story(prober: IcmpProber, peer: EchoPeer) -> None:
        peer.send_errors.append(OSError(errno.EHOSTUNREACH, "pending from another probe"))
        task = await start(prober)
        sequence, number, _ = peer.sent[0]
        peer.reply(sequence, number, HOST)
        assert (await task).health is Health.HEALTHY

    play(story)


@pytest.mark.parametrize("code", [errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EPERM, errno.ENOBUFS, errno.EAGAIN])
def test_what_this_machine_cannot_send_is_unknown(code: int) -> None:
    async def story(prober: IcmpProber, peer: EchoPeer) -> None:
        peer.send_errors.extend([OSError(code, "no"), OSError(code, "no")])
        words = f"icmp {HOST} was not sent: {os.strerror(code).lower()}"
        assert await prober.probe(BRIEF) == Result(Health.UNKNOWN, words).at(HOST)
        assert prober.unavailable is None

    play(story)


def test_a_silence_is_unknown_when_this_machine_dropped_replies_meanwhile() -> None:
    async def story(prober: IcmpProber, peer: EchoPeer) -> None:
        task = await start(prober, BRIEF)
        peer.dropped = 3
        result = await task
        assert result.health is Health.UNKNOWN
        assert "dropped" in result.reason
        # Drops of the past say nothing about the probes after them.
        assert (await prober.probe(BRIEF)).health is Health.UNHEALTHY

    play(story)


def test_replies_are_read_between_the_sends_of_a_burst() -> None:
    """The kernel holds a few hundred replies: a burst that reads none would lose them and call it a loss."""

    async def story(prober: IcmpProber, peer: EchoPeer) -> None:
        tasks = [asyncio.create_task(prober.probe(BRIEF)) for _ in range(100)]
        await asyncio.sleep(0)
        assert len(peer.sent) == 100
        assert peer.reads >= 3
        await asyncio.wait(tasks)

    play(story)


class RefusingKernel:
    def __init__(self, code: int) -> None:
        self.code = code
        self.asked = 0

    def open(self, _family: int, _kind: int, _protocol: int) -> socket.socket:
        self.asked += 1
        raise OSError(self.code, os.strerror(self.code))


@pytest.mark.parametrize("code", [errno.EACCES, errno.EPERM, errno.EPROTONOSUPPORT])
def test_where_icmp_is_refused_every_probe_is_unknown_and_the_kernel_is_asked_once(code: int) -> None:
    kernel = RefusingKernel(code)
    prober = IcmpProber(clock, Resolver(clock), kernel.open)
    reason = f"ICMP is not available here: {os.strerror(code).lower()}"
    for _ in range(3):
        result = asyncio.run(prober.probe(BRIEF))
        assert result == Result(Health.UNKNOWN, f"icmp {HOST} was not sent: {reason}").at(HOST)
    assert prober.unavailable == reason
    assert kernel.asked == 1


def test_a_lack_of_descriptors_is_unknown_but_no_refusal_for_good() -> None:
    kernel = RefusingKernel(errno.EMFILE)
    prober = IcmpProber(clock, Resolver(clock), kernel.open)
    for asked in (1, 2):
        assert asyncio.run(prober.probe(BRIEF)).health is Health.UNKNOWN
        assert kernel.asked == asked


def test_a_cancelled_probe_leaves_nothing_behind() -> None:
    async def story(prober: IcmpProber, peer: EchoPeer) -> None:
        task = await start(prober)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not prober._v4._waiting
        sequence, number, _ = peer.sent[0]
        peer.reply(sequence, number, HOST)
        assert (await prober.probe(BRIEF)).health is Health.UNHEALTHY

    play(story)


def test_closing_ends_what_is_under_way_as_unknown() -> None:
    async def story(prober: IcmpProber, _peer: EchoPeer) -> None:
        task = await start(prober)
        prober.close()
        result = await task
        assert result.health is Health.UNKNOWN
        assert "closed" in result.reason

    play(story)


def group_admitted() -> bool:
    low, high = map(int, Path("/proc/sys/net/ipv4/ping_group_range").read_text(encoding="ascii").split())
    return any(low <= group <= high for group in {os.getegid(), *os.getgroups()})


@pytest.mark.skipif(group_admitted(), reason="this process may send ICMP: the real refusal cannot be seen")
def test_the_real_kernel_refuses_a_group_that_it_does_not_admit() -> None:
    prober = IcmpProber(clock, Resolver(clock))
    assert prober.unavailable == "ICMP is not available here: permission denied"
    for host in ("127.0.0.1", "::1"):
        assert asyncio.run(prober.probe(IcmpProbe(host, 0.5))).health is Health.UNKNOWN
