"""Law 4 for what is left undone: how long a group stays where it should not. Law 6: a pin is followed."""

from __future__ import annotations

from dataclasses import dataclass

from lab.simulator.laws.court import SLACK_SECONDS, Court
from lab.simulator.laws.raw import flag, number, part, text
from lab.simulator.laws.routes import Routes
from lab.simulator.laws.signals import Signals
from lab.simulator.laws.verdicts import BAD, GOOD
from lab.simulator.world import World
from routekeeper.domain.settings import Group, Path
from routekeeper.store.codec import Item

PROMPT_SECONDS = 12.0
"""How long news of health may take to move routes while nothing is in the way."""
ONE_PASS_SECONDS = 60.0
"""After that the next pass may have mended what the last one left."""


@dataclass(frozen=True, slots=True)
class Delays:
    world: World
    court: Court
    signals: Signals
    routes: Routes

    def on_tick(self) -> None:
        for name, group in self.world.plan.configuration.groups.items():
            held = self.world.table.group(name)
            if held is not None and "S" in held.get("path", {"S": ""}):
                self._judge_delay(group, held)
                self._judge_traffic(group, held)

    def _judge_traffic(self, group: Group, held: Item) -> None:
        """Law 4 by where the routes really are: neither a dead path nor a blackhole keeps them from a good one."""
        now, name, blackholes = self.world.kernel.now, group.name, self.routes.blackholes
        holds = max(number(part(held, hold), "expires_at") for hold in ("pin", "pause"))
        if holds > now - 150 or self.court.excused(name, 150) or self.world.drifted_ago(name) < 200:
            return
        free = self.routes.commits.lifted_ago(name)
        law = 11 if self._others_in_trouble(name) else 4
        really = group.path(self.world.path_of(group) or "")
        there = bool(self.world.resources(group))  # a route table that is gone keeps nothing
        if there and really is not None and really.name != text(held, "path"):
            bad_for = self.court.bench.held_for(really.target, BAD)
            waited = min(bad_for, self._way_out(group, really.name), free)
            told = f"the routes of {name} are on {really.name} for {waited:.0f} s: {text(held, 'reason')}"
            self.court.hold(law, "traffic leaves what is dead", waited < 100, told)
        self._judge_turning_away(group, free, held)
        for resource in self.world.resources(group):
            if (since := blackholes.nowhere_since.get(resource)) is not None:
                on = next((path.name for path in group.paths if self.world.is_on(group, resource, path.name)), "")
                waited = min(now - since, self._way_out(group, on, resource), free)
                told = f"{resource} has been a blackhole for {waited:.0f} s: {text(held, 'reason')}"
                self.court.hold(law, "a blackhole is left", waited < 130, told)

    def _judge_turning_away(self, group: Group, free: float, held: Item) -> None:
        """Law 13: once EC2 has refused a path, the next one is taken at once, and not with the next pass."""
        really = group.path(self.world.path_of(group) or "")
        now = self.world.kernel.now
        refused_ago = now - self.routes.bars.begun_at.get(group.name, -1e12)
        if really is None or refused_ago > ONE_PASS_SECONDS:
            return
        nowhere = (self.routes.blackholes.nowhere_since.get(one, now) for one in self.world.resources(group))
        bad_for = max(self.court.bench.held_for(really.target, BAD), now - max(nowhere, default=now))
        waited = min(refused_ago, bad_for, self._way_out(group, really.name), free)
        told = f"{group.name} stays on {really.name} for {waited:.0f} s after a refusal: {text(held, 'reason')}"
        self.court.hold(13, "what is refused keeps nobody waiting", waited < PROMPT_SECONDS, told)

    def _way_out(self, group: Group, path: str, resource: str | None = None) -> float:
        """For how long there has been another path for the routes, or for this one."""
        others = [p for p in group.paths if p.name != path]
        if resource is not None:
            others = [p for p in others if self.world.refusal(group, resource, p.name) is None]
        doomed = {p.name: self.world.kernel.now - self._doomed_at(group, p) for p in others}
        return max((min(self._well_for(group, p), doomed[p.name]) for p in others), default=0.0)

    def _judge_delay(self, group: Group, held: Item) -> None:
        """Law 4: an UNHEALTHY path is left at once where a HEALTHY one is. Law 6: a pin is followed."""
        now, bench = self.world.kernel.now, self.court.bench
        path = group.path(text(held, "path") or "")
        pause, pin = part(held, "pause"), part(held, "pin")
        if path is None or (pause is not None and number(pause, "expires_at") > now - 110):
            return
        pin_ends = number(pin, "expires_at")
        if pin_ends > now - 110:
            if pin_ends > now + SLACK_SECONDS:
                self._judge_pin(group, held, path.name)
            return
        bad_for = bench.held_for(path.target, BAD)
        announced = self.signals.of(group.name, path.name).since is not None
        if bad_for <= 0 and not announced:
            return
        others = [p for p in group.paths if p is not path]
        doomed = {p.name: now - self._doomed_at(group, p) for p in others}
        well = max((min(self._well_for(group, p), doomed[p.name]) for p in others), default=0.0)
        here = self._here_for(group, held)
        waited = min(bad_for, well, here)
        bound = 100.0
        if waited <= 0 and not announced:
            return
        if not self.court.excused(group.name, 130):
            told = f"{group.name} stays on {path.name} for {waited:.0f} s: {text(held, 'reason')}"
            law = 11 if self._others_in_trouble(group.name) else 4
            self.court.hold(law, "leaving is not delayed", waited < bound, told)
            heralded = all(bench.is_heralded(p.target) for p in group.paths)
            # What AWS has said of the only way out ends by its time alone: that wakes nobody before the minute's pass.
            silent = waited in doomed.values()
            silent = silent or waited in {self.routes.bars.free_for(group.name, p.name) for p in others}
            late = heralded and not silent and waited < here and not self._is_untold(held) and waited >= PROMPT_SECONDS
            self.court.hold(law, "leaving is prompt", not late, told)
            self._judge_signal(group, held, path.name, others, law)

    def _judge_signal(self, group: Group, held: Item, current: str, others: list[Path], law: int) -> None:
        """Law 4: what AWS says will go is left, at once where an event says so, for what nobody speaks against."""
        now = self.world.kernel.now
        spoken = self.signals.of(group.name, current)
        if spoken.since is None:
            return
        silent = {p.name: now - self.signals.of(group.name, p.name).last for p in others}
        well = max((min(self._well_for(group, p), silent[p.name]) for p in others), default=0.0)
        spoken_for = now - spoken.since
        waited = min(spoken_for, well, self._here_for(group, held))
        told = f"{group.name} stays on {current}, which AWS takes down, for {waited:.0f} s: {text(held, 'reason')}"
        self.court.hold(law, "what AWS takes down is left", waited < 100, told)
        by_event = waited == spoken_for and not spoken.by_clock and not self._is_untold(held)
        self.court.hold(law, "what AWS takes down is left promptly", not by_event or waited < PROMPT_SECONDS, told)

    def _well_for(self, group: Group, path: Path) -> float:
        """For how long the path has been HEALTHY, no blackhole, and not refused by EC2."""
        blackholes = self.routes.blackholes
        return min(self.court.bench.held_for(path.target, GOOD), blackholes.free_for(group.name, path.name))

    def _doomed_at(self, group: Group, path: Path) -> float:
        """When AWS last spoke against the path so that not even who is on a dead one goes there.

        What is only announced to go works as yet if its probes say so; where nothing is probed, nobody does.
        """
        spoken = self.signals.of(group.name, path.name)
        return spoken.last if path.target is None else spoken.last_state

    def _here_for(self, group: Group, held: Item) -> float:
        """For how long the group could have left: nobody has held it, and nobody has just forced it here."""
        return min(self.routes.commits.lifted_ago(group.name), self.world.kernel.now - number(held, "since"))

    def _is_untold(self, held: Item) -> bool:
        """Whether the wait began while a hold on the group was in force, or while the stream kept news back."""
        now = self.world.kernel.now
        ends = [number(part(held, hold), "expires_at") for hold in ("pin", "pause")]
        return any(now - end < 130 for end in ends) or self.court.unheralded(130)

    def _others_in_trouble(self, name: str) -> bool:
        now = self.world.kernel.now
        return any(other != name and now - at < 200 for other, at in self.world.troubled.items())

    def _judge_pin(self, group: Group, held: Item, current: str) -> None:
        pin = part(held, "pin")
        path = group.path(text(pin, "path") or "")
        if path is None or path.name == current:
            return
        if self.world.kernel.now - self.signals.of(group.name, path.name).last < 130:
            return
        bar = part(part(part(held, "paths"), path.name), "bar")
        if number(bar, "next_try_at") > self.world.kernel.now - 130:
            return  # what EC2 has refused is asked for again in its time
        asked_ago = self.world.kernel.now - number(part(pin, "asked"), "at")
        well = self._well_for(group, path)
        if self.routes.bars.taken_for(group.name, path.name) < 130:
            return
        free = min(asked_ago, self.routes.commits.lifted_ago(group.name))
        waited = free if flag(pin, "forced") else min(free, well)
        if not self.court.excused(group.name, 130):
            self.court.hold(
                6, "a pin is followed", waited < 100, f"{group.name} is pinned to {path.name}, on {current}"
            )
