"""Law 10, and what the others leave for later: once trouble is over, everything comes to rest where it should be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from lab.simulator.invocation import Invocation
from lab.simulator.laws.brake import Brakes
from lab.simulator.laws.court import Court
from lab.simulator.laws.failback import Failbacks
from lab.simulator.laws.raw import number, part, parts, text
from lab.simulator.laws.routes import Routes
from lab.simulator.laws.verdicts import BAD, GOOD
from lab.simulator.world import World
from routekeeper.domain.settings import FailbackMode, Group, Path
from routekeeper.store.codec import Item
from routekeeper.telemetry.measurements import Measurement, Metric

CHANNELS: Final = ("topic", "events")
TELLING_SECONDS: Final = 200.0
"""How long what goes on for a minute and a half at most may take from the decision to the telling."""
GRACE_SECONDS: Final = 60.0
"""How long after it took its path nobody needs to hear of a group of which nothing is known."""
ALARMED: Final = (
    Metric.TRANSITIONS, Metric.NO_HEALTHY_PATH, Metric.STEERING_FAILURES,
    Metric.BRAKE_ENGAGED, Metric.RESTARTS_GIVEN_UP,
)  # fmt: skip
"""The template's alarms are on these, of the whole deployment: a group's alone would raise none."""
ALARMING: Final = (Metric.NO_HEALTHY_PATH, Metric.STEERING_FAILURES, Metric.RESTARTS_GIVEN_UP)


@dataclass(slots=True)
class Rest:
    world: World
    court: Court
    routes: Routes
    brakes: Brakes
    failbacks: Failbacks
    announced: set[str] = field(default_factory=set)
    emitted_at: dict[tuple[Metric, str], float] = field(default_factory=dict)
    """When a metric was last written: of a group, or (empty) of the deployment."""

    def on_emit(self, invocation: Invocation, measurement: Measurement) -> None:
        group = measurement.dimensions.get("group", "")
        if measurement.metric in ALARMING and (group or measurement.metric is Metric.RESTARTS_GIVEN_UP):
            self.world.tell(invocation.name, f"alarm {measurement.metric.value} {group}")
        self.emitted_at[measurement.metric, group] = self.world.kernel.now

    def on_leap(self, seconds: float) -> None:
        """What is written every minute has been written in the calm that was left out, too."""
        self.emitted_at = {key: at + seconds for key, at in self.emitted_at.items()}

    def on_tick(self) -> None:
        """While no path is HEALTHY, an alarm says so (3). Who may return does (4)."""
        now, bench = self.world.kernel.now, self.court.bench
        self._hold_to_alarms()
        for name, group in self.world.plan.configuration.groups.items():
            held = self._held(name)
            path = group.path(text(held, "path") or "") if held is not None else None
            stranded = min(bench.since_good(p.target) for p in group.paths)
            if path is None or (path is group.paths[0] and stranded <= 130):
                continue
            if self.court.excused(name, 130) or self._on_hold(name, held, 130):
                continue
            if not self.court.excused(name, 200) and not self._on_hold(name, held, 200):
                self._hold_to_return(group, path, held)
            if stranded > 130 and now - number(held, "since") > GRACE_SECONDS + 130:
                silent = now - self.emitted_at.get((Metric.NO_HEALTHY_PATH, name), 0.0)
                told = f"{name} has had no HEALTHY path for {stranded:.0f} s, and nobody was told for {silent:.0f} s"
                self.court.hold(3, "stranded is told", silent < 125, told)

    def _hold_to_alarms(self) -> None:
        for (metric, group), at in self.emitted_at.items():
            if group and metric in ALARMED:
                whole = self.emitted_at.get((metric, ""), 0.0)
                told = "{} of {} was written, and not the deployment's, which has the alarm"
                self.court.hold(3, "an alarm has its metric", whole >= at, told, metric.value, group)

    def on_settled(self) -> None:
        for name, group in self.world.plan.configuration.groups.items():
            held = self._held(name)
            self._hold_to_rest(group, held)
            owed = {
                i: at for i, at in self.routes.records.owed.get(name, {}).items() if self.world.kernel.now - at > 200
            }
            owed = {i: at for i, at in owed.items() if not self._is_owed_no_more(i)}
            waits = self._on_hold(name, held, 200) or self._may_not_begin(group, held)
            if waits and (waiting := text(part(held, "pending"), "id")) not in self.routes.changes.acted_on:
                owed.pop(waiting or "", None)  # decided, and nothing could be changed
            self.court.hold(7, "every change is in history", not owed, f"{name} owes {sorted(owed)} to history")
            self._hold_to_telling(name, held)

    def _is_owed_no_more(self, transition: str) -> bool:
        """Whether EC2 has refused all of it: that is said once, and not for each try (13)."""
        refused = transition in self.routes.bars.refused_transitions
        return refused and transition not in self.routes.changes.acted_on

    def _hold_to_telling(self, name: str, held: Item | None) -> None:
        """Whoever listens to one channel hears of every change: mail is one, events are the other."""
        recorded, now = self.routes.records.recorded.get(name, {}), self.world.kernel.now
        old = [
            identifier for identifier, item in recorded.items() if now - number(item, "decided_at") > TELLING_SECONDS
        ]
        untold = {f"{identifier} {channel}" for identifier in old for channel in CHANNELS} - self.announced
        told = f"nobody was told of {sorted(untold)}"
        self.court.hold(7, "every change is told", not untold or len(parts(held, "unannounced")) >= 10, told)

    def _held(self, name: str) -> Item | None:
        return self.world.table.group(name)

    def _on_hold(self, name: str, held: Item | None, seconds: float) -> bool:
        """Whether a pin or a pause is in force, or was a moment ago."""
        since = self.world.kernel.now - seconds
        ends = [number(part(held, hold), "expires_at") for hold in ("pin", "pause")]
        return max(*ends, self.routes.commits.lifted_at.get(name, 0.0)) > since

    def _hold_to_rest(self, group: Group, held: Item | None) -> None:
        name, now = group.name, self.world.kernel.now
        if self._on_hold(name, held, 200) or self.court.excused(name, 200):
            return
        path = group.path(text(held, "path") or "")
        told = f"{name} is on {path.name if path else None}: {text(held, 'reason')}"
        if path is None:
            well = any(self.court.bench.held_for(p.target, GOOD) > 200 for p in group.paths)
            self.court.hold(10, "a group finds a path", not well, told)
            return
        pending = text(part(held, "pending"), "id")
        since = number(part(held, "pending"), "decided_at", now)
        ended = pending is None or now - since < 200 or self._may_not_begin(group, held)
        self.court.hold(10, "transitions end", ended, f"{pending} is pending: {told}")
        if self._is_wanted_here(group, path.name):
            really = self.world.path_of(group)
            there = really == path.name or len(self.world.resources(group)) == 0 or self._may_be_left(group)
            self.court.hold(10, "routes are as desired", there, f"the routes are on {really}: {told}")
        self._hold_to_return(group, path, held)

    def _hold_to_return(self, group: Group, path: Path, held: Item | None) -> None:
        """A path further up that is well, and that neither damping nor windows keep waiting, is returned to."""
        wait, now, bench = group.failback.after_seconds + 200, self.world.kernel.now, self.court.bench
        better = group.paths[: group.paths.index(path)]
        if not better or group.failback.mode is FailbackMode.MANUAL:
            return
        if bench.since_bad(path.target) <= 200 or now - number(held, "since") <= wait:
            return
        if self.court.excused(group.name, wait):
            return  # hold-down counts from when a pass has seen it well
        if self.brakes.may_hold(200):
            return
        due = [p.name for p in better if bench.held_for(p.target, GOOD) > wait and bench.settled(p.target, wait)]
        due = [name for name in due if self.routes.blackholes.free_for(group.name, name) > wait]
        due = [name for name in due if self.failbacks.allowed_for(group, name, 200)]
        due = [name for name in due if now - self.routes.signals.of(group.name, name).last > wait]
        told = f"{due} may be returned to, and {group.name} is on {path.name}: {text(held, 'reason')}"
        self.court.hold(4, "returning happens", not due, told)

    def _may_not_begin(self, group: Group, held: Item | None) -> bool:
        """Whether what is decided can only wait: EC2 refuses it, or has not been asked and nothing is HEALTHY (3)."""
        if self.routes.bars.taken_for(group.name, text(held, "path") or "") < 200:
            return True
        begun = text(part(held, "pending"), "id") in self.routes.changes.acted_on
        return not begun and not any(self._is_well(group, path) for path in group.paths)

    def _is_well(self, group: Group, path: Path) -> bool:
        """Whether a path has been HEALTHY for so long that everybody has seen it, and AWS says nothing against it."""
        spoken = self.world.kernel.now - self.routes.signals.of(group.name, path.name).last
        return self.court.bench.held_for(path.target, GOOD) > 200 and spoken > 200

    def _may_be_left(self, group: Group) -> bool:
        """Whether the brake may keep routes where somebody else has put them: on no UNHEALTHY path (law 12)."""
        return self.brakes.may_hold(200) and not self._on_dead(group, 0.0)

    def _on_dead(self, group: Group, seconds: float) -> bool:
        """Whether a route is on a path that has been UNHEALTHY for so long."""
        dead = [path.name for path in group.paths if self.court.bench.held_for(path.target, BAD) > seconds]
        return any(self.world.is_on(group, resource, name) for name in dead for resource in self.world.resources(group))

    def _is_wanted_here(self, group: Group, path: str) -> bool:
        """Whether routes must be on the desired path: fail static moves nothing onto one that is not HEALTHY."""
        found = group.path(path)
        if self.routes.bars.taken_for(group.name, path) < 200:
            return False
        # Drift waits while AWS announces that the desired path will go, but for what is on a dead one.
        now, spoken = self.world.kernel.now, self.routes.signals.of(group.name, path)
        if now - spoken.last_state < 200 or (now - spoken.last < 200 and not self._on_dead(group, 200)):
            return False
        if found is None:
            return False
        return self.court.bench.held_for(found.target, GOOD) > 200
