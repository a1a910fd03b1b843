"""Laws 2, 6, 7, 9 and 10 for what is carried out: each route that EC2 has changed for an invocation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from lab.simulator.ec2 import GONE, VANISHED, Machine
from lab.simulator.ec2_client import RouteChange
from lab.simulator.invocation import Invocation
from lab.simulator.laws.blackholes import Blackholes
from lab.simulator.laws.court import SLACK_SECONDS, Court
from lab.simulator.laws.history import History
from lab.simulator.laws.looks import LATELY_SECONDS, Looks
from lab.simulator.laws.raw import flag, number, part, text
from lab.simulator.laws.records import Records
from lab.simulator.laws.signals import Signals
from lab.simulator.laws.verdicts import BAD, GOOD
from lab.simulator.world import World, hop_names
from routekeeper.domain.settings import Group
from routekeeper.store.codec import Item

SEEN_SECONDS: Final = 30.0
"""What has been so for so long, every pass has seen."""


@dataclass(slots=True)
class Changes:
    world: World
    court: Court
    signals: Signals
    looks: Looks
    history: History
    records: Records
    blackholes: Blackholes
    acted_on: set[str] = field(default_factory=set)
    """Transitions for which a route has been changed."""

    def on_route(self, invocation: Invocation, change: RouteChange) -> None:
        """EC2 has changed a route: one of a configured group, for a transition, onto what is desired."""
        owners = self.world.owners.get(change.resource, ())
        told = f"{invocation.name} changes {change.resource} from {change.before} to {change.after}"
        self.world.tell(invocation.name, f"changes {change.resource}: {change.before} -> {change.after}")
        self.court.hold(9, "only configured routes", bool(owners), told)
        self.world.foreign.pop(change.resource, None)
        for name in owners:
            self.history.on_route(name, change)
            self._judge_change(self.world.plan.configuration.groups[name], invocation, change, told)

    def _judge_change(self, group: Group, invocation: Invocation, change: RouteChange, told: str) -> None:
        held = self.world.table.group(group.name)
        pending = part(held, "pending")
        identifier = text(pending, "id")
        self.court.hold(7, "committed before it is done", identifier is not None, f"no transition is under way: {told}")
        seen = invocation.groups.get(group.name)
        path = group.path(text(held, "path") or text(seen, "path") or "")  # somebody may have spoilt it since
        hops = {"none"} if path is None else hop_names(path)
        self.court.hold(10, "only what is desired", change.after in hops, f"{path and path.name} is desired: {told}")
        pause = part(seen, "pause")
        paused = pause is not None and invocation.clock() < number(pause, "expires_at") - SLACK_SECONDS
        self.court.hold(6, "a pause halts changes", not paused, told)
        if self.court.strict and text(pending, "kind") == "completion" and path is not None:
            dead = self.court.bench.held_for(path.target, BAD) > 1.0
            self.court.hold(2, "nothing is completed onto what is UNHEALTHY", not dead, told)
        if path is not None:
            self._hold_to_blackholes(group, path.name, held, change, told)
        if identifier is not None:
            if identifier not in self.acted_on and path is not None:
                self._hold_to_recovery(group, path.name, pending, invocation, told)
            if identifier not in self.acted_on and path is not None and not self._may_begin_anyhow(group, held, change):
                self._judge_beginning(group, path.name, invocation, told)
            self.acted_on.add(identifier)
            invocation.changed.setdefault(identifier, set()).add(change.resource)
            self.records.owe(group.name, identifier)

    def _hold_to_blackholes(self, group: Group, path: str, held: Item | None, change: RouteChange, told: str) -> None:
        """Nothing is put where another route of the group has long been a blackhole, while there is another way."""
        since = self.blackholes.nowhere_since
        others = [
            one for one in self.world.resources(group) if one != change.resource and self.world.leads_nowhere(one)
        ]
        there = [one for one in others if self.world.is_on(group, one, path)]
        now, first = self.world.kernel.now, text(part(held, "pending"), "kind") == "initial"
        # At its first look a router has no earlier one that a read could show.
        seen = any((first and not self.world.plan.lag) or now - since.get(one, now) > SEEN_SECONDS for one in there)
        ways = [p for p in group.paths if p.name != path and self.court.bench.word(p.target) == GOOD]
        ways = [p for p in ways if self.blackholes.free_for(group.name, p.name) > SEEN_SECONDS]
        asked = part(held, "pin") is not None or part(part(held, "pending"), "asked") is not None
        right = not seen or not ways or asked or self.court.excused(group.name, SEEN_SECONDS)
        self.court.hold(4, "nothing is put into a blackhole", right, told)

    def _hold_to_recovery(
        self, group: Group, path: str, pending: Item | None, invocation: Invocation, told: str
    ) -> None:
        """A move out of what was UNHEALTHY does not begin once that is HEALTHY again, however long it had to wait."""
        origin = group.path(self.world.path_of(group) or "")
        if (
            origin is None
            or origin.name == path
            or text(pending, "kind") != "failover"
            or part(pending, "asked") is not None
        ):
            return
        names = [p.name for p in group.paths]
        if names.index(path) < names.index(origin.name):
            return
        well = self.court.bench.held_for(origin.target, GOOD) > SEEN_SECONDS and origin.target is not None
        well = well and self.looks.is_well(group, origin.name, invocation)
        well = well and self.blackholes.free_for(group.name, origin.name) > SEEN_SECONDS
        well = well and not self.world.is_gone(group, origin.name, SEEN_SECONDS)
        decided_ago = self.world.kernel.now - number(pending, "decided_at")
        recovered = well and decided_ago > SEEN_SECONDS
        story = f"{origin.name} is HEALTHY, and it was decided {decided_ago:.0f} s ago: {told}"
        self.court.hold(4, "what has recovered is not left", not recovered, story)

    def _may_begin_anyhow(self, group: Group, held: Item | None, change: RouteChange) -> bool:
        """Whether somebody forces it, no packet got through before, or routes are already here and there.

        What has been begun is completed (docs/hunting.md, "Known"). Drift is judged when it is decided on.
        """
        pending = part(held, "pending")
        machine = self.world.ec2.machines.get(change.before.removeprefix(VANISHED))
        nowhere = self.world.ec2.bans.is_gone(change.before)
        nowhere = nowhere or (change.before == "none" and all("none" not in hop_names(path) for path in group.paths))
        swallowed = nowhere or (machine is not None and self._was_gone(machine))
        forced = flag(pending, "forced") or flag(part(held, "pin"), "forced")
        divided = self.world.path_of(group) is None
        return forced or swallowed or divided or text(pending, "kind") == "drift"

    def _was_gone(self, machine: Machine) -> bool:
        """Whether its routes were blackholes when they were last read: it may have been started since."""
        return machine.state in ("pending", *GONE) or self.world.kernel.now - machine.up_since < LATELY_SECONDS

    def _judge_beginning(self, group: Group, path: str, invocation: Invocation, told: str) -> None:
        """The first route of a transition is changed onto what is HEALTHY then, however long ago it was decided."""
        words = self.looks.words(group, path, invocation)
        right = GOOD in words or self.looks.spoken_against(group, path, invocation)
        self.court.hold(2, "only onto HEALTHY is begun", right, f"{path} was {words or 'not looked at'}: {told}")

    def carries(self, group: Group, instance: str) -> bool:
        """Whether a route of the group really is on a path through it, and not because somebody just put it there."""
        through = [path.name for path in group.paths if instance in self.signals.instances(path)]
        there = any(
            self.world.is_on(group, resource, name) for resource in self.world.resources(group) for name in through
        )
        since = self.world.drifted_ago(group.name)
        desired = text(self.world.table.group(group.name), "path") in through
        # Whom trouble has kept from looking has not seen that somebody put it there.
        return there and since > 200 and (desired or not self.court.excused(group.name, 200))
