"""Law 7 for what history says: from where to where, what was changed, what became of it and when."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from lab.simulator.ec2_client import RouteChange
from lab.simulator.laws.bars import places
from lab.simulator.laws.court import SLACK_SECONDS, Court
from lab.simulator.laws.raw import number, part, parts, text
from lab.simulator.world import World
from routekeeper.domain.settings import Group
from routekeeper.store.codec import Item

SAVING_SECONDS: Final = 15.0
"""How long what is decided may take to be saved."""
STALE_SECONDS: Final = 60.0
"""For how long what has been read is relied on."""
TROUBLE_SECONDS: Final = 130.0
"""For how long after trouble what was read need not be what there was."""


@dataclass(frozen=True, slots=True)
class Beginning:
    at: float
    left: frozenset[str | None]
    """The path that was left: the one desired before or, where an unfinished one is overtaken, what that left."""
    to: str | None


@dataclass(slots=True)
class History:
    world: World
    court: Court
    begun: dict[str, Beginning] = field(default_factory=dict)
    accepted: dict[str, dict[str, list[RouteChange]]] = field(default_factory=dict)
    """What EC2 has done, by the transition under way and the resource."""

    def on_group(self, old: Item | None, new: Item) -> None:
        """A group's item was written: a transition may have begun."""
        before, pending = part(old, "pending"), part(new, "pending")
        identifier = text(pending, "id")
        if identifier is None or identifier in self.begun:
            return
        overtaken = self.begun.get(text(before, "id") or "")
        left = overtaken.left if overtaken is not None else frozenset[str | None]()
        match text(pending, "kind"):
            case "completion":
                if overtaken is None:
                    return
            case "drift":
                left = frozenset({text(new, "path")})
            case _:
                left = left | {text(old, "path")}
        self.begun[identifier] = Beginning(self.world.kernel.now, left, text(new, "path"))

    def on_route(self, group: str, change: RouteChange) -> None:
        identifier = text(part(self.world.table.group(group), "pending"), "id")
        if identifier is not None:
            self.accepted.setdefault(identifier, {}).setdefault(change.resource, []).append(change)

    def judge(self, group: Group, event: Item, drifted_ago: float) -> None:
        identifier = text(event, "id") or ""
        begun = self.begun.get(identifier)
        if begun is not None:
            came, went = text(event, "from_path"), text(event, "to_path")
            told = f"{identifier}: from {came} to {went}, where it was from {set(begun.left)} to {begun.to}"
            self.court.hold(7, "history says where from and where to", came in begun.left and went == begun.to, told)
        self._hold_to_times(group, event, begun)
        since_begun = self.world.kernel.now - begun.at if begun is not None else 0.0
        if drifted_ago <= max(TROUBLE_SECONDS, since_begun):
            return  # what was done may have been undone by somebody else's hand
        # What was read in a world whose reads lag may be what was there before the change before.
        calm = not self.court.excused(group.name, TROUBLE_SECONDS) and not self.world.plan.lag
        self._hold_to_whereabouts(group, event, calm=calm)
        for entry in parts(event, "changes"):
            self._hold_to_what_was_done(group, event, entry["M"], calm=calm)

    def _hold_to_times(self, group: Group, event: Item, begun: Beginning | None) -> None:
        identifier, now = text(event, "id") or "", self.world.kernel.now
        lost, verdict, applied = (number(event, name) for name in ("first_loss_at", "verdict_at", "applied_at"))
        decided = number(event, "decided_at")
        following = part(self.world.table.group(group.name), "pending")
        overtaken = following is not None and text(following, "kind") != "completion"
        # Who is overtaken, or called off before anything was done, has not been applied.
        excused = overtaken or not self.accepted.get(identifier)
        self.court.hold(7, "history says when it was applied", bool(applied) or excused, identifier)
        reconsidered = begun is None or len(begun.left) > 1  # what was decided in between had not been reached
        well = text(event, "kind") != "failover" or bool(verdict) or reconsidered
        self.court.hold(7, "history says since when the path was UNHEALTHY", well, identifier)
        told = [at for at in (lost, verdict, decided, applied) if at]
        ordered = all(later >= earlier - SLACK_SECONDS for earlier, later in pairwise(told))
        story = f"{identifier}: {', '.join(f'{at - now:.1f}' for at in told)} s from now"
        self.court.hold(7, "history's times are in order", ordered and told[-1] <= now + SLACK_SECONDS, story)
        if begun is not None:
            saved = -SLACK_SECONDS < begun.at - decided < SAVING_SECONDS or self.court.excused(group.name, 60)
            self.court.hold(
                7, "history's times are true", saved, f"{story}; it was begun {begun.at - now:.1f} s from now"
            )

    def _hold_to_whereabouts(self, group: Group, event: Item, *, calm: bool) -> None:
        """Where traffic was then, as the routes have it: it need not be on the path that it should be on."""
        changed = [self.world.foreign.get(resource, -1e12) for resource in self.world.resources(group)]
        late = self.world.was_stale(group.name, STALE_SECONDS)
        if not calm or late or self.world.kernel.now - max(changed, default=-1e12) < STALE_SECONDS:
            return
        said, really = places(event), self.world.whereabouts(group)
        told = f"{text(event, 'id')}: {said}, and the routes say {really}"
        self.court.hold(14, "history says where traffic is", said == really, told)

    def _hold_to_what_was_done(self, group: Group, event: Item, told: Item, *, calm: bool) -> None:
        resource, refused = text(told, "resource") or "", text(part(told, "refusal"), "words")
        before, after = text(told, "before") or "", text(told, "after") or ""
        done = self.accepted.get(text(event, "id") or "", {}).get(resource, [])
        story = f"{text(event, 'id')}: {resource} from {before} to {after}, {refused or 'changed'}; EC2 did {done}"
        if done:
            right = after == done[-1].after
            seen = before.removesuffix(" (blackhole)").split("/")
            right = right and (not calm or any(change.before in seen for change in done))
            self.court.hold(7, "history says what was changed", right, story)
        if resource not in self.world.resources(group):
            return
        there = bool(done) or self.world.is_on(group, resource, text(event, "to_path") or "")
        if refused is not None:
            self.court.hold(7, "history says what was done", not (calm and there), story)
        elif not self.world.was_stale(group.name, STALE_SECONDS):
            self.court.hold(7, "history says what has failed", there, story)
