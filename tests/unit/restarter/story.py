"""Stories of failing instances: a restarter, an EC2 in memory, monitors and routers played by hand, one clock."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from lab.memory_store import MemoryStore, MemoryTable
from routekeeper.domain.group_state import Asker, GroupState, Pause, Transition, TransitionKind
from routekeeper.domain.health import Health, TargetHealth
from routekeeper.domain.path_memory import PathMemory
from routekeeper.domain.restart import Action, Phase
from routekeeper.domain.restart_event import RestartEvent
from routekeeper.domain.settings import Configuration, Group, Path, RestartPolicy, Target, TcpProbe
from routekeeper.domain.signals import Signal
from routekeeper.domain.steering import NextHop, NextHopKind, VpcRoute
from routekeeper.domain.vantage import Vantage
from routekeeper.restarter import Dependencies, Restarter, RestartReport, Summary
from routekeeper.store.writes import Key
from tests.unit.restarter.fake_ec2 import FakeEc2, KilledError, Machine
from tests.unit.restarter.timeline import INVOCATION_SECONDS, START, Timeline

POLICY = RestartPolicy(
    "nat", after_seconds=60, stop_timeout_seconds=120, boot_timeout_seconds=300, attempts=3, per_seconds=86_400
)
STOP, FORCE, GO = Action.STOP, Action.FORCE_STOP, Action.START


class Life:
    """Counts what is done through the ports, and ends once, after so many half-steps."""

    def __init__(self, half_steps: int) -> None:
        self.left = half_steps

    def spend(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise KilledError


class Mortal:
    """A port of which every use is a step: a life may end just before it and just after it."""

    def __init__(self, port: object, life: Life) -> None:
        self._port, self._life = port, life

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._port, name)

        def use(*args: Any) -> Any:
            self._life.spend()
            result = member(*args)
            self._life.spend()
            return result

        return use


class Story:
    """nat-a and nat-b, each the standby of the other, in one restart group; restarts cure them unless told otherwise.

    At the start both are HEALTHY and each carries its own zone's traffic.
    """

    def __init__(self, policy: RestartPolicy = POLICY) -> None:
        self.timeline = Timeline()
        self.configuration = configuration(policy)
        self.table = MemoryTable()
        self.store = MemoryStore(self.table, writer="restarter")
        self.ec2 = FakeEc2(self.timeline, {"i-a": Machine(), "i-b": Machine()}, self._running)
        self.told: list[RestartEvent] = []
        self.incurable: set[str] = set()
        self.life = Life(0)
        self.untellable: Exception | None = None
        self.while_told: Callable[[], object] = lambda: None
        """What happens while people are being told."""
        self._others = MemoryStore(self.table, writer="others")
        self._beats = True
        self._health: dict[str, Health] = {}
        self._beat()
        for name in ("nat-a", "nat-b"):
            self.sees(name, Health.HEALTHY)
        self.traffic("private-a", "nat-a")
        self.traffic("private-b", "nat-b")

    # --- what others do

    def sees(self, target: str, health: Health, since: float | None = None) -> None:
        """The monitor's verdict from now on; `since`: it says it has held it for longer."""
        self._health[target] = health
        told = TargetHealth(health, since=since or self.timeline.now, reason=f"seen {health.value}")
        self._others.save_health("a", 1, target, told)

    def says(self, signal: Signal) -> None:
        """AWS has said something of an instance, and the router has written it down."""
        self._others.save_signal(signal)

    def traffic(self, group: str, path: str | None, *, pending_from: str | None = None) -> None:
        """The router's decision; with `pending_from`, the change is not recorded yet."""
        pending = None
        if pending_from is not None and path is not None:
            kind = TransitionKind.FAILOVER
            pending = Transition(f"{group}-9", group, kind, pending_from, path, "story", self.timeline.now)
        self._change(group, path=path, since=self.timeline.now, pending=pending)

    def drifted(self, group: str, *paths: str) -> None:
        """Somebody else has changed routes of the group, and the router leaves them on these paths."""
        self._change(group, paths={path: PathMemory(drifted=True) for path in paths})

    def leave(self, target: str, *groups: str, since: float | None = None) -> None:
        """The target fails and traffic has left it."""
        self.sees(target, Health.UNHEALTHY, since)
        for group in groups or (f"private-{target[-1]}",):
            self.traffic(group, "nat-b" if target == "nat-a" else "nat-a")

    def pause(self, group: str, seconds: float) -> None:
        asker = Asker("ops", self.timeline.now, "maintenance")
        self._change(group, pause=Pause(self.timeline.now + seconds, asker))

    def silence_monitors(self) -> None:
        self._beats = False

    def reconfigure(self, target: Target | None, name: str = "nat-a") -> None:
        """Deploy another configuration: a changed target, or none of that name."""
        targets = {key: value for key, value in self.configuration.targets.items() if key != name}
        if target is not None:
            targets[name] = target
        self.configuration = replace(self.configuration, targets=targets)

    def poison(self, key: Key) -> None:
        """An item that nobody can read."""
        self.table.place({"pk": {"S": key.pk}, "sk": {"S": key.sk}, "version": {"S": "poison"}})

    # --- the restarter

    def restarter(self) -> Restarter:
        clock, sleep = self.timeline.clock, self.timeline.sleep
        store: Any = Mortal(self.store, self.life)
        ec2: Any = Mortal(self.ec2, self.life)
        return Restarter(self.configuration, Dependencies(store, ec2, self.announce, clock, sleep))

    def announce(self, event: RestartEvent) -> None:
        if self.untellable is not None:
            raise self.untellable
        self.told.append(event)
        self.while_told()

    def invoke(self) -> Summary:
        """One invocation, now."""
        restarter, deadline_at = self.restarter(), self.timeline.now + INVOCATION_SECONDS
        return self.timeline.run(lambda: restarter.run(deadline_at))

    def tell_times(self) -> list[tuple[float, str]]:
        """When one invocation, now, had done with which group."""
        told: list[tuple[float, str]] = []
        restarter, deadline_at = self.restarter(), self.timeline.now + INVOCATION_SECONDS

        def done(report: RestartReport) -> None:
            told.append((self.seconds, report.group))

        self.timeline.run(lambda: restarter.run(deadline_at, done))
        return told

    def run(self, seconds: float) -> list[Summary]:
        """An invocation every minute for so long; a killed one is over."""
        until = self.timeline.now + seconds
        summaries = []
        while self.timeline.now < until:
            begun = self.timeline.now
            with suppress(KilledError):
                summaries.append(self.invoke())
            self.timeline.sleep(begun + 60 - self.timeline.now)
        return summaries

    # --- what is to be seen

    def actions(self, instance: str = "i-a") -> list[Action]:
        return [action for _, asked, action in self.ec2.asked if asked == instance]

    def at(self, action: Action, instance: str = "i-a") -> list[float]:
        return [at for at, asked, done in self.ec2.asked if (asked, done) == (instance, action)]

    def outcomes(self) -> list[str]:
        """Names of what people were told, oldest first."""
        return [event.outcome.name for event in self.told]

    def history(self) -> list[RestartEvent]:
        """What went into the table, oldest first."""
        return list(reversed(self.store.restart_events("nat", 1000)))

    @property
    def seconds(self) -> float:
        return self.timeline.now - START

    def _running(self, instance: str) -> None:
        for target in self.configuration.targets.values():
            cured = target.instance == instance and target.name not in self.incurable
            if cured and self._health[target.name] is not Health.HEALTHY:
                self.timeline.after(5, partial(self.sees, target.name, Health.HEALTHY))

    def _beat(self) -> None:
        if self._beats:
            self._others.save_vantage(Vantage("a", 1, self.timeline.now))
            self.timeline.after(10, self._beat)

    def _change(self, group: str, **fields: object) -> None:
        state: GroupState = self._others.load_group(group)
        self._others.save_group(replace(state, **fields))  # type: ignore[arg-type]  # fields of GroupState by name


def configuration(policy: RestartPolicy) -> Configuration:
    def target(name: str) -> Target:
        return Target(name, (TcpProbe("10.0.1.10", 22, 0.75),), instance=f"i-{name[-1]}", restart=policy)

    def group(zone: str, *names: str) -> Group:
        paths = tuple(Path(name, name, (NextHop(NextHopKind.INSTANCE, f"i-{name[-1]}"),)) for name in names)
        return Group(f"private-{zone}", (VpcRoute((f"rtb-{zone}",), "0.0.0.0/0"),), paths)

    groups = (group("a", "nat-a", "nat-b"), group("b", "nat-b", "nat-a"))
    return Configuration({t.name: t for t in map(target, ("nat-a", "nat-b"))}, {g.name: g for g in groups})


def active_phase(story: Story) -> Phase | None:
    active = story.store.load_restart("nat").active
    return active.phase if active is not None else None
