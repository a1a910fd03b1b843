"""Laws 2 to 7 and 9 for routes: each move that is committed, each route that is changed, each line of history."""

from __future__ import annotations

from dataclasses import dataclass, field

from lab.simulator.ec2 import GONE, Machine
from lab.simulator.ec2_client import RouteChange
from lab.simulator.grey import clear_seconds
from lab.simulator.invocation import Invocation
from lab.simulator.laws.blackholes import Blackholes
from lab.simulator.laws.brake import Brakes
from lab.simulator.laws.court import Court
from lab.simulator.laws.failback import Failbacks
from lab.simulator.laws.history import History
from lab.simulator.laws.looks import LATELY_SECONDS, Looks
from lab.simulator.laws.raw import flag, number, part, parts, text
from lab.simulator.laws.signals import Signals
from lab.simulator.laws.verdicts import BAD, GOOD
from lab.simulator.lines import Fate
from lab.simulator.world import World
from routekeeper.domain.settings import FailbackMode, Group, Quorum
from routekeeper.store.codec import Item

SLACK_SECONDS = 3.0
"""How far clocks may disagree."""


@dataclass(slots=True)
class Routes:
    world: World
    court: Court
    brakes: Brakes
    failbacks: Failbacks
    signals: Signals
    looks: Looks
    history: History
    blackholes: Blackholes
    moves: int = 0
    owed: dict[str, dict[str, float]] = field(default_factory=dict)
    """By group: transitions that were begun or carried out and must get into history, and since when."""
    acted_on: set[str] = field(default_factory=set)
    """Transitions for which a route has been changed."""
    recorded: dict[str, dict[str, Item]] = field(default_factory=dict)
    lifted_at: dict[str, float] = field(default_factory=dict)
    """When people last let go of a group that they had held."""

    def lifted_ago(self, group: str) -> float:
        """Seconds since people last let go of the group."""
        return self.world.kernel.now - self.lifted_at.get(group, 0.0)

    # --- what is committed

    def on_group(self, writer: str, old: Item | None, new: Item, invocation: Invocation | None) -> None:
        name = text(new, "group") or ""
        group = self.world.plan.configuration.groups[name]
        before, after = text(old, "path"), text(new, "path")
        if invocation is not None:
            invocation.groups[name] = new
        if any(part(old, hold) is not None and part(new, hold) is None for hold in ("pin", "pause")):
            self.lifted_at[name] = self.world.kernel.now
        if writer.startswith("operator"):
            same = all(old is None or old.get(k) == new.get(k) for k in ("path", "pending", "worker"))
            self.court.hold(6, "operators ask, routers move", same, f"{writer} moved {name} from {before} to {after}")
            self._hold_to_expiry(name, new)
            return
        self._hold_to_wishes_kept(name, old, new)
        self.brakes.on_group(old, new)
        self.history.on_group(old, new)
        self.blackholes.on_group(group, old, new)
        if invocation is not None and self._begins(old, new, "drift") and self._could_stay(group, new, invocation):
            self.brakes.on_deferrable(
                new, f"{writer} puts drift of {name} right: {text(part(new, 'pending'), 'reason')}"
            )
        self.failbacks.on_group(group, old, new, invocation)
        pending = part(new, "pending")
        if pending is not None and (identifier := text(pending, "id")) is not None:
            self.owed.setdefault(name, {}).setdefault(identifier, self.world.kernel.now)
            if text(pending, "kind") == "drift" and identifier != text(part(old, "pending"), "id"):
                self._judge_drift(group, new, pending, invocation)
        if after is None or after == before:
            return
        if before is None and pending is None:
            return  # adopted: nothing moves
        self.moves += 1
        self.world.tell(writer, f"decides: {name} from {before} to {after}: {text(new, 'reason')}")
        told = f"{writer} moves {name} from {before} to {after}: {text(new, 'reason')}"
        self.court.hold(7, "a move is owed to history", pending is not None, told)
        if invocation is not None:
            self._judge_move(group, old, new, invocation, told)

    def _hold_to_expiry(self, name: str, new: Item) -> None:
        for hold in ("pin", "pause"):
            held = part(new, hold)
            if held is not None:
                left = number(held, "expires_at", 1e12) - self.world.kernel.now
                self.court.hold(6, "every hold ends", left < 8 * 86_400, f"{hold} of {name} lasts {left:.0f} s")

    def _hold_to_wishes_kept(self, name: str, old: Item | None, new: Item) -> None:
        """What operators asked for is not lost when somebody else saves the group."""
        for hold in ("pin", "pause"):
            lost = part(old, hold) is not None and part(new, hold) is None
            in_force = lost and number(part(old, hold), "expires_at") > self.world.kernel.now + SLACK_SECONDS
            self.court.hold(6, "holds are kept", not in_force, f"the {hold} of {name} is gone before its time")

    def _judge_move(self, group: Group, old: Item | None, new: Item, invocation: Invocation, told: str) -> None:
        now = invocation.clock()
        before, after = text(old, "path"), text(new, "path") or ""
        pause, pin, returning = part(old, "pause"), part(old, "pin"), part(old, "returning")
        paused = pause is not None and now < number(pause, "expires_at")
        self.court.hold(6, "a pause halts", not paused, f"paused: {told}")
        pinned = text(pin, "path") if pin is not None and now < number(pin, "expires_at") else None
        asked = pinned == after
        if returning is not None and now < number(returning, "expires_at") and after == group.paths[0].name:
            asked = True
        forced = (pinned == after and flag(pin, "forced")) or (asked and flag(returning, "forced"))
        kept = before is None or before != pinned or self._is_not_begun(group, old, before)
        self.court.hold(6, "a pin holds", kept, f"pinned to {pinned}: {told}")
        if not forced:
            self._hold_to_health(group, after, invocation, told)
        if before is None or group.path(before) is None or asked:
            return
        actual = self.world.path_of(group) if self._is_not_begun(group, old, before) else None
        if actual == after:
            return  # back to where the routes still are
        names = [path.name for path in group.paths]
        # Who turns elsewhere before anything was done leaves the path that the routes are on, if they can be read.
        unread = BAD in self.looks.words(group, before, invocation) and self.court.excused(group.name, 60)
        left = before if actual is None or unread or names.index(after) < names.index(before) else actual
        self._judge_unasked(group, left, after, invocation, told)
        bad = BAD in self.looks.words(group, left, invocation) or self.looks.spoken_against(group, left, invocation)
        if not bad and not self.world.is_gone(group, left, within=60):
            self.brakes.on_deferrable(new, told)

    def _is_not_begun(self, group: Group, old: Item | None, desired: str) -> bool:
        """Whether the group was to go to the path, and no route has been changed for it."""
        waiting = text(part(old, "pending"), "id")
        return waiting is not None and waiting not in self.acted_on and self.world.path_of(group) != desired

    def _begins(self, old: Item | None, new: Item, kind: str) -> bool:
        """Whether a transition of that kind has begun."""
        before, after = part(old, "pending"), part(new, "pending")
        return text(after, "kind") == kind and text(before, "id") != text(after, "id")

    def _could_stay(self, group: Group, new: Item, invocation: Invocation) -> bool:
        """Whether every route that drifted was seen on a path that was HEALTHY whenever the table was read."""
        for change in parts(part(new, "pending"), "changes"):
            seen = text(change["M"], "before") or ""
            names = [p.name for p in group.paths if (p.next_hop.id if p.next_hop else "none") in seen.split("/")]
            if "refusal" not in change["M"] and not any(self._is_well(group, n, invocation) for n in names):
                return False
        return True

    def _is_well(self, group: Group, path: str, invocation: Invocation) -> bool:
        """Whether it was HEALTHY whenever the table was read, and was not left as a blackhole since."""
        unmarked = self.blackholes.free_for(group.name, path) > LATELY_SECONDS
        return unmarked and self.looks.is_well(group, path, invocation)

    def _judge_drift(self, group: Group, new: Item, pending: Item | None, invocation: Invocation | None) -> None:
        """What somebody else has changed is put right onto HEALTHY only, or where it is forced or cannot get worse."""
        path, pin = group.path(text(new, "path") or ""), part(new, "pin")
        if invocation is None or path is None or (flag(pin, "forced") and text(pin, "path") == path.name):
            return
        none = "none" if all(path.next_hop is not None for path in group.paths) else "(blackhole)"
        planned = [change["M"] for change in parts(pending, "changes") if "refusal" not in change["M"]]
        found = [text(change, "before") or "none" for change in planned]
        words = self.looks.words(group, path.name, invocation)
        right = GOOD in words or all(before == none or before.endswith("(blackhole)") for before in found)
        told = f"{path.name} was {words or 'not looked at'}, and the routes of {group.name} are taken from {found}"
        self.court.hold(2, "drift is put right onto HEALTHY only", right, told)

    def _hold_to_health(self, group: Group, path: str, invocation: Invocation, told: str) -> None:
        words = self.looks.words(group, path, invocation)
        self.court.hold(2, "only onto HEALTHY", GOOD in words, f"{path} was {words or 'not looked at'}: {told}")
        doomed = self.looks.spoken_against(group, path, invocation, "state", always=True)
        self.court.hold(2, "not onto what AWS takes down", not doomed, told)
        found = group.path(path)
        if found is not None and found.target is not None:
            ago = self.world.kernel.now - self._answered_at(found.target)
            self.court.hold(2, "only onto what answers", ago < 100, f"{path} last answered {ago:.0f} s ago: {told}")

    def _answered_at(self, target: str) -> float:
        """When a probe of the target was last answered at any vantage."""
        newest = -1e12
        for (_, probed), ledger in self.world.ledgers.items():
            if probed == target:
                if ledger.plain is Fate.ANSWERED:
                    return self.world.kernel.now
                newest = max(
                    [
                        newest,
                        ledger.answered_until,
                        *(s.known_at for s in ledger.recent[-60:] if s.fate is Fate.ANSWERED),
                    ]
                )
        return newest

    def _judge_unasked(self, group: Group, before: str, after: str, invocation: Invocation, told: str) -> None:
        names = [path.name for path in group.paths]
        gone = self.world.is_gone(group, before, within=60)
        words = self.looks.words(group, before, invocation)
        if BAD in words or gone:
            if not gone:
                self._hold_to_trouble(group, before, invocation, told)
            healthy = {path.name for path in group.paths if self.looks.is_well(group, path.name, invocation)}
            self.failbacks.judge_choice(group, after, healthy - {before}, invocation, told)
            return
        if self.looks.spoken_against(group, before, invocation):
            return
        preferred = names.index(after) < names.index(before)
        deceived = not preferred and BAD in self.looks.words(group, before, invocation, believe_all=True)
        self.court.hold(5, "who hears nothing has no vote", not deceived, told)
        self.court.hold(4, "no leaving without cause", preferred, f"{before} was {words}: {told}")
        automatic = group.failback.mode is not FailbackMode.MANUAL
        self.court.hold(4, "manual failback waits for people", automatic, told)
        self.failbacks.judge_return(group, after, invocation, told)
        path = group.path(after)
        if path is None or path.target is None:
            return
        quiet = self.court.bench.since_bad(path.target)
        enough = group.failback.after_seconds - SLACK_SECONDS
        story = f"{after} was UNHEALTHY {quiet:.0f} s ago: {told}"
        # What turned between the look and the commit could not be seen.
        looks = (None, *self.looks.lately(invocation))
        waited = any(self.court.bench.quiet(path.target, enough, glimpse) for glimpse in looks)
        self.court.hold(4, "returning waits", waited, story)
        if self.court.strict:
            self.court.hold(4, "returning waits for the verdict", quiet >= enough, story)

    def _hold_to_trouble(self, group: Group, before: str, invocation: Invocation, told: str) -> None:
        """Law 5 against the truth: what every sound vantage reaches every time is not left."""
        path = group.path(before)
        if path is None or path.target is None or len(self.world.plan.vantages) < 2:
            return
        if self.world.plan.configuration.targets[path.target].quorum is Quorum.ANY:
            return  # one vantage's word is enough by configuration, until all of its targets have failed
        now = self.world.kernel.now
        back = 150 + max(clear_seconds(target.detection) for target in self.world.plan.configuration.targets.values())
        # While its targets fail or come back one after the other, a vantage is not suspected (docs/hunting.md, "Known")
        between = any(
            now - place.began_at < 5 if place.troubled else 0 < now - place.troubled_at < back
            for place in self.world.places.values()
        )
        if between and not self.court.strict:
            return
        sound = [n for n, p in self.world.places.items() if not p.troubled and now - p.troubled_at > back]
        sound = [name for name in sound if self.looks.hears(name, invocation)]
        ledgers = [self.world.ledgers[vantage, path.target] for vantage in sound]
        said = [(text(i, "vantage"), text(i, "target")) for i in self._health() if text(i, "health") == GOOD]
        clear = any((vantage, path.target) in said for vantage in sound) and all(
            ledger.plain is Fate.ANSWERED and now - (ledger.plain_since or now) > back for ledger in ledgers
        )
        self.court.hold(5, "a vantage's own trouble moves nothing", not clear, f"{before} is well: {told}")

    def _health(self) -> list[Item]:
        return self.world.table.items("HEALTH")

    # --- what is carried out

    def on_route(self, invocation: Invocation, change: RouteChange) -> None:
        owners = self.world.owners.get(change.resource, ())
        told = f"{invocation.name} changes {change.resource} from {change.before} to {change.after}"
        self.world.tell(invocation.name, f"changes {change.resource}: {change.before} -> {change.after}")
        self.court.hold(9, "only configured routes", bool(owners), told)
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
        hop = "none" if path is None or path.next_hop is None else path.next_hop.id
        self.court.hold(10, "only what is desired", hop == change.after, f"{path and path.name} is desired: {told}")
        pause = part(seen, "pause")
        paused = pause is not None and invocation.clock() < number(pause, "expires_at") - SLACK_SECONDS
        self.court.hold(6, "a pause halts changes", not paused, told)
        if self.court.strict and text(pending, "kind") == "completion" and path is not None:
            dead = self.court.bench.held_for(path.target, BAD) > 1.0
            self.court.hold(2, "nothing is completed onto what is UNHEALTHY", not dead, told)
        if identifier is not None:
            if identifier not in self.acted_on and path is not None and not self._may_begin_anyhow(group, held, change):
                self._judge_beginning(group, path.name, invocation, told)
            self.acted_on.add(identifier)
            invocation.changed.setdefault(identifier, set()).add(change.resource)
            self.owed.setdefault(group.name, {}).setdefault(identifier, self.world.kernel.now)

    def _may_begin_anyhow(self, group: Group, held: Item | None, change: RouteChange) -> bool:
        """Whether somebody forces it, no packet got through before, or routes are already here and there.

        What has been begun is completed (docs/hunting.md, "Known"). Drift is judged when it is decided on.
        """
        pending = part(held, "pending")
        machine = self.world.ec2.machines.get(change.before)
        nowhere = change.before == "none" and all(path.next_hop is not None for path in group.paths)
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

    # --- what is told

    def on_event(self, pk: str, new: Item, invocation: Invocation | None) -> None:
        name, identifier = pk.removeprefix("EVENT#"), text(new, "id") or ""
        known = self.recorded.setdefault(name, {})
        self.court.hold(7, "one event a change", identifier not in known, f"{identifier} is in history twice")
        known[identifier] = new
        self.owed.get(name, {}).pop(identifier, None)
        self.world.tell(name, f"history: {text(new, 'kind')} to {text(new, 'to_path')}: {text(new, 'reason')}")
        whole = bool(text(new, "reason") and text(new, "to_path") and text(new, "kind") and number(new, "decided_at"))
        self.court.hold(7, "history says why", whole, f"{identifier} does not")
        if invocation is None:
            return
        told = {text(entry.get("M"), "resource") for entry in parts(new, "changes")}
        missing = invocation.changed.get(identifier, set()) - told
        self.court.hold(7, "history says what", not missing, f"{identifier} leaves out {missing}")
        self.history.judge(self.world.plan.configuration.groups[name], new, self.world.drifted_ago(name))

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
