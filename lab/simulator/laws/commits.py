"""Laws 2, 6 and 7 for what is committed: each time that a group's item is written."""

from __future__ import annotations

from dataclasses import dataclass, field

from lab.simulator.invocation import Invocation
from lab.simulator.laws.blackholes import Blackholes
from lab.simulator.laws.brake import Brakes
from lab.simulator.laws.court import SLACK_SECONDS, Court
from lab.simulator.laws.failback import Failbacks
from lab.simulator.laws.history import History
from lab.simulator.laws.looks import LATELY_SECONDS, Looks
from lab.simulator.laws.moves import Moves
from lab.simulator.laws.raw import flag, number, part, parts, text
from lab.simulator.laws.records import Records
from lab.simulator.laws.verdicts import GOOD
from lab.simulator.world import World, hop_names
from routekeeper.domain.settings import Group
from routekeeper.store.codec import Item


@dataclass(slots=True)
class Commits:
    world: World
    court: Court
    brakes: Brakes
    failbacks: Failbacks
    blackholes: Blackholes
    looks: Looks
    history: History
    records: Records
    moves: Moves
    moved: int = 0
    """How many moves were committed."""
    lifted_at: dict[str, float] = field(default_factory=dict)
    """When people last let go of a group that they had held."""

    def lifted_ago(self, group: str) -> float:
        """Seconds since people last let go of the group."""
        return self.world.kernel.now - self.lifted_at.get(group, 0.0)

    def on_group(self, writer: str, old: Item | None, new: Item, invocation: Invocation | None) -> None:
        """A group's item was written: by people, who only ask, or by a router, which moves."""
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
        self.blackholes.bars.on_group(group, old, new)
        if invocation is not None and self._begins(old, new, "drift") and self._could_stay(group, new, invocation):
            self.brakes.on_deferrable(
                new, f"{writer} puts drift of {name} right: {text(part(new, 'pending'), 'reason')}"
            )
        self.failbacks.on_group(group, old, new, invocation)
        pending = part(new, "pending")
        self._owe(group, old, new, invocation)
        if after is None or after == before:
            return
        if pending is None and before is None:
            return  # adopted: nothing moves
        if text(pending, "kind") in (None, "completion") and self._steps_back(group, old, after):
            return  # what could not begin is over: nothing moves, and what is left of the move before is owed again
        self.moved += 1
        self.world.tell(writer, f"decides: {name} from {before} to {after}: {text(new, 'reason')}")
        told = f"{writer} moves {name} from {before} to {after}: {text(new, 'reason')}"
        self.court.hold(7, "a move is owed to history", pending is not None, told)
        if invocation is not None:
            self.moves.judge(group, old, new, invocation, told)

    def _owe(self, group: Group, old: Item | None, new: Item, invocation: Invocation | None) -> None:
        """What is under way is owed to history; what is called drift has to be drift."""
        before, pending = part(old, "pending"), part(new, "pending")
        self._forget_rest(group.name, before, pending)
        if pending is None or (identifier := text(pending, "id")) is None:
            return
        self.records.owe(group.name, identifier)
        if text(pending, "kind") == "drift" and identifier != text(before, "id"):
            self._judge_drift(group, new, pending, invocation)
            self._hold_to_others(group, pending)

    def _forget_rest(self, group: str, old: Item | None, new: Item | None) -> None:
        """What was left of an earlier move needs no line of its own if it is given up with nothing done."""
        identifier = text(old, "id")
        if text(old, "kind") != "completion" or identifier == text(new, "id"):
            return
        if identifier not in self.moves.changes.acted_on:
            self.records.owed.get(group, {}).pop(identifier or "", None)

    def _steps_back(self, group: Group, old: Item | None, after: str) -> bool:
        """Whether the group gives up a move that EC2 has refused, and names the path of its routes again."""
        identifier, before = text(part(old, "pending"), "id"), text(old, "path") or ""
        refused = identifier in self.blackholes.bars.refused_transitions
        untouched = identifier not in self.moves.changes.acted_on
        there = any(self.world.is_on(group, one, after) for one in self.world.resources(group))
        there = there or self.world.path_of(group) is None  # all are lost: it names the path that it left
        if refused and untouched and there and self.blackholes.bars.was_refused(group.name, before, 60):
            self.brakes.on_given_up(identifier or "")
            return True
        return False

    def _hold_to_others(self, group: Group, pending: Item | None) -> None:
        """What is called somebody else's change is one, and not our own that a read has shown late."""
        if self.court.excused(group.name, 130) or self.world.was_stale(group.name, 30):
            return
        planned = [text(change["M"], "resource") or "" for change in parts(pending, "changes")]
        theirs = any(resource in self.world.foreign for resource in planned)
        told = f"{planned} of {group.name}: {text(pending, 'reason')}"
        self.court.hold(7, "drift is somebody else's", theirs, told)

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

    def _begins(self, old: Item | None, new: Item, kind: str) -> bool:
        """Whether a transition of that kind has begun."""
        before, after = part(old, "pending"), part(new, "pending")
        return text(after, "kind") == kind and text(before, "id") != text(after, "id")

    def _could_stay(self, group: Group, new: Item, invocation: Invocation) -> bool:
        """Whether every route that drifted was seen on a path that was HEALTHY whenever the table was read."""
        for change in parts(part(new, "pending"), "changes"):
            seen = text(change["M"], "before") or ""
            names = [p.name for p in group.paths if not hop_names(p).isdisjoint(seen.split("/"))]
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
        none = "none" if all("none" not in hop_names(path) for path in group.paths) else "(blackhole)"
        planned = [change["M"] for change in parts(pending, "changes") if "refusal" not in change["M"]]
        found = [text(change, "before") or "none" for change in planned]
        words = self.looks.words(group, path.name, invocation)
        right = GOOD in words or all(before == none or before.endswith("(blackhole)") for before in found)
        told = f"{path.name} was {words or 'not looked at'}, and the routes of {group.name} are taken from {found}"
        self.court.hold(2, "drift is put right onto HEALTHY only", right, told)
