"""Thousands of targets behind one link: a namespace that owns a whole /16."""

from __future__ import annotations

import subprocess
from ipaddress import IPv4Address
from typing import Final

FAR: Final = "far"
NETWORK: Final = "10.77.0.0/16"
FIRST: Final = IPv4Address("10.77.1.0")
PORT: Final = 9
"""Nobody listens: the refusal is the answer, as with most targets that are probed by TCP."""

_NEAR_SIDE: Final = f"""\
netns add {FAR}
link add near type veth peer name far netns {FAR}
address add 10.76.0.1/30 dev near
link set near up
route add {NETWORK} via 10.76.0.2
"""
_FAR_SIDE: Final = f"""\
link set lo up
address add 10.76.0.2/30 dev far
link set far up
route add local {NETWORK} dev lo
route add default via 10.76.0.1
"""


def build() -> None:
    """Make it, inside the laboratory's namespaces (lab.host). Raises CalledProcessError."""
    _run(["ip", "-batch", "-"], _NEAR_SIDE)
    _run(["ip", "-netns", FAR, "-batch", "-"], _FAR_SIDE)
    for setting in ("net.ipv4.icmp_ratelimit=0", "net.ipv4.icmp_msgs_per_sec=100000"):
        subprocess.run(["ip", "netns", "exec", FAR, "sysctl", "-qw", setting], check=False, capture_output=True)


def addresses(count: int) -> list[str]:
    """The first so many targets."""
    return [str(FIRST + number) for number in range(count)]


def _run(command: list[str], text: str) -> None:
    subprocess.run(command, input=text, text=True, check=True)
