"""Laws 6, 8 and 9 for instances: each stop and start that EC2 accepts, each restart that is begun."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from lab.simulator.invocation import Invocation
from lab.simulator.laws.court import SLACK_SECONDS, Court
from lab.simulator.laws.raw import number, part, parts, text
from lab.simulator.laws.routes import Routes
from lab.simulator.laws.verdicts import BAD, GOOD
from lab.simulator.world import World
from routekeeper.domain.settings import Group, Path, Target
from routekeeper.store.codec import Item
from routekeeper.store.items import restart_key

HELP_SECONDS: Final = 200.0
"""How long what keeps the restarter from acting may have an effect, and an act may take."""
PHASES_OF = {"stop": ("STOPPING",), "force-stop": ("FORCING",), "start": ("STARTING", "RECOVERING")}


@dataclass(slots=True)
class Restarts:
    world: World
    court: Court
    routes: Routes
    begun: dict[str, list[float]] = field(default_factory=dict)
    """When restarts of each target were begun, by the clock of whoever began them."""
    paused_at: dict[str, float] = field(default_factory=dict)
    """Since when each group has been paused without a break."""
    asked: int = 0
    refused_at: dict[str, float] = field(default_factory=dict)
    """When EC2 last said that it never stops an instance."""
    rested_at: dict[str, float] = field(default_factory=dict)
    """When each restart group last had a restart under way."""

    def target(self, instance: str) -> Target | None:
        targets = self.world.plan.configuration.targets.values()
        return next((t for t in targets if t.instance == instance and t.restart is not None), None)

    def through(self, instance: str) -> list[Group]:
        """The groups that have a path through the instance, or that ends at it."""
        groups = self.world.plan.configuration.groups.values()
        return [g for g in groups if any(instance in self.routes.signals.instances(path) for path in g.paths)]

    # --- what EC2 is asked

    def on_instance(self, invocation: Invocation, instance: str, action: str) -> None:
        self.asked += 1
        told = f"{invocation.name} asks for a {action} of {instance}"
        self.world.tell(invocation.name, f"{action} {instance} ({self.world.ec2.machines[instance].state})")
        target = self.target(instance)
        self.court.hold(9, "only configured instances", target is not None, told)
        if target is None or target.restart is None:
            return
        held = self.world.table.get(restart_key(target.restart.group))
        active = part(held, "active")
        mine = text(active, "instance") == instance and text(active, "phase") in PHASES_OF[action]
        owed = part(held, "owed")
        mine = mine or (action == "start" and owed is not None and instance in owed)
        found = f"{text(active, 'phase')} {text(active, 'instance')}"
        self.court.hold(8, "one at a time", mine, f"{told}, but the group's restart is: {found}")
        self._hold_to_pause(invocation, target, told)
        if action != "start" and self.world.ec2.machines[instance].unstoppable is not None:
            self.refused_at[instance] = self.world.kernel.now
        if action == "stop" and self.world.ec2.machines[instance].state == "running":
            self._judge_stop(invocation, target, instance, told)

    def _hold_to_pause(self, invocation: Invocation, target: Target, told: str) -> None:
        """What was paused before the invocation turned to this restart group, and could be read, is not touched."""
        looked_at = turned_at(invocation, target)
        for group in self.through(target.instance or ""):
            if self.world.is_spoilt(group.name):
                continue  # what has begun goes on
            held = self.world.table.group(group.name)
            pause = part(held, "pause") if held is not None else None
            in_force = pause is not None and number(pause, "expires_at") > invocation.clock() + SLACK_SECONDS
            since = self.paused_at.get(group.name, 1e12)
            broken = in_force and since < looked_at
            self.court.hold(6, "a pause spares instances", not broken, f"{group.name} is paused: {told}")

    def _judge_stop(self, invocation: Invocation, target: Target, instance: str, told: str) -> None:
        bench = self.court.bench
        ill = bench.since_bad(target.name) < 40
        self.court.hold(8, "only the failed are restarted", ill, f"{target.name} is {bench.word(target.name)}: {told}")
        for group in self.through(instance):
            if not self.routes.changes.carries(group, instance):
                continue
            others = [p for p in group.paths if instance not in self.routes.signals.instances(p)]
            others = [p for p in others if not self.routes.looks.is_doubted(group, p.name, invocation)]
            memories = part(self.world.table.group(group.name), "paths")
            others = [p for p in others if part(part(memories, p.name), "bar") is None]
            free_for = self.routes.blackholes.free_for
            well = max((min(bench.held_for(p.target, GOOD), free_for(group.name, p.name)) for p in others), default=0.0)
            looked_at = turned_at(invocation, target)
            known = self.world.kernel.now - well < looked_at - 1.0
            story = f"{group.name} goes through it and has had another way for {well:.0f} s: {told}"
            self.court.hold(8, "traffic has left first", not (known and well > 1.0), story)

    # --- what is remembered

    def on_restart(self, old: Item | None, new: Item) -> None:
        before, after = part(old, "active"), part(new, "active")
        if before is not None or after is not None:
            self.rested_at[text(new, "group") or ""] = self.world.kernel.now
        if after is None or (before is not None and number(before, "started_at") == number(after, "started_at")):
            return
        name, at = text(after, "target") or "", number(after, "started_at")
        target = self.world.plan.configuration.targets[name]
        assert target.restart is not None
        self.court.hold(8, "one ends before another begins", before is None, f"{name} while {text(before, 'target')}")
        begun = self.begun.setdefault(name, [])
        begun.append(at)
        recent = [moment for moment in begun if at - moment < target.restart.per_seconds - SLACK_SECONDS]
        told = f"{name}: {len(recent)} restarts within {target.restart.per_seconds:.0f} s"
        self.court.hold(8, "attempts are limited", len(recent) <= target.restart.attempts, told)
        ill = self.court.bench.since_bad(name) < 40
        self.court.hold(8, "only the failed are restarted", ill, f"{name} is {self.court.bench.word(name)}")

    def on_group(self, name: str, old: Item | None, new: Item) -> None:
        now = self.world.kernel.now
        was, paused = (number(part(item, "pause"), "expires_at") > now for item in (old, new))
        if not was or not paused:
            self.paused_at.pop(name, None)
        if paused:
            self.paused_at.setdefault(name, now)

    # --- what must have come of it

    def on_settled(self, emitted_at: float) -> None:
        """What has failed was restarted as often as it may be; where nothing more is tried, people have been told."""
        configuration, bench = self.world.plan.configuration, self.court.bench
        for target in configuration.targets.values():
            if target.instance is None or target.restart is None:
                continue
            held = self.world.table.get(restart_key(target.restart.group))
            paused = any(group.name in self.paused_at for group in self.through(target.instance))
            free = not any(self._is_kept(group, target.instance) for group in self.through(target.instance))
            now = self.world.kernel.now
            recent = [at for at in self.begun.get(target.name, []) if now - at < target.restart.per_seconds - 600]
            over = part(held, "active") is None
            long_ill = bench.held_for(target.name, BAD) > 600 and over and not paused
            if long_ill and free and len(recent) >= target.restart.attempts:
                told = f"{target.name} is UNHEALTHY after {len(recent)} restarts"
                self.court.hold(8, "giving up is told", now - emitted_at < 190, told)
            if over:
                self._hold_to_help(target, target.instance)

    def hold_to_help(self, group: str, but: str) -> None:
        """The other targets of the restart group are helped while a start of this one is owed."""
        for target in self.world.plan.configuration.restart_groups()[group]:
            if target.name != but and target.instance is not None:
                self._hold_to_help(target, target.instance)

    def _hold_to_help(self, target: Target, instance: str) -> None:
        """What has failed, and what nothing speaks for leaving as it is, has been restarted as often as it may be."""
        now, policy = self.world.kernel.now, target.restart
        assert policy is not None
        ill = min(self.court.bench.held_for(target.name, BAD), now - self.rested_at.get(policy.group, 0.0))
        tried = [at for at in self.begun.get(target.name, []) if now - at < policy.per_seconds + SLACK_SECONDS]
        waits = policy.after_seconds * 2.0 ** len(tried) if tried else 0.0
        forgotten = [at + policy.per_seconds for at in self.begun.get(target.name, []) if at not in tried]
        again = [*(at + waits for at in tried[-1:]), *forgotten[-1:]]
        due = max([policy.after_seconds, *(moment - (now - ill) for moment in again)])
        if not ill or len(tried) >= policy.attempts or self._is_left_alone(target, instance):
            return
        if self.in_trouble(instance) or any(self._is_kept(group, instance) for group in self.through(instance)):
            return
        told = f"{target.name} has been UNHEALTHY for {ill:.0f} s, restarted {len(tried)} times of {policy.attempts}"
        told = f"{told}; {instance} is {self.world.ec2.machines[instance].state}"
        self.court.hold(8, "the failed are restarted", ill < due + HELP_SECONDS, told)

    def _is_left_alone(self, target: Target, instance: str) -> bool:
        """Whether there is nothing to restart, a start is owed, or EC2 does not stop it and people know (law 15)."""
        if self.world.ec2.machines[instance].state in ("shutting-down", "terminated"):
            return True
        assert target.restart is not None
        held = self.world.table.get(restart_key(target.restart.group))
        if instance in (part(held, "owed") or {}):
            return True  # `starts` holds the restarter to asking for the start
        given_up = any(entry.get("S") == target.name for entry in parts(held, "given_up"))
        refused_at = max(self.refused_at.get(instance, 0.0), self.world.troubled.get(instance, 0.0))
        return given_up and self.world.kernel.now - refused_at < target.restart.per_seconds + HELP_SECONDS

    def _is_kept(self, group: Group, instance: str) -> bool:
        """Whether the group may keep the instance from being restarted: people, what is under way, or its traffic."""
        now, held = self.world.kernel.now, self.world.table.group(group.name)
        paused = number(part(held, "pause"), "expires_at") > now - HELP_SECONDS
        moving = part(held, "pending") is not None or now - number(held, "since") < HELP_SECONDS
        drifted = self.world.drifted_ago(group.name) < 2 * HELP_SECONDS
        excused = self.court.excused(group.name, HELP_SECONDS)
        through = {path.name for path in group.paths if instance in self.routes.signals.instances(path)}
        there = any(self.world.is_on(group, r, name) for r in self.world.resources(group) for name in through)
        elsewhere = any(
            self.court.bench.since_good(path.target) < HELP_SECONDS and not self._is_gone(group, path)
            for path in group.paths
            if path.name not in through
        )
        on_it = (there or text(held, "path") in through) and elsewhere
        return paused or moving or drifted or excused or on_it

    def _is_gone(self, group: Group, path: Path) -> bool:
        """Whether AWS has long said that what the path goes through is down."""
        since = self.routes.signals.of(group.name, path.name).state_since
        return since is not None and self.world.kernel.now - since > HELP_SECONDS

    def in_trouble(self, instance: str) -> bool:
        world, faults = self.world, self.world.ec2.faults
        held = (faults.throttled, faults.unanswered, faults.denied, faults.stale, faults.withheld)
        lately = world.kernel.now - world.troubled.get(instance, -1e12) < HELP_SECONDS
        return lately or any(instance in kind for kind in held)


def turned_at(invocation: Invocation, target: Target) -> float:
    """When the invocation last turned to the target's restart group."""
    assert target.restart is not None
    return invocation.looked.get(("load_restart", target.restart.group), 0.0)
