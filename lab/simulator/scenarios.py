"""Named stories, for people to watch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from lab.simulator.draw import configure
from lab.simulator.grey import LATENCY, LOSS
from lab.simulator.plan import Event, Kind, Plan
from lab.simulator.refusals import with_more_paths
from routekeeper.domain.settings import Brake


@dataclass(frozen=True, slots=True)
class Scenario:
    story: str
    plan: Callable[[], Plan]


def _plan(
    seconds: float, *events: Event, vantages: int = 2, full: bool = False, brake: Brake | None = None
) -> Callable[[], Plan]:
    def plan() -> Plan:
        configuration = replace(configure(Random("scenarios 1")), brake=brake)
        return Plan(0, configuration, ("a", "b", "c")[:vantages], events, seconds, full=full)

    return plan


def _grey(seconds: float, *events: Event) -> Callable[[], Plan]:
    """With the first of the rules on the line."""

    def plan() -> Plan:
        configuration = configure(Random("scenarios 1"))
        line = configuration.targets["dx"]
        rule = replace(line.detection, loss=next(iter(LOSS)), latency=next(iter(LATENCY)))
        targets = {**configuration.targets, "dx": replace(line, detection=rule)}
        return replace(_plan(seconds, *events)(), configuration=replace(configuration, targets=targets))

    return plan


def _refused(seconds: float, *events: Event) -> Callable[[], Plan]:
    """With third paths for every group, and an EC2 that shows what is gone as it really does."""

    def plan() -> Plan:
        drawn = _plan(seconds, *events)()
        configuration = with_more_paths(drawn.configuration, Random("scenarios 8"))
        return replace(drawn, configuration=configuration, vanishing=True)

    return plan


def _ask(at: float, **payload: object) -> Event:
    return Event(at, Kind.ASK, payload={**payload, "by": "ann", "reason": "to show it"})


SCENARIOS: Final = {
    "cut": Scenario(
        "the Direct Connect line is cut for five minutes", _plan(600, Event(100, Kind.CUT, "dx", seconds=300))
    ),
    "bursts": Scenario(
        "the line loses packets in bursts", _plan(900, Event(100, Kind.BURSTS, "dx", seconds=500, amount=0.5))
    ),
    "grey": Scenario(
        "a line loses a third of its packets, then it flickers, then it is slow",
        _grey(
            1900,
            Event(100, Kind.LOSS, "dx", seconds=200, amount=0.33),
            Event(700, Kind.FLICKER, "dx", seconds=200, amount=0.4),
            Event(1300, Kind.DELAY, "dx", seconds=200, amount=0.15),
        ),
    ),
    "flapping": Scenario(
        "the Direct Connect line fails three times in a few minutes, and is returned to half an hour after the third",
        _plan(2700, *(Event(at, Kind.CUT, "dx", seconds=20) for at in (100, 300, 500))),
    ),
    "hang": Scenario(
        "a NAT instance hangs and is stopped only by force",
        _plan(900, Event(100, Kind.HANG, "i-a", seconds=60, amount=1)),
    ),
    "stopped": Scenario(
        "somebody stops a NAT instance and starts it again; AWS says so, and traffic is gone before it is down",
        _plan(900, Event(100, Kind.STOPPED, "i-a", seconds=120)),
    ),
    "announced": Scenario(
        "one instance is to be maintained, and its stand-in hangs in the meantime",
        _plan(
            1500, Event(60, Kind.MAINTENANCE, "i-a", seconds=900, amount=400), Event(500, Kind.HANG, "i-b", seconds=60)
        ),
    ),
    "deaf": Scenario(
        "one vantage of two hears nothing", _plan(500, Event(100, Kind.VANTAGE_DEAF, vantage="a", seconds=200))
    ),
    "stranded": Scenario(
        "both lines are cut, one after the other",
        _plan(700, Event(100, Kind.CUT, "dx", seconds=400), Event(160, Kind.CUT, "vpn", seconds=200)),
    ),
    "crash": Scenario(
        "functions crash at every tenth step while a line is cut",
        _plan(600, Event(90, Kind.CRASHES, seconds=200, amount=0.1), Event(100, Kind.CUT, "dx", seconds=300)),
    ),
    "throttled": Scenario(
        "EC2 throttles one group while lines of two are cut",
        _plan(
            600,
            Event(90, Kind.THROTTLED, "private-a", seconds=100, amount=1.0),
            Event(100, Kind.CUT, "nat-a", seconds=200),
            Event(105, Kind.CUT, "dx", seconds=200),
        ),
    ),
    "brake": Scenario(
        "a line fails again and again under a brake of three moves, then its standby, until somebody acknowledges",
        _plan(
            2400,
            Event(100, Kind.CUT, "dx", seconds=60),
            Event(400, Kind.CUT, "dx", seconds=60),
            Event(1200, Kind.CUT, "vpn", seconds=60),
            Event(1500, Kind.CUT, "dx", seconds=60),
            _ask(2000, action="acknowledge"),
            brake=Brake(3),
        ),
    ),
    "pause": Scenario(
        "a group is paused while its line is cut",
        _plan(
            700,
            _ask(90, action="pause", group="idc", **{"for": "200s"}),
            Event(100, Kind.CUT, "dx", seconds=400),
        ),
    ),
    "silly": Scenario(
        "people pin, force and unpin against each other",
        _plan(
            700,
            _ask(90, action="failover", group="idc", to="vpn", **{"for": "300s"}),
            _ask(100, action="failback", group="idc"),
            _ask(101, action="pin", group="idc", path="vpn", force=True),
            Event(105, Kind.CUT, "vpn", seconds=100),
            _ask(200, action="unpin", group="idc"),
        ),
    ),
    "refused": Scenario(
        "EC2 refuses the standby, which has several interfaces; the next path is taken, and the standby tried again",
        _refused(
            1500,
            Event(100, Kind.HOP_UNFIT, "i-b", seconds=600),
            Event(150, Kind.CUT, "nat-a", seconds=1200),
        ),
    ),
    "deleted": Scenario(
        "an attachment in use is deleted for good, after the line that is preferred has failed",
        _refused(900, Event(100, Kind.CUT, "dx", seconds=700), Event(200, Kind.HOP_GONE, "tgw-attach-vpn")),
    ),
    "untagged": Scenario(
        "a transit gateway route table loses its tag before a line is cut, and gets it back once the line is well",
        _refused(900, Event(90, Kind.UNTAGGED, "tgw-rtb-1", seconds=600), Event(100, Kind.CUT, "dx", seconds=200)),
    ),
    "hand-over": Scenario(
        "real monitors hand their lease over, one is killed, and a line is cut meanwhile",
        _plan(
            420,
            Event(130, Kind.MONITOR_KILLED, vantage="a"),
            Event(179.5, Kind.CUT, "dx", seconds=60),
            full=True,
        ),
    ),
}
