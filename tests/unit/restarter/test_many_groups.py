"""However many restart groups there are: few threads, and a look at each of them (law 11)."""

from __future__ import annotations

import threading

import pytest

from lab.memory_store import MemoryStore
from routekeeper.domain.health import Health, TargetHealth
from routekeeper.domain.restart import Action, Active, InstanceState, Phase, RestartState
from routekeeper.domain.settings import Configuration, RestartPolicy, Target, TcpProbe
from routekeeper.domain.vantage import Vantage
from routekeeper.restarter import Dependencies, Restarter
from tests.fakes.virtual_time import START

GROUPS = 20


class Scene:
    """Restart groups of one target each; all restarts are under way, and none gets anywhere."""

    def __init__(self) -> None:
        self.now, self.threads, self.looked = START, set[int](), set[str]()
        names = [f"nat-{number}" for number in range(GROUPS)]
        targets = {
            name: Target(name, (TcpProbe("10.0.0.1", 22, 1.0),), instance=f"i-{name}", restart=RestartPolicy(name))
            for name in names
        }
        self.store = MemoryStore()
        self.store.save_vantage(Vantage("a", 1, START))
        for name in names:
            self.store.save_health("a", 1, name, TargetHealth(Health.UNHEALTHY, START - 60, "dead"))
            active = Active(name, f"i-{name}", Phase.STOPPING, START - 1, START - 1, 1)
            self.store.save_restart(RestartState(name, active=active, attempts={name: (START - 1,)}))
        dependencies = Dependencies(self.store, self, lambda _: None, lambda: self.now, self.sleep)
        self.restarter = Restarter(Configuration(targets, {}), dependencies)

    def state(self, instance: str) -> InstanceState:
        self.threads.add(threading.get_ident())
        self.looked.add(instance)
        return InstanceState.STOPPING

    def act(self, instance: str, action: Action) -> None:
        """EC2 takes everything."""

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize("most", [1, 3, 64])
def test_law_11_every_group_has_its_look_although_threads_are_few(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("routekeeper.restarter.restarter.MAXIMUM_THREADS", most)
    scene, done = Scene(), list[str]()
    summary = scene.restarter.run(START + 55, lambda report: done.append(report.group))
    assert len(scene.looked) == GROUPS
    assert len(scene.threads) <= most
    assert (
        sorted(done)
        == sorted(report.group for report in summary.groups)
        == sorted(scene.restarter.configuration.restart_groups())
    )
    assert all(report.under_way and not report.reason.startswith("not looked at") for report in summary.groups)


@pytest.mark.parametrize("most", [1, 64])
def test_law_11_a_defect_met_in_one_group_strands_no_other(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("routekeeper.restarter.restarter.MAXIMUM_THREADS", most)
    scene = Scene()

    def state(instance: str) -> InstanceState:
        if instance == "i-nat-3":
            raise ZeroDivisionError("a bug")
        scene.looked.add(instance)
        return InstanceState.STOPPING

    monkeypatch.setattr(scene, "state", state)
    summary = scene.restarter.run(START + 55)
    assert len(scene.looked) == GROUPS - 1
    assert summary.errors == ("nat-3: ZeroDivisionError: a bug",)
