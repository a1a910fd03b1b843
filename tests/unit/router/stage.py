"""A stage for the router: two groups on NAT instances, a table in memory, a clock that only moves when told."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from lab.memory_store import MemoryStore, MemoryTable
from routekeeper.domain.group_state import Asker, GroupState, Transition
from routekeeper.domain.health import Health, TargetHealth
from routekeeper.domain.presence import Release
from routekeeper.domain.settings import Configuration, FailbackPolicy, Group, IcmpProbe, Path, Target
from routekeeper.domain.steering import NextHop, NextHopKind, VpcRoute
from routekeeper.domain.vantage import Vantage
from routekeeper.ec2.errors import refused
from routekeeper.ec2.steering import Steerers
from routekeeper.router import Dependencies, GroupReport, Router
from routekeeper.router.applying import ROUNDS
from routekeeper.telemetry.measurements import Measurement, Metric
from tests.fakes.routes import FakePeople, FakeRoutes
from tests.fakes.virtual_time import START

NAT_A = NextHop(NextHopKind.INSTANCE, "i-a")
NAT_B = NextHop(NextHopKind.INSTANCE, "i-b")
ASKED = Asker("kim", 0.0, "maintenance")
DENIED = refused("denied", "UnauthorizedOperation")
SILENT = [refused("no answer", "Timeout")] * ROUNDS
"""Of EC2, for as long as one pass asks."""


def group(name: str, *tables: str) -> Group:
    paths = (Path("nat-a", "nat-a", (NAT_A,)), Path("nat-b", "nat-b", (NAT_B,)))
    return Group(name, (VpcRoute(tables, "0.0.0.0/0"),), paths, FailbackPolicy(after_seconds=60))


CONFIGURATION = Configuration(
    {name: Target(name, (IcmpProbe(name, 0.75),)) for name in ("nat-a", "nat-b")},
    {"one": group("one", "rtb-1", "rtb-2"), "two": group("two", "rtb-3")},
)


@dataclass(slots=True)
class Stage:
    """Everything that a pass meets. `run` is one invocation of the router."""

    table: MemoryTable = field(default_factory=MemoryTable)
    routes: FakeRoutes = field(default_factory=lambda: FakeRoutes({"rtb-1": NAT_A, "rtb-2": NAT_A, "rtb-3": NAT_A}))
    people: FakePeople = field(default_factory=FakePeople)
    now: float = START
    measured: list[Measurement] = field(default_factory=list)
    configuration: Configuration = CONFIGURATION
    invocations: int = 0
    release: Release = field(default_factory=Release)

    def __post_init__(self) -> None:
        self.see("nat-a", Health.HEALTHY)
        self.see("nat-b", Health.HEALTHY)

    @property
    def store(self) -> MemoryStore:
        return MemoryStore(self.table, writer="test", clock=lambda: self.now)

    def see(self, target: str, health: Health, vantage: str = "a") -> None:
        """A vantage's verdict of just now."""
        lost = self.now - 1.65 if health is Health.UNHEALTHY else None
        state = TargetHealth(health, self.now, f"{target} is {health.value}", first_loss_at=lost)
        self.store.save_health(vantage, 1, target, state)
        self.beat(vantage)

    def beat(self, vantage: str = "a") -> None:
        self.store.save_vantage(Vantage(vantage, 1, self.now))

    def sleep(self, seconds: float) -> None:
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")  # as `time.sleep` does
        self.now += seconds

    def router(self, store: MemoryStore) -> Router:
        dependencies = Dependencies(
            store,
            Steerers({VpcRoute: self.routes}),
            self.people,
            lambda: self.now,
            self.sleep,
            self.measured.append,
            self.release,
        )
        return Router(self.configuration, dependencies)

    def run(self, store: MemoryStore | None = None, worker: str | None = None) -> dict[str, GroupReport]:
        self.beat()
        self.invocations += 1
        reports = self.router(store or self.store).run(worker or f"run-{self.invocations}", self.now + 30)
        return {report.group: report for report in reports}

    def state(self, name: str = "one") -> GroupState:
        return self.store.load_group(name)

    def history(self, name: str = "one") -> tuple[Transition, ...]:
        return self.store.transitions(name, 50)

    def penalty(self, path: str, name: str = "one") -> float:
        """What the flaps of a group's path add up to, as they stand in the table."""
        flaps = self.state(name).memory(path).flaps
        return 0.0 if flaps is None else flaps.penalty

    def count(self, metric: Metric) -> int:
        """How often the deployment's metric was written."""
        return sum(m.metric is metric and not m.dimensions for m in self.measured)

    def save(self, state: GroupState, **changes: object) -> None:
        self.store.save_group(replace(state, **changes))  # type: ignore[arg-type]


def write_before_the_change_of(stage: Stage, table: str) -> None:
    """An operator writes to the group, once, when its route in the table is about to be changed."""
    written: list[str] = []

    def write_once(changed: str) -> None:
        if changed == table and not written:
            written.append(changed)
            stage.save(stage.state(), reason="an operator wrote something")

    stage.routes.before_change = write_once
