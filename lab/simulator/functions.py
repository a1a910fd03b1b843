"""The application's functions, invoked as Lambda does: by the minute, by the stream, by people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from lab.simulator.channels import EventBus, Topic
from lab.simulator.ec2 import Call
from lab.simulator.ec2_client import Client, Refused, RouteChange, Watch
from lab.simulator.invocation import Invocation
from lab.simulator.kernel import Killed, Task
from lab.simulator.nobody import nobody
from lab.simulator.store import Passage, PassedStore
from lab.simulator.strikes import EC2, TABLE
from lab.simulator.world import World
from routekeeper import router
from routekeeper.announcing.aws import AwsAnnouncer
from routekeeper.domain.brake import Engagement
from routekeeper.domain.errors import RoutekeeperError
from routekeeper.domain.group_state import Channel, Transition
from routekeeper.domain.presence import Release
from routekeeper.domain.restart_event import RestartEvent
from routekeeper.ec2.instances import Ec2Instances
from routekeeper.ec2.steering.kinds import steerers
from routekeeper.operator import Operator
from routekeeper.restarter import Dependencies, Restarter, RestartReport
from routekeeper.router.presence import tell_pass
from routekeeper.telemetry.measurements import Measurement, Metric, count_untold

TIMEOUTS: Final = {"router": 55.0, "restarter": 55.0, "operator": 15.0}
"""Seconds after which Lambda ends an invocation (template.yaml)."""


@dataclass(slots=True)
class Hooks:
    """Who is told what the functions do."""

    route: Callable[[Invocation, RouteChange], None] = nobody
    instance: Callable[[Invocation, str, str], None] = nobody
    refused: Callable[[Invocation, Refused], None] = nobody
    emit: Callable[[Invocation, Measurement], None] = nobody
    announced: Callable[[str], None] = nobody
    ended: Callable[[Invocation], None] = nobody
    answered: Callable[[dict[str, object], dict[str, Any]], None] = nobody


class _People:
    """An `Announcer`: the real one, on a topic and a bus that take their time and may fail."""

    def __init__(self, invocation: Invocation, hooks: Hooks) -> None:
        self._invocation = invocation
        self._hooks = hooks

    def transition(self, transition: Transition, channel: Channel) -> None:
        self._announcer(transition.id).transition(transition, channel)

    def brake(self, engagement: Engagement, channel: Channel) -> None:
        self._announcer(f"brake {engagement.engaged_at}").brake(engagement, channel)

    def restart(self, event: RestartEvent) -> None:
        self._announcer(event.id).restart(event)

    def _announcer(self, identifier: str) -> AwsAnnouncer:
        """One that tells of one thing, so that whoever is told knows of what."""
        topic: Any = Topic(self._invocation, lambda: self._hooks.announced(f"{identifier} {Channel.TOPIC.value}"))
        bus: Any = EventBus(self._invocation, lambda: self._hooks.announced(f"{identifier} {Channel.EVENTS.value}"))
        return AwsAnnouncer(topic, bus, "topic", "simulated")


@dataclass(slots=True)
class Functions:
    world: World
    hooks: Hooks = field(default_factory=Hooks)
    count: dict[str, int] = field(default_factory=dict)
    under_way: dict[str, int] = field(default_factory=dict)
    invocations: int = 0
    by_task: dict[Task, Invocation] = field(default_factory=dict)

    def invoke(
        self, function: str, payload: dict[str, object] | None = None, on_end: Callable[[bool], None] | None = None
    ) -> None:
        """Start one. `on_end` hears whether it ended as it should."""
        number = self.count[function] = self.count.get(function, 0) + 1
        busy = self.under_way[function] = self.under_way.get(function, 0) + 1
        self.invocations += 1
        kernel = self.world.kernel
        # Two that run at once run on two machines, with two clocks.
        skew = self.world.plan.skews.get(f"{function}/{busy % 2}", 0.0)
        random = self.world.random(f"{function} {number}")
        invocation = Invocation(self.world, function, number, skew, random)
        seconds = TIMEOUTS[function]
        invocation.began_at, invocation.ends_by = kernel.now, kernel.now + seconds
        tick = payload is None and on_end is None
        task = kernel.spawn(lambda: self._body(invocation, payload, tick=tick))
        invocation.task = task
        self.by_task[task] = invocation

        def out_of_time() -> None:
            if not task.ended:
                invocation.died = "ended by Lambda: out of time"
                self.world.tell(invocation.name, invocation.died)
                kernel.kill(task)

        def ended() -> None:
            self.under_way[function] -= 1
            del self.by_task[task]
            if task.error is not None and not isinstance(task.error, Killed):
                invocation.died = f"{type(task.error).__name__}: {task.error}"
                if not isinstance(task.error, RoutekeeperError):
                    raise task.error
                self.world.tell(invocation.name, f"failed: {invocation.died}")
            self.hooks.ended(invocation)
            if on_end is not None:
                on_end(invocation.died is None)

        task.on_end.append(ended)
        kernel.after(seconds, out_of_time)

    def _body(self, invocation: Invocation, payload: dict[str, object] | None, *, tick: bool) -> None:
        """`tick`: it is the schedule that invokes."""
        match invocation.function:
            case "router":
                self._route(invocation, payload, tick=tick)
            case "restarter":
                self._restart(invocation, tick=tick)
            case "operator":
                self._ask(invocation, payload or {})
            case other:
                raise ValueError(f"{other} is not simulated as an invocation")

    def _route(self, invocation: Invocation, event: dict[str, object] | None, *, tick: bool) -> None:
        """A tick, records of the stream, or something that AWS says."""
        client: Any = self._client(invocation)
        configuration, store = self.world.plan.configuration, self._store(invocation)
        if event is not None and not router.Noting(configuration, store, invocation.pause).take(event):
            return
        dependencies = router.Dependencies(
            store,
            steerers(client),
            _People(invocation, self.hooks),
            invocation.clock,
            invocation.pause,
            lambda measurement: self.hooks.emit(invocation, measurement),
        )
        deadline_at = invocation.ends_by + invocation.skew
        for report in router.Router(configuration, dependencies).run(invocation.name, deadline_at):
            if report.error is not None:
                self.world.tell(invocation.name, f"{report.group}: {report.error}")
        if tick:
            tell_pass(store, Release("simulated"), invocation.clock())

    def _restart(self, invocation: Invocation, *, tick: bool) -> None:
        client: Any = self._client(invocation)
        announce = _People(invocation, self.hooks).restart
        instances = Ec2Instances(client)
        dependencies = Dependencies(self._store(invocation), instances, announce, invocation.clock, invocation.pause)
        restarter = Restarter(self.world.plan.configuration, dependencies)

        def emit(measurement: Measurement) -> None:
            self.hooks.emit(invocation, measurement)

        def done(report: RestartReport) -> None:
            for _ in report.given_up:
                emit(Measurement(Metric.RESTARTS_GIVEN_UP, 1))
            for _ in range(report.untold):
                count_untold(emit)

        summary = restarter.run(invocation.ends_by + invocation.skew, done)
        if tick:
            summary.raise_errors()

    def _ask(self, invocation: Invocation, payload: dict[str, object]) -> None:
        operator = Operator(self._store(invocation), self.world.plan.configuration, invocation.clock)
        answer = operator.answer(payload)
        self.hooks.answered(payload, answer)
        told = "granted" if answer["ok"] else f"refused: {answer['error']['message']}"
        self.world.tell(invocation.name, f"{payload.get('action')} {told}")

    def _client(self, invocation: Invocation) -> Client:
        hooks = self.hooks
        call = Call(self.world.ec2, invocation.cross, invocation.pause)
        call.on_fault = self._troubled
        call.enter = invocation.gate(EC2, self._troubled).enter
        watch = Watch(
            lambda change: hooks.route(invocation, change),
            lambda instance, asked: hooks.instance(invocation, instance, asked),
            lambda refused: hooks.refused(invocation, refused),
        )
        return Client(self.world.ec2, call, watch, self.world.owners)

    def _troubled(self, names: tuple[str, ...]) -> None:
        self.world.faults += 1
        for name in names:
            self.world.troubled[name] = self.world.kernel.now

    def _store(self, invocation: Invocation) -> PassedStore:
        world, random = self.world, invocation.random

        def fails() -> bool:
            p = world.chances.store
            if p and random.random() < p:
                world.faults += 1
                world.troubled["*"] = world.kernel.now
                return True
            return False

        passage = Passage(
            invocation.cross,
            invocation.pause,
            fails,
            lambda: random.random() < 0.5,
            lambda: 0.002 + 0.006 * random.random(),
            invocation.looks,
            invocation.gate(TABLE, lambda _: self._troubled(("*",))).enter,
        )
        return PassedStore(world.table, f"{invocation.function}/{invocation.number}", passage)
