"""Who uses a target that may be restarted: the paths that end at it, and those that go through its instance."""

from __future__ import annotations

from dataclasses import replace

import pytest

from routekeeper.domain.barring import Bar
from routekeeper.domain.candidates import candidate, has_another_way, users
from routekeeper.domain.group_state import Asker, GroupState, Pause
from routekeeper.domain.health import Health
from routekeeper.domain.path_memory import PathMemory
from routekeeper.domain.quorum import Verdict
from routekeeper.domain.restart import Candidate, RestartState, Step, Wait, begin
from routekeeper.domain.routes import Traffic
from routekeeper.domain.settings import Configuration, Group, IcmpProbe, Path, RestartPolicy, Target
from routekeeper.domain.steering import NextHop, NextHopKind, VpcRoute
from routekeeper.domain.verdicts import Verdicts

NOW = 1_000_000.0
UP, DOWN = Health.HEALTHY, Health.UNHEALTHY
HOP_A, HOP_B = NextHop(NextHopKind.INSTANCE, "i-a"), NextHop(NextHopKind.INSTANCE, "i-b")
PROBES = (IcmpProbe("somewhere", 1.0),)
SSH_A = Target("ssh-a", PROBES, instance="i-a", restart=RestartPolicy(group="nat"))


def world(first: Path) -> Configuration:
    """A group whose first path is given and whose second ends at nat-b; ssh-a is probed, and restarts i-a."""
    far, b = Target("far", PROBES), Target("nat-b", PROBES, instance="i-b")
    group = Group("private", (VpcRoute(("rtb-1",), "0.0.0.0/0"),), (first, Path("b", "nat-b", (HOP_B,))))
    return Configuration({one.name: one for one in (SSH_A, far, b)}, {"private": group})


THROUGH_IT = {
    "it ends at the target": Path("a", "ssh-a", (HOP_A,)),
    "its far end is another target": Path("a", "far", (HOP_A,)),
    "it has no target": Path("a", None, (HOP_A,)),
}


def told(**health: Health) -> Verdicts:
    since = NOW - 1000
    found = {name.replace("_", "-"): Verdict(one, one.value, since) for name, one in health.items()}
    return Verdicts({"far": Verdict(UP, "up", since), "nat-b": Verdict(UP, "up", since), **found})


def failed(configuration: Configuration, state: GroupState) -> Candidate:
    found = candidate(configuration, SSH_A, {"private": state}, told(ssh_a=DOWN), NOW)
    assert found is not None
    return found


@pytest.mark.parametrize("path", THROUGH_IT.values(), ids=THROUGH_IT)
def test_law_8_an_instance_is_not_restarted_while_traffic_goes_through_it(path: Path) -> None:
    configuration = world(path)
    assert users(configuration, SSH_A) == (configuration.groups["private"],)
    assert isinstance(begin(RestartState("nat"), (failed(configuration, GroupState("private", 1, "a")),), NOW), Wait)
    assert isinstance(begin(RestartState("nat"), (failed(configuration, GroupState("private", 1, "b")),), NOW), Step)


@pytest.mark.parametrize("path", THROUGH_IT.values(), ids=THROUGH_IT)
def test_law_6_an_instance_of_a_paused_group_is_not_restarted(path: Path) -> None:
    paused = GroupState("private", 1, "b", pause=Pause(NOW + 60, Asker("mia", NOW, "line work")))
    decision = begin(RestartState("nat"), (failed(world(path), paused),), NOW)
    assert isinstance(decision, Wait)
    assert "paused" in decision.reason


def test_law_8_another_path_counts_only_if_it_depends_neither_on_the_target_nor_on_its_instance() -> None:
    for path in THROUGH_IT.values():
        configuration = world(path)
        group = configuration.groups["private"]
        assert has_another_way(configuration, group, SSH_A, told())
        assert not has_another_way(configuration, group, SSH_A, told(nat_b=DOWN))


def test_who_goes_elsewhere_does_not_use_it() -> None:
    elsewhere = world(Path("a", "far", (replace(HOP_A, id="i-c"),)))
    assert users(elsewhere, SSH_A) == ()


def test_law_8_a_path_that_ec2_refuses_is_no_other_way_for_traffic() -> None:
    bar = Bar("InvalidInstanceID", "several interfaces", NOW - 60, NOW - 60, NOW + 60)
    on_it = GroupState("private", 1, "a", paths={"b": PathMemory(bar=bar)})
    configuration = world(next(iter(THROUGH_IT.values())))
    assert failed(configuration, replace(on_it, paths={})).carries_traffic
    assert not failed(configuration, on_it).carries_traffic


def test_law_14_an_instance_carries_what_the_routes_say() -> None:
    configuration = world(next(iter(THROUGH_IT.values())))
    gone = GroupState("private", 1, "b", traffic=Traffic(("b",)))
    assert not failed(configuration, gone).carries_traffic
    assert failed(configuration, replace(gone, traffic=Traffic(("a", "b")))).carries_traffic
