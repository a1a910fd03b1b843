"""One run of a plan: world, watches, functions and court on one clock."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from lab.simulator.bus import Bus
from lab.simulator.ec2_client import RouteChange
from lab.simulator.full_watch import FullWatch
from lab.simulator.functions import Functions, Hooks
from lab.simulator.happenings import happening
from lab.simulator.invocation import Invocation
from lab.simulator.kernel import START, Kernel
from lab.simulator.laws.bars import Bars
from lab.simulator.laws.blackholes import Blackholes
from lab.simulator.laws.brake import Brakes
from lab.simulator.laws.court import Court, Violation
from lab.simulator.laws.delays import Delays
from lab.simulator.laws.failback import Failbacks
from lab.simulator.laws.grey import Grey
from lab.simulator.laws.history import History
from lab.simulator.laws.looks import Looks
from lab.simulator.laws.raw import number, part, parts, text
from lab.simulator.laws.rest import Rest
from lab.simulator.laws.restarts import Restarts
from lab.simulator.laws.routes import Routes
from lab.simulator.laws.signals import Signals
from lab.simulator.laws.starts import Starts
from lab.simulator.laws.verdicts import BAD, Bench
from lab.simulator.laws.watching import Watching
from lab.simulator.loop import KernelLoop
from lab.simulator.plan import Plan
from lab.simulator.pool import cooperative
from lab.simulator.stream import Stream
from lab.simulator.watch import Watch
from lab.simulator.world import World
from routekeeper.store.codec import Item
from routekeeper.store.items import kind_of
from routekeeper.store.writes import Key
from routekeeper.telemetry.measurements import Measurement, Metric

CALM_SECONDS: Final = 240.0
"""How long nothing must have happened before time leaps to a minute before the next event."""

Tell = Callable[[float, str, str], None]
"""Told the line of a timeline: seconds after the start, who, what."""


@dataclass(slots=True)
class Outcome:
    """What came of a run."""

    violation: Violation | None
    seconds: float
    leapt: float
    """Seconds of these in which nothing happened, and that were left out."""
    moves: int
    restarts: int
    faults: int
    invocations: int
    checks: dict[str, int]
    digest: str
    """The same for two runs only if they wrote the same at the same times."""
    error: str | None = None
    """A defect of the application or of the simulator: the type of what was raised, and what it says."""
    cost: float = 0.0
    """Seconds of processor time, where somebody has measured them."""

    @staticmethod
    def failed(error: BaseException | str) -> Outcome:
        """Nothing has come of it."""
        return Outcome(None, 0.0, 0.0, 0, 0, 0, 0, {}, "", error if isinstance(error, str) else told(error))

    @property
    def fault(self) -> str | None:
        """What was found, by the rule broken or the type of the error; None where all was well."""
        if self.error is not None:
            return self.error.partition(":")[0]
        return self.violation.rule if self.violation is not None else None


def told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


class Simulation:
    """Builds everything, connects everybody to whoever must hear of it, and lets time pass."""

    def __init__(self, plan: Plan, tell: Tell | None = None, *, strict: bool = False) -> None:
        self.plan = plan
        self.kernel = kernel = Kernel()
        self.world = world = World(kernel, plan)
        if tell is not None:
            world.tell = lambda who, what: tell(kernel.now - START, who, what)
        self.bench = Bench(world)
        self.court = Court(world, self.bench, strict)
        self.grey = Grey(world, self.court)
        self.watching = Watching(world, self.court, self.grey)
        self.brakes = Brakes(world, self.court)
        self.bus = Bus(world, lambda event, on_end: self.functions.invoke("router", event, on_end))
        self.signals = Signals(world, self.court, self.bus)
        self.failbacks = Failbacks(world, self.court, self.signals)
        self.bars = Bars(world, self.court)
        self.blackholes = Blackholes(world, self.court, self.bars)
        looks, history = Looks(world, self.signals), History(world, self.court)
        self.routes = Routes(
            world, self.court, self.brakes, self.failbacks, self.signals, looks, history, self.blackholes, self.bars
        )
        self.delays = Delays(world, self.court, self.signals, self.routes)
        self.restarts = Restarts(world, self.court, self.routes)
        self.starts = Starts(world, self.court, self.restarts)
        self.rest = Rest(world, self.court, self.routes, self.brakes, self.failbacks)
        self.functions = Functions(world, self._hooks())
        self.loop = KernelLoop(kernel)
        watch = FullWatch if plan.full else Watch
        skews = {name: plan.skews.get(f"monitor/{name}", 0.0) for name in plan.vantages}
        self.watches: dict[str, Watch | FullWatch] = {
            name: watch(world, self.loop, name, skew) for name, skew in skews.items()
        }
        self.streams = {name: self._stream(name) for name in ("router", "restarter")}
        self.led_to: dict[str, str] = {}
        """Where the application has last led each resource."""
        self._leapt = 0.0
        self._touched_at = START
        self._ticks = 0
        self._digest = hashlib.sha256()
        self._connect()

    def _stream(self, function: str) -> Stream:
        def invoke(on_end: Callable[[bool], None]) -> None:
            self.functions.invoke(function, on_end=on_end)

        return Stream(self.world, self.world.random(f"stream {function}"), invoke)

    def _hooks(self) -> Hooks:
        return Hooks(
            route=self._route_changed,
            instance=self._instance_asked,
            refused=self.bars.on_refused,
            emit=self._emitted,
            announced=self._announced,
            answered=self.bars.on_answered,
        )

    def _connect(self) -> None:
        world = self.world
        world.table.on_write = self._written
        world.on_fate = lambda vantage, target: self.watches[vantage].wake(target)
        world.on_monitor_killed = lambda vantage: self.watches[vantage].kill()
        world.on_ask = self._ask
        world.ec2.on_state = self.bus.state
        world.on_spot, world.on_scaled_in = self.bus.spot, self.bus.autoscaling
        world.on_maintenance = self.bus.maintenance
        world.on_poison = self._poison

    def _ask(self, payload: dict[str, object]) -> None:
        self.bars.on_ask(payload)
        self.functions.invoke("operator", payload)

    def _poison(self) -> None:
        for stream in self.streams.values():
            stream.add(poison=True)

    # --- what is seen

    def _route_changed(self, invocation: Invocation, change: RouteChange) -> None:
        self._touch(f"{invocation.name} {change.resource} {change.before} {change.after}")
        self.bars.on_route(invocation, change)
        self.led_to[change.resource] = change.after
        self.routes.changes.on_route(invocation, change)

    def _instance_asked(self, invocation: Invocation, instance: str, asked: str) -> None:
        self._note(f"{invocation.name} {instance} {asked.replace('-', ' ')}")
        self.restarts.on_instance(invocation, instance, asked)
        self.starts.on_instance(invocation, instance, asked)

    def _emitted(self, invocation: Invocation, measurement: Measurement) -> None:
        self._note(f"{measurement.metric.value} {measurement.value:.6f} {measurement.dimensions.get('group')}")
        self.rest.on_emit(invocation, measurement)

    def _announced(self, identifier: str) -> None:
        self._note(f"told {identifier}")
        self.rest.announced.add(identifier)

    def _written(self, writer: str, key: Key, old: Item | None, new: Item) -> None:
        invocation = self._writing()
        match kind := kind_of(key):
            case "VANTAGE":
                self.bench.sit()
            case "HEALTH":
                self._touch(f"{text(new, 'vantage')} {text(new, 'target')} {text(new, 'health')}")
                self.world.tell(f"monitor {text(new, 'vantage')}", f"{text(new, 'target')} is {text(new, 'health')}")
                self.bench.sit(heralded=True)
                self.watching.on_write(old, new)
                self.streams["router"].add()
                self.streams["restarter"].add()
            case "SIGNAL":
                self._touch(f"signal {text(new, 'words')} {number(new, 'at')}")
                self.world.tell(writer, f"signal: {text(new, 'words')}")
                self.signals.on_write(old, new)
            case "GROUP":
                self._touch(f"group {key.sk} {number(new, 'version')} {text(new, 'path')}")
                self._group_written(writer, key.sk, old, new)
                if writer.startswith("router/"):
                    self.streams["restarter"].add()
            case "RESTART":
                self._touch(f"restart {key.sk} {number(new, 'version')}")
                self.restarts.on_restart(old, new)
                self.starts.on_restart(old, new, invocation)
                active = part(new, "active")
                self.world.tell(
                    f"restarts {key.sk}", f"{text(active, 'phase') or 'none'} {text(active, 'target') or ''}"
                )
            case "BRAKE":
                self._touch(f"brake {number(new, 'version')}")
                self.brakes.on_ledger(writer, old, new)
            case "EVENT":
                self._event_written(key, new, invocation)
            case _:
                pass  # leases
        if kind in ("GROUP", "BRAKE") and writer.startswith("operator/"):
            self.streams["router"].add()

    def _group_written(self, writer: str, name: str, old: Item | None, new: Item) -> None:
        known = None if old is None else self.world.unspoilt(name, old)
        if known is not old:  # nobody else could read the group until now
            self.world.troubled[name] = self.world.kernel.now
        self.routes.commits.on_group(writer, known, new, self._writing())
        self.restarts.on_group(name, known, new)

    def _event_written(self, key: Key, new: Item, invocation: Invocation | None) -> None:
        if key.pk.startswith("EVENT#RESTART#"):
            self.world.tell(f"restarts {text(new, 'group')}", f"{text(new, 'outcome')}: {text(new, 'reason')}")
        else:
            self._touch(f"history {text(new, 'id')} {number(new, 'decided_at')}")
            self.routes.records.on_event(key.pk, new, invocation)

    def _writing(self) -> Invocation | None:
        """Whoever has the baton."""
        task = self.kernel.current
        return None if task is None else self.functions.by_task.get(task.parent or task)

    def _touch(self, what: str) -> None:
        """Something has happened: time does not leap soon."""
        self._touched_at = self.kernel.now
        self._note(what)

    def _note(self, what: str) -> None:
        self._digest.update(f"{self.kernel.now!r} {what}\n".encode())

    # --- time

    def run(self) -> Outcome:
        """Let the plan happen, from the beginning to its end or to the first violation."""
        logger = logging.getLogger("routekeeper")
        level = logger.level
        logger.setLevel(logging.CRITICAL + 1)
        error = None
        try:
            with cooperative(self.kernel), self.loop.running():
                try:
                    self._begin()
                    self.kernel.run(START + self.plan.seconds)
                except Exception as err:  # noqa: BLE001 - a defect of the application or of the simulator: both are finds
                    error = err
                outcome = self._outcome(error)
                self.kernel.close()
                self.kernel.forget()
                self.loop.close()
        finally:
            logger.setLevel(level)
        return outcome

    def _begin(self) -> None:
        for watch in self.watches.values():
            watch.begin()
        self.world.schedule(happening)
        for moment in self.plan.settle_at:
            self.kernel.at(START + moment, self._settled, planned=True)
        self.kernel.at(START + 5.0, self._tick)
        self.kernel.at(START + 3.0, lambda: self._minute("router"))
        self.kernel.at(START + 7.0, lambda: self._minute("restarter"))

    def _outcome(self, error: BaseException | None) -> Outcome:
        return Outcome(
            self.court.violation,
            self.kernel.now - START,
            self._leapt,
            self.routes.commits.moved,
            self.restarts.asked,
            self.world.faults,
            self.functions.invocations,
            self.court.checks,
            self._digest.hexdigest(),
            told(broken) if (broken := error or self.loop.error) is not None else None,
        )

    def _minute(self, function: str) -> None:
        for _ in range(2 if self.world.chances.twins else 1):
            self.functions.invoke(function)
        self.kernel.after(60.0, lambda: self._minute(function))

    def _tick(self) -> None:
        """Every few seconds: look for what is overdue; leap where nothing can happen."""
        self.bench.sit()
        self.signals.look()
        self.bars.look()
        self.blackholes.look()
        self.bars.on_tick()
        self.delays.on_tick()
        self.failbacks.on_tick()
        self.rest.on_tick()
        self.brakes.on_tick(self.kernel.now - self.rest.emitted_at.get((Metric.BRAKE_ENGAGED, ""), 0.0))
        self.starts.on_tick(self.rest.emitted_at.get((Metric.RESTARTS_GIVEN_UP, ""), 0.0))
        self.grey.on_tick({name: watch.alive_for() for name, watch in self.watches.items()})
        if self.plan.full:
            self.watching.on_tick({name for name, watch in self.watches.items() if watch.alive_for() > 150})
        self.kernel.after(5.0, self._tick)
        self._ticks += 1
        if self._ticks % 12 == 0:
            self._leap_if_calm()

    def _settled(self) -> None:
        self.bench.sit()
        alive = {name for name, watch in self.watches.items() if watch.alive and watch.alive_for() > 150}
        self.watching.on_settled(alive)
        self.rest.on_settled()
        self.bars.on_settled(self.routes.records.recorded)
        self.brakes.on_settled(self.rest.announced)
        self.restarts.on_settled(self.rest.emitted_at.get((Metric.RESTARTS_GIVEN_UP, ""), 0.0))

    def _leap_if_calm(self) -> None:
        now = self.kernel.now
        if now - self._touched_at < CALM_SECONDS:
            return
        coming = [START + event.at for event in self.plan.events] + [START + at for at in self.plan.settle_at]
        self.world.ends = [moment for moment in self.world.ends if moment > now]
        boundaries = (*self.world.ends, *self.signals.boundaries(), *self.failbacks.coming(), *self.bars.coming())
        coming = [moment for moment in (*coming, *boundaries) if moment > now]
        target = min(coming, default=START + self.plan.seconds)
        seconds = ((target - now) // 60 - 3) * 60
        if seconds < 120 or not self._is_calm():
            return
        self.kernel.leap(seconds)
        self._leapt += seconds
        self.rest.on_leap(seconds)
        for watch in self.watches.values():
            watch.beat_now()
        self.bench.sit()

    def _is_calm(self) -> bool:
        """Whether only the world could bring something about: nothing is under way, and nothing runs out."""
        world, now = self.world, self.kernel.now
        # What trouble has kept from happening comes afterwards, within some minutes.
        if now - max(world.chances.quiet_since, *world.troubled.values(), START - CALM_SECONDS) < CALM_SECONDS:
            return False
        if any(now - place.troubled_at < CALM_SECONDS for place in world.places.values() if not place.troubled):
            return False
        if world.chances.any or any(stream.waiting for stream in self.streams.values()) or self.kernel.tasks:
            return False
        if world.ec2.faults.withheld or self.bars.ended_within(CALM_SECONDS):
            return False
        if self.bus.waiting or any(0 <= now - at < CALM_SECONDS for at in self.signals.boundaries()):
            return False
        if not all(watch.is_steady() for watch in self.watches.values()) or self.failbacks.allowed_within(CALM_SECONDS):
            return False
        for item in world.table.items("GROUP"):
            holds = [number(part(item, hold), "expires_at") for hold in ("pin", "pause", "returning")]
            if max(holds) > now - CALM_SECONDS or part(item, "pending") or parts(item, "unannounced"):
                return False
        if self.starts.is_any() or any(part(item, "active") for item in world.table.items("RESTART")):
            return False
        targets = world.plan.configuration.targets.values()
        return not any(t.restart is not None and self.bench.word(t.name) == BAD for t in targets)
