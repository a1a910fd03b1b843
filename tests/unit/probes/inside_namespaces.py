"""Run inside fresh user, network and mount namespaces: real ICMP past a router of our own. Prints outcomes as JSON.

us 10.9.0.1 ---- 10.9.0.2 router: 10.50/16 unreachable, 10.51/16 prohibited, 10.52/16 swallowed, 10.53.0.1 guarded
by a firewall that answers in the host's place, if there is one; fd09::/64 the same link.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

from routekeeper.domain.health import Health
from routekeeper.domain.settings import IcmpProbe, Probe, TcpProbe
from routekeeper.probes import Result
from routekeeper.probes.prober import AsyncProber

NETWORK = """
mount -t tmpfs none /run
mkdir -p /run/netns
ip netns add router
ip link set lo up
ip link add name ours type veth peer name theirs netns router
ip addr add 10.9.0.1/24 dev ours
ip addr add fd09::1/64 dev ours nodad
ip link set ours up
ip route add default via 10.9.0.2
ip netns exec router ip link set lo up
ip netns exec router ip addr add 10.9.0.2/24 dev theirs
ip netns exec router ip addr add fd09::2/64 dev theirs nodad
ip netns exec router ip link set theirs up
ip netns exec router sysctl -qw net.ipv4.ip_forward=1 net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
ip netns exec router ip route add unreachable 10.50.0.0/16
ip netns exec router ip route add prohibit 10.51.0.0/16
ip netns exec router ip route add blackhole 10.52.0.0/16
ip netns exec router ip route add 10.53.0.0/16 via 10.9.0.1
sysctl -qw net.ipv4.neigh.ours.retrans_time_ms=20 net.ipv6.neigh.ours.retrans_time_ms=20
"""
FIREWALL = """
table ip guard {
    chain forward {
        type filter hook forward priority 0;
        ip daddr 10.53.0.1 reject with icmp type port-unreachable
    }
}
"""


Story = dict[str, list[str]]


async def refused(prober: AsyncProber) -> Story:
    return {
        "refused": await one(prober, IcmpProbe("127.0.0.1", 0.5)),
        "refused reason": ["", str(prober.icmp_unavailable)],
    }


async def link_is_up(prober: AsyncProber) -> None:
    """IPv6 is ready on a new link a second or so after IPv4."""
    for _ in range(100):
        if (await prober.probe(IcmpProbe("fd09::2", 0.1))).health is Health.HEALTHY:
            return


async def answers(prober: AsyncProber) -> Story:
    story: Story = {}
    await link_is_up(prober)
    for host in ("127.0.0.1", "::1", "10.9.0.2", "fd09::2", "10.50.0.1", "10.51.0.1", "10.52.0.1"):
        story[f"icmp {host}"] = await one(prober, IcmpProbe(host, 0.3))
    for host in ("10.9.0.77", "fd00:dead::1"):
        story[f"icmp {host}"] = await one(prober, IcmpProbe(host, 2.0))
    for host in ("10.9.0.2", "10.50.0.1", "10.51.0.1", "10.52.0.1", "10.53.0.1"):
        story[f"tcp {host}"] = await one(prober, TcpProbe(host, 9, 0.3))
    story["tcp 10.9.0.78"] = await one(prober, TcpProbe("10.9.0.78", 9, 2.0))
    story["available"] = ["", str(prober.icmp_unavailable)]
    burst = await asyncio.gather(*(prober.probe(IcmpProbe("10.9.0.2", 1.0)) for _ in range(2_000)))
    story["burst"] = sorted({result.health.value for result in burst})
    mixed = [IcmpProbe(host, 0.4) for _ in range(50) for host in ("10.9.0.2", "10.50.0.1")]
    results = await asyncio.gather(*(prober.probe(probe) for probe in mixed))
    story["answers among errors"] = sorted({result.health.value for result in results[::2]})
    story["errors among answers"] = sorted({result.health.value for result in results[1::2]})
    await prober.close()
    return story


async def unrouted(prober: AsyncProber) -> Story:
    story = {
        "no route for icmp": await one(prober, IcmpProbe("10.50.0.1", 0.3)),
        "no route for tcp": await one(prober, TcpProbe("10.50.0.1", 9, 0.3)),
    }
    await prober.close()
    return story


async def one(prober: AsyncProber, probe: Probe) -> list[str]:
    result: Result = await prober.probe(probe)
    return [result.health.value, result.reason]


def main() -> None:
    """A namespace begins by admitting nobody; then it admits us; then we lose our route."""
    for line in NETWORK.strip().splitlines():
        subprocess.run(line.split(), check=True, stdout=sys.stderr)
    if shutil.which("nft"):
        subprocess.run(["ip", "netns", "exec", "router", "nft", "-f", "-"], input=FIREWALL, text=True, check=True)
    early, prober = AsyncProber(time.time), AsyncProber(time.time)
    story = asyncio.run(refused(early))
    Path("/proc/sys/net/ipv4/ping_group_range").write_text("0 0", encoding="ascii")
    story["refused for good"] = asyncio.run(refused(early))["refused"]
    story |= asyncio.run(answers(prober))
    subprocess.run(["ip", "route", "del", "default"], check=True)
    story |= asyncio.run(unrouted(prober))
    print(json.dumps(story))  # noqa: T201 - this is a program


if __name__ == "__main__":
    main()
