"""What the application does rightly in rare combinations, and the court once called wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lab.simulator.plan import Event, Kind, Plan
from lab.simulator.scenarios import SCENARIOS
from lab.simulator.simulation import Simulation
from routekeeper.domain.settings import Brake
from routekeeper.domain.steering import VpcRoute


def ask(at: float, **payload: object) -> Event:
    return Event(at, Kind.ASK, payload={**payload, "group": "private-a", "by": "ann", "reason": "to show it"})


def plan(seconds: float, *events: Event, restarts: bool = False, settle: tuple[float, ...] = ()) -> Plan:
    """Two paths over two instances, three route tables, two vantages."""
    drawn = SCENARIOS["hang"].plan()
    groups = {
        name: replace(group, steering=(VpcRoute(("rtb-a0", "rtb-a1", "rtb-a2"), "0.0.0.0/0"),))
        if name == "private-a"
        else group
        for name, group in drawn.configuration.groups.items()
    }
    targets = {
        name: target if restarts else replace(target, restart=None)
        for name, target in drawn.configuration.targets.items()
    }
    configuration = replace(drawn.configuration, groups=groups, targets=targets, brake=Brake(5))
    return replace(drawn, configuration=configuration, events=events, seconds=seconds, settle_at=settle)


RIGHTLY_DONE = {
    "a move that EC2 had refused is not begun once nothing is HEALTHY": plan(
        1300,
        Event(190, Kind.DENIED, "private-a", seconds=100, amount=1.0),
        Event(200, Kind.HANG, "i-a", seconds=60),
        Event(240, Kind.HANG, "i-b", seconds=60),
        settle=(1250.0,),
    ),
    "a move that EC2 has let through in part is completed onto a path that has failed": plan(
        700,
        Event(190, Kind.DENIED, "private-a", seconds=21, amount=0.4),
        Event(200, Kind.CUT, "nat-a", seconds=400),
        Event(212, Kind.DENIED, "private-a", seconds=100, amount=1.0),
        Event(230, Kind.CUT, "nat-b", seconds=300),
    ),
    "a pin that was asked for during a pause is followed once somebody resumes, by the minute's pass": plan(
        600,
        ask(200, action="pause", **{"for": "1h"}),
        ask(220, action="pin", path="nat-b", **{"for": "1h"}),
        Event(385, Kind.STREAM_LOST, seconds=60),
        ask(390.5, action="resume"),
    ),
    "a forced stop goes on while nobody can read that the group is paused": plan(
        900,
        Event(200, Kind.HANG, "i-a", seconds=300),
        ask(330, action="pause", **{"for": "1h"}),
        Event(340, Kind.SPOILT, "private-a", seconds=250),
        restarts=True,
    ),
    "an instance that a person forces traffic onto stays as a restart has left it": plan(
        1750,
        Event(200, Kind.HANG, "i-a", seconds=20),
        Event(210, Kind.NO_START, "i-a", seconds=300),
        ask(330, action="pin", path="nat-a", force=True, **{"for": "1h"}),
        restarts=True,
        settle=(1700.0,),
    ),
    "a move is not counted while nobody can read its group": plan(
        620,
        Event(200, Kind.CUT, "dx", seconds=900),
        Event(202, Kind.STORE_FAILS, seconds=1.5, amount=0.5),
        Event(206, Kind.SPOILT, "idc", seconds=400),
    ),
    "who has read a group saves over what spoilt it meanwhile": plan(
        500,
        Event(190, Kind.UNANSWERED, "private-a", seconds=75, amount=1.0),
        Event(192, Kind.CUT, "nat-a", seconds=200),
        Event(206, Kind.SPOILT, "private-a", seconds=250),
    ),
    "a path that was well between two passes, of which the stream told nobody, has failed only once": plan(
        620,
        Event(457.0, Kind.CUT, "dx", seconds=4.5),
        Event(491.5, Kind.STREAM_LOST, seconds=2.3),
        Event(527.5, Kind.CUT, "dx", seconds=3.8),
    ),
}


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("story", RIGHTLY_DONE)
def test_what_is_done_rightly_is_not_called_wrong(story: str, seed: int) -> None:
    outcome = Simulation(replace(RIGHTLY_DONE[story], seed=seed)).run()
    assert outcome.error is None
    assert outcome.violation is None
