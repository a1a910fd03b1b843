"""What goes wrong, for how long, and how the product's way back is taken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from lab.network.faults import Direction
from lab.network.network import Network
from lab.world import NAT_A

LOSS: Final = 0.3
ADDED_SECONDS: Final = 0.2
FAULT_SECONDS: Final = 27.0
"""Longer than the slowest rule takes: the DX script, eleven lost pings of two seconds each."""


class Kind(Enum):
    """What a rule ought to do about it."""

    FAILURE = "failure"
    """The path is dead: leave it."""
    DISTURBANCE = "disturbance"
    """It passes, or packets still get through: leaving the path is a matter of taste, or wrong."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One fault. `seconds` is how long it lasts (a failure may end sooner, once everybody has moved)."""

    name: str
    title: str
    kind: Kind
    strike: Callable[[Network], None]
    mend: Callable[[Network], None]
    seconds: float = FAULT_SECONDS
    aftermath_seconds: float = 2.0
    """How long the rules go on after mending."""
    lingers: bool = False
    """Whether it leaves traces in what is usual on the line, and so has to come after everything else."""


def _cut(*directions: Direction) -> Callable[[Network], None]:
    return lambda network: network.dx.cut(*directions)


def _sound(network: Network) -> None:
    network.dx.mend()


def _recover(network: Network) -> None:
    network.recover(NAT_A.name)


DX_SCENARIOS: Final = (
    Scenario("cut", "line cut, both ways", Kind.FAILURE, _cut(), _sound),
    Scenario("return", "line cut, return direction only", Kind.FAILURE, _cut(Direction.INBOUND), _sound),
    Scenario("port", "on-premises router port down", Kind.FAILURE, Network.shut_router_port, Network.open_router_port),
    Scenario("blip-1", "every packet lost for 1 s", Kind.DISTURBANCE, _cut(), _sound, 1.0, 7.0),
    Scenario("blip-5", "every packet lost for 5 s", Kind.DISTURBANCE, _cut(), _sound, 5.0, 12.0),
    Scenario(
        "loss",
        "30 % of round trips lost, for 30 s",
        Kind.DISTURBANCE,
        lambda network: network.dx.lose(LOSS, Direction.OUTBOUND),
        _sound,
        30.0,
    ),
    Scenario(
        "delay",
        "round trips take 200 ms longer, for 15 s",
        Kind.DISTURBANCE,
        lambda network: network.dx.delay(ADDED_SECONDS, Direction.OUTBOUND),
        _sound,
        15.0,
        lingers=True,
    ),
)
NAT_SCENARIOS: Final = (
    Scenario(
        "gone",
        "NAT instance gone, its links down",
        Kind.FAILURE,
        lambda network: network.kill(NAT_A.name),
        lambda network: network.boot(NAT_A.name),
    ),
    Scenario("hung", "NAT instance hung", Kind.FAILURE, lambda network: network.hang(NAT_A.name), _recover),
    Scenario(
        "not-forwarding",
        "NAT instance answers, forwards nothing",
        Kind.FAILURE,
        lambda network: network.stop_forwarding(NAT_A.name),
        _recover,
    ),
)
