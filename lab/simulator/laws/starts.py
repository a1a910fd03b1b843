"""Law 15: what the restarter has stopped it goes on starting; what EC2 never stops or has terminated, it leaves be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from lab.simulator.ec2 import Machine
from lab.simulator.invocation import Invocation
from lab.simulator.laws.court import SLACK_SECONDS, Court
from lab.simulator.laws.raw import number, part, text
from lab.simulator.laws.restarts import HELP_SECONDS, Restarts, turned_at
from lab.simulator.world import World
from routekeeper.domain.settings import RestartPolicy, Target
from routekeeper.store.codec import Item
from routekeeper.store.items import restart_key

LONGEST_GAP_SECONDS: Final = 900.0
"""Between two requests for a start that is refused, however long it has been refused."""
MOST_REFUSED_STOPS: Final = 3
"""Of one restart, by an EC2 that never stops the instance: one that was not heard, its repetition, and a twin's."""
ALARM_SECONDS: Final = 190.0
DYING: Final = ("shutting-down", "terminated")


@dataclass(slots=True)
class Starts:
    world: World
    court: Court
    restarts: Restarts
    stopped_at: dict[str, float] = field(default_factory=dict)
    """Since when each instance that the restarter has stopped has been seen stopped."""
    asked_at: dict[str, float] = field(default_factory=dict)
    """When a start of each instance was last asked for."""
    hindered_at: dict[str, float] = field(default_factory=dict)
    """When people or trouble last kept the restarter from asking."""
    gone_at: dict[str, float] = field(default_factory=dict)
    """Since when each instance has been seen terminated, or on its way there."""
    refused: dict[str, int] = field(default_factory=dict)
    """How often the present restart of each instance was told that EC2 never stops it."""
    barred_at: dict[str, float] = field(default_factory=dict)
    """When EC2 last said so of each instance."""
    _silent_for: float = 0.0

    # --- what EC2 is asked

    def on_instance(self, invocation: Invocation, instance: str, action: str) -> None:
        now, machine = self.world.kernel.now, self.world.ec2.machines[instance]
        told = f"{invocation.name} asks for a {action} of {instance}"
        if action == "start":
            self.asked_at[instance] = now
        elif machine.unstoppable is not None and machine.state == "running":
            count = self.refused[instance] = self.refused.get(instance, 0) + 1
            self.barred_at[instance] = now
            told = f"{told}, number {count} of this restart, and EC2 answers {machine.unstoppable}"
            few = count <= MOST_REFUSED_STOPS or now - self._last_hindered(instance) < HELP_SECONDS
            self.court.hold(15, "what EC2 never stops is given up", few, told)
        target = self._target(instance)
        if target is not None:
            self._hold_to_the_dead(invocation, target, told)

    def _hold_to_the_dead(self, invocation: Invocation, target: Target, told: str) -> None:
        """What was terminated before the invocation turned to the group, and could be seen to be, is not asked for."""
        instance = target.instance or ""
        seen_at = turned_at(invocation, target) - SLACK_SECONDS
        dead = self.gone_at.get(instance, 1e12) < seen_at and self._last_hindered(instance) < seen_at - HELP_SECONDS
        self.court.hold(15, "what is terminated is left alone", not dead, f"{told}, which is terminated")

    # --- what is remembered

    def on_restart(self, old: Item | None, new: Item, invocation: Invocation | None) -> None:
        before, after = part(old, "active"), part(new, "active")
        if after is None or (before is not None and number(before, "started_at") == number(after, "started_at")):
            return
        instance, name = text(after, "instance") or "", text(after, "target") or ""
        self.refused.pop(instance, None)
        target = self.world.plan.configuration.targets[name]
        assert target.restart is not None
        if invocation is not None:
            self._hold_to_the_dead(invocation, target, f"a restart of {name} is begun")
        barred_at = self.barred_at.get(instance, -1e12)
        lasts = self.world.kernel.now - barred_at < target.restart.per_seconds - HELP_SECONDS
        ill = self.court.bench.since_good(name) > self.world.kernel.now - barred_at
        told = f"{name} is begun again, though EC2 never stops {instance}"
        self.court.hold(15, "what EC2 never stops is not begun again", not (lasts and ill), told)

    # --- what must come of it

    def on_tick(self, alarmed_at: float) -> None:
        """`alarmed_at`: when the metric behind the alarm was last written."""
        self._silent_for = self.world.kernel.now - alarmed_at
        for name, machine in self.world.ec2.machines.items():
            if machine.state in DYING:
                self.gone_at.setdefault(name, self.world.kernel.now)
            if not is_owed(machine):
                self.stopped_at.pop(name, None)
            elif (target := self._target(name)) is not None and target.restart is not None:
                self._look(target, name, target.restart)

    def _look(self, target: Target, instance: str, policy: RestartPolicy) -> None:
        now, machine = self.world.kernel.now, self.world.ec2.machines[instance]
        stopped_at = self.stopped_at.setdefault(instance, now)
        hindered_at = self._last_hindered(instance)
        asked_at = max(stopped_at, self.asked_at.get(instance, 0.0))
        down = asked_at - (machine.down_since or asked_at)
        gap, most = now - max(asked_at, hindered_at), min(down, LONGEST_GAP_SECONDS) + HELP_SECONDS
        told = f"{instance}, which the restarter has stopped, is stopped, and no start was asked for in {gap:.0f} s"
        self.court.hold(15, "what was stopped is started", gap < most, told)
        held = self.world.table.get(restart_key(policy.group))
        calm = now - max(stopped_at, hindered_at)
        if calm > policy.boot_timeout_seconds + HELP_SECONDS:
            told = (
                f"{instance} is left stopped for {now - stopped_at:.0f} s, and nobody told for {self._silent_for:.0f} s"
            )
            self.court.hold(15, "an owed start is told", self._silent_for < ALARM_SECONDS, told)
        self._hold_to_slot(instance, part(held, "active"), policy, calm)
        if part(held, "active") is None:
            self.restarts.hold_to_help(policy.group, but=target.name)

    def _hold_to_slot(self, instance: str, active: Item | None, policy: RestartPolicy, calm: float) -> None:
        """A start that EC2 refuses keeps no other instance of the group waiting."""
        mine = text(active, "instance") == instance and text(active, "phase") in ("STARTING", "RECOVERING")
        spent = min(self.world.kernel.now - number(active, "phase_since"), calm)
        told = f"the restart of {instance}, which is not started, has kept its group waiting for {spent:.0f} s"
        kept = mine and spent > policy.boot_timeout_seconds + HELP_SECONDS
        self.court.hold(15, "an owed start keeps nobody waiting", not kept, told)

    def _last_hindered(self, instance: str) -> float:
        """When something last kept the restarter from asking EC2 for anything: people, EC2, the table, a crash."""
        now, world = self.world.kernel.now, self.world
        groups = [world.table.group(group.name) for group in self.restarts.through(instance)]
        paused = any(number(part(held, "pause"), "expires_at") > now - SLACK_SECONDS for held in groups)
        if paused or self.restarts.in_trouble(instance) or self.restarts.in_trouble("*") or world.chances.store:
            self.hindered_at[instance] = now
        lately = (world.troubled.get(instance, 0.0), world.troubled.get("*", 0.0), world.died_at)
        return max(self.hindered_at.get(instance, 0.0), *lately)

    def is_any(self) -> bool:
        """Whether there is an instance that has yet to be started."""
        return any(is_owed(machine) for machine in self.world.ec2.machines.values())

    def _target(self, instance: str) -> Target | None:
        return self.restarts.target(instance)


def is_owed(machine: Machine) -> bool:
    return machine.state == "stopped" and machine.stopped_by == "restarter"
