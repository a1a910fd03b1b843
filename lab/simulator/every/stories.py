"""The stories: one thing happens in a small world, and it is known how that ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from lab.simulator.plan import Event, Kind, Plan
from routekeeper.domain.detection import Detection
from routekeeper.domain.settings import (
    Brake,
    Configuration,
    FailbackMode,
    FailbackPolicy,
    Group,
    IcmpProbe,
    Path,
    RestartPolicy,
    Target,
)
from routekeeper.domain.steering import NextHop, NextHopKind, TgwPrefixList, VpcRoute

FOR_EVER: Final = 100_000.0
CLEARING_SECONDS: Final = 440.0
"""How long after the last call everything has time to come to rest, and nothing excuses it any more."""


@dataclass(frozen=True, slots=True)
class Story:
    words: str
    configuration: Configuration
    events: tuple[Event, ...]
    since: float
    """Calls count from here on, in seconds after the start."""
    until: float
    """When all has been done."""
    ways: Mapping[str, tuple[str, ...]]
    """The paths that each group takes one after the other; it is on the last one in the end."""
    restarted: tuple[str, ...] = ()
    """Targets that are restarted, and recover."""
    seed: int = 1
    vantages: tuple[str, ...] = ("a", "b")
    full: bool = False
    engaged: bool = False
    """Whether the brake engages."""
    mended: bool = False
    """Whether what had failed is well in the end: who could not leave it in time may have stayed."""
    kinds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Kinds of transition that must be in each group's history."""

    def plan(self, longer: float = 0.0) -> Plan:
        seconds = self.until + CLEARING_SECONDS + longer
        settle_at = (seconds - 2.0,)
        return Plan(self.seed, self.configuration, self.vantages, self.events, seconds, settle_at, full=self.full)


def _target(name: str, instance: str | None = None, restart: RestartPolicy | None = None) -> Target:
    detection = Detection()
    probes = (IcmpProbe(name, detection.probe_timeout_seconds),)
    return Target(name, probes, detection=detection, instance=instance, restart=restart)


def _configuration(targets: Iterable[Target], groups: Iterable[Group], moves: int = 6) -> Configuration:
    by_name = {target.name: target for target in targets}
    return Configuration(by_name, {group.name: group for group in groups}, brake=Brake(moves))


_SOON: Final = FailbackPolicy(FailbackMode.AUTO, 20.0)
_BY_HAND: Final = FailbackPolicy(FailbackMode.MANUAL)
_LINES: Final = (_target("line"), _target("vpn"))
_OFFICE: Final = Group(
    "office",
    (TgwPrefixList("tgw-rtb-1", "pl-1"),),
    (Path("line", "line"), Path("vpn", "vpn", (NextHop(NextHopKind.ATTACHMENT, "tgw-attach-vpn"),))),
    _SOON,
)
"""A prefix-list reference is created and deleted."""
_CLOUD: Final = Group(
    "cloud",
    (VpcRoute(("rtb-1", "rtb-2"), "10.0.0.0/8"),),
    (
        Path("line", "line", (NextHop(NextHopKind.TRANSIT_GATEWAY, "tgw-1"),)),
        Path("vpn", "vpn", (NextHop(NextHopKind.INSTANCE, "i-vpn"),)),
    ),
    _SOON,
)
"""Two routes are replaced."""
_NAT: Final = Group(
    "nat",
    (VpcRoute(("rtb-1",), "0.0.0.0/0"),),
    tuple(Path(f"nat-{x}", f"nat-{x}", (NextHop(NextHopKind.INSTANCE, f"i-{x}"),)) for x in "ab"),
    _BY_HAND,
)
_POLICY: Final = RestartPolicy("nat", after_seconds=30.0, stop_timeout_seconds=60.0, boot_timeout_seconds=90.0)
_ASKED: Final = {"action": "failover", "group": "cloud", "to": "vpn", "force": True, "for": "2h"}

STORIES: Final = {
    "failover": Story(
        "a line fails; two groups go over to another, one by a prefix-list reference and one by two routes",
        _configuration(_LINES, (_OFFICE, _CLOUD)),
        (Event(70.3, Kind.CUT, "line", seconds=FOR_EVER),),
        71.0,
        125.0,
        {"office": ("vpn",), "cloud": ("vpn",)},
    ),
    "failback": Story(
        "the line is well again, and both groups return to it",
        _configuration(_LINES, (_OFFICE, _CLOUD)),
        (Event(70.3, Kind.CUT, "line", seconds=20.0),),
        90.0,
        190.0,
        {"office": ("vpn", "line"), "cloud": ("vpn", "line")},
    ),
    "forced": Story(
        "a person forces a group onto a path that is UNHEALTHY",
        _configuration(_LINES, (_CLOUD,)),
        (
            Event(40.0, Kind.CUT, "vpn", seconds=FOR_EVER),
            Event(70.3, Kind.ASK, payload={**_ASKED, "by": "ann", "reason": "line work"}),
        ),
        70.0,
        125.0,
        {"cloud": ("vpn",)},
    ),
    "drift": Story(
        "somebody changes a route by hand",
        _configuration(_LINES, (_CLOUD,)),
        (Event(70.3, Kind.DRIFT, "cloud"),),
        70.0,
        190.0,
        {"cloud": ("line",)},
        kinds={"cloud": ("drift",)},
        seed=4,
    ),
    "restart": Story(
        "a NAT instance hangs; traffic leaves it, and it is restarted",
        _configuration((_target("nat-a", "i-a", _POLICY), _target("nat-b", "i-b", _POLICY)), (_NAT,)),
        (Event(70.3, Kind.HANG, "i-a", seconds=6.0),),
        71.0,
        200.0,
        {"nat": ("nat-b",)},
        restarted=("nat-a",),
        mended=True,
    ),
    "notice": Story(
        "AWS says that a NAT instance stops, and traffic leaves it",
        _configuration((_target("nat-a", "i-a"), _target("nat-b", "i-b")), (_NAT,)),
        (Event(70.3, Kind.STOPPED, "i-a", seconds=FOR_EVER),),
        70.0,
        125.0,
        {"nat": ("nat-b",)},
    ),
    "lease": Story(
        "one monitor hands its lease to the next while a line fails",
        _configuration(_LINES, (_OFFICE,)),
        (Event(119.2, Kind.CUT, "line", seconds=FOR_EVER),),
        117.0,
        130.0,
        {"office": ("vpn",)},
        vantages=("a",),
        full=True,
    ),
    "telling": Story(
        "a move engages the brake; people are told of both",
        _configuration(_LINES, (_OFFICE,), moves=1),
        (Event(70.3, Kind.CUT, "line", seconds=FOR_EVER),),
        71.0,
        125.0,
        {"office": ("vpn",)},
        engaged=True,
    ),
}
