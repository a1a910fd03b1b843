"""Laws 13 and 14: what EC2 refuses for good waits for its next try, and nothing waits for it in the meantime."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from lab.simulator.ec2_client import Refused, RouteChange
from lab.simulator.invocation import Invocation
from lab.simulator.laws.court import SLACK_SECONDS, Court
from lab.simulator.laws.raw import flag, number, part, parts, text
from lab.simulator.laws.verdicts import GOOD
from lab.simulator.world import World
from routekeeper.domain.settings import Group
from routekeeper.store.codec import Item

SKEW_SECONDS: Final = 3.0
"""How far clocks may disagree."""
ONE_TRY_SECONDS: Final = 15.0
"""Refusals so close together are one try: of several routes, or repeated because the first may have been EC2's lag."""
WATCHED_SECONDS: Final = 600.0
TRIES: Final = 6
"""In that time at most. At a pace that begins with a minute and doubles there are four."""
TRIES_STRANDED: Final = 15
"""While nothing else is left, and each minute's pass may ask."""
KEPT_SECONDS: Final = 60.0
"""Another path that has been HEALTHY and not refused for so long is known to everybody."""
LONGEST_SECONDS: Final = 3600.0
"""From one try to the next."""
TRUE_SECONDS: Final = 60.0
"""How long after a refusal a bar may be stored that stands for it."""
APART_SECONDS: Final = 130.0
"""For how long a group may name a path that EC2 refuses while its routes are on another: two passes."""

UNLIKE_LOOKS: Final = 26
"""How many looks, one every five seconds, may pass until what is stored of where traffic is agrees with the routes."""

_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """One refusal of EC2's."""

    at: float
    code: str
    of_route: bool
    """Whether it was the route's trouble: its table or its prefix list is refused, whatever it is to lead to."""


@dataclass(slots=True)
class Bars:
    world: World
    court: Court
    refused_at: dict[_Key, float] = field(default_factory=dict)
    """By group and path: when EC2 was last known to refuse every route that would have to move."""
    refused_since: dict[_Key, float] = field(default_factory=dict)
    """Since when it has done so without a break."""
    barred_at: dict[_Key, float] = field(default_factory=dict)
    """When a bar last stood in the table."""
    apart_since: dict[str, float] = field(default_factory=dict)
    """Since when a group's routes have been on another path than the one it names, which EC2 refuses."""
    tries: dict[_Key, list[float]] = field(default_factory=dict)
    """When EC2 has refused the next hop of a path."""
    answers: dict[_Key, list[Answer]] = field(default_factory=dict)
    """All refusals of routes onto a path."""
    begun_at: dict[str, float] = field(default_factory=dict)
    """When a bar was last put up in each group, or renewed."""
    unlike: dict[str, int] = field(default_factory=dict)
    """For how many looks what is stored of where a group's traffic is has not been what the routes say."""
    owed_since: dict[_Key, float] = field(default_factory=dict)
    """Since when it is owed to history that EC2 has refused a path's next hop."""
    accepted_at: dict[_Key, float] = field(default_factory=dict)
    turned_at: dict[_Key, float] = field(default_factory=dict)
    """When EC2 last began, or ceased, to refuse a path."""
    asked_at: dict[str, list[float]] = field(default_factory=dict)
    """When people have asked something of a group, or (`*`) of all: EC2 may be asked at once."""
    refused_transitions: set[str] = field(default_factory=set)
    """Those for which EC2 has refused some route."""

    # --- what is true

    def look(self) -> None:
        """Take down which paths EC2 refuses now, which are barred, and who names a path that it is not on."""
        now = self.world.kernel.now
        for name, group in self.world.plan.configuration.groups.items():
            held = self.world.table.group(name)
            for path in group.paths:
                key = name, path.name
                refuses = self.world.refuses(group, path.name)
                if refuses != (key in self.refused_since):
                    self.turned_at[key] = now
                if refuses:
                    self.refused_at[key] = now
                    self.refused_since.setdefault(key, now)
                else:
                    self.refused_since.pop(key, None)
                if self.bar(held, path.name) is not None and self.until(held, path.name) > now - SKEW_SECONDS:
                    self.barred_at[key] = now
            self._look_at_place(group, held)

    def _look_at_place(self, group: Group, held: Item | None) -> None:
        named, really = text(held, "path"), self.world.path_of(group)
        apart = named is not None and really not in (None, named) and (group.name, named) in self.refused_since
        if not apart or self.world.drifted_ago(group.name) < 200:
            self.apart_since.pop(group.name, None)
        else:
            self.apart_since.setdefault(group.name, self.world.kernel.now)

    def bar(self, held: Item | None, path: str) -> Item | None:
        return part(part(part(held, "paths"), path), "bar")

    def until(self, held: Item | None, path: str) -> float:
        """Until when what is stored keeps everybody from trying the path."""
        return number(self.bar(held, path), "next_try_at", -1e12)

    def taken_for(self, group: str, path: str) -> float:
        """For how many seconds EC2 has not been known to refuse the path."""
        if (group, path) in self.refused_since:
            return 0.0
        return self.world.kernel.now - self.refused_at.get((group, path), -1e12)

    def free_for(self, group: str, path: str) -> float:
        """For how many seconds neither EC2 nor what is stored of its refusals has spoken against the path."""
        return min(self.unbarred_for(group, path), self.taken_for(group, path))

    def was_barred(self, group: str, path: str, seconds: float) -> bool:
        """Whether a bar stood against the path within so many seconds."""
        return self.unbarred_for(group, path) < seconds

    def was_refused(self, group: str, path: str, seconds: float) -> bool:
        """Whether EC2 has refused some route onto the path within so many seconds."""
        return bool(self._lately(group, path, seconds))

    def _lately(self, group: str, path: str, seconds: float) -> list[Answer]:
        return [one for one in self.answers.get((group, path), ()) if self.world.kernel.now - one.at < seconds]

    def unbarred_for(self, group: str, path: str) -> float:
        """For how many seconds no bar has stood against the path."""
        return self.world.kernel.now - self.barred_at.get((group, path), -1e12)

    def coming(self) -> Iterator[float]:
        """When what is stored ends: time must not leap over that."""
        for item in self.world.table.items("GROUP"):
            for memory in (part(item, "paths") or {}).values():
                yield number(part(memory["M"], "bar"), "next_try_at", -1e12)

    def ended_within(self, seconds: float) -> bool:
        """Whether what is stored against a path has ended so short a time ago that it may still be returned to."""
        now = self.world.kernel.now
        for name, group in self.world.plan.configuration.groups.items():
            held, wait = self.world.table.group(name), seconds + group.failback.after_seconds
            if any(0 <= now - self.until(held, path.name) < wait for path in group.paths):
                return True
        return False

    # --- what EC2 is asked

    def on_ask(self, payload: dict[str, object]) -> None:
        """People have asked for something."""
        group = str(payload.get("group", "*"))
        self.asked_at.setdefault(group, []).append(self.world.kernel.now)

    def on_refused(self, invocation: Invocation, refused: Refused) -> None:
        """EC2 has refused to put a route onto a next hop."""
        now = self.world.kernel.now
        self.world.tell(invocation.name, f"is refused {refused.resource} -> {refused.after}: {refused.code}")
        for name, path in self.world.paths_to(refused.resource, refused.after):
            of_route = refused.against == refused.resource or refused.against in refused.resource.split()
            self.answers.setdefault((name, path), []).append(Answer(now, refused.code, of_route))
            held = self.world.table.group(name)
            if (identifier := text(part(held, "pending"), "id")) is not None:
                self.refused_transitions.add(identifier)
            self._hold_to_bar(name, path, invocation)
            if refused.against == refused.after:
                self.owed_since.setdefault((name, path), now)
            if refused.against == refused.after and not self.court.excused(name, WATCHED_SECONDS):
                self._hold_to_pace(name, path, refused)

    def on_route(self, invocation: Invocation, change: RouteChange) -> None:
        """EC2 has put a route onto a next hop."""
        for name, path in self.world.paths_to(change.resource, change.after):
            if self.world.kernel.now - self.owed_since.get((name, path), -1e12) < ONE_TRY_SECONDS:
                del self.owed_since[name, path]  # the same pass has come through after all
            self.accepted_at[name, path] = self.world.kernel.now
            self._hold_to_bar(name, path, invocation)

    def _hold_to_pace(self, group: str, path: str, refused: Refused) -> None:
        now, key = self.world.kernel.now, (group, path)
        tries = self.tries.setdefault(key, [])
        if not tries or now - tries[-1] > ONE_TRY_SECONDS:
            tries.append(now)
        recent = [at for at in tries if now - at < WATCHED_SECONDS]
        asked = [at for at in (*self.asked_at.get(group, ()), *self.asked_at.get("*", ())) if at > recent[0] - 60]
        if self.turned_at.get(key, -1e12) > recent[0] + SLACK_SECONDS:
            return  # two refusals that have nothing to do with each other
        told = f"{len(recent)} times in {now - recent[0]:.0f} s {path} of {group} was refused: {refused.code}"
        often = TRIES if self._has_another(group, path, WATCHED_SECONDS) else TRIES_STRANDED
        self.court.hold(13, "a refused path is barred", len(recent) <= often + len(asked), told)

    def _has_another(self, group: str, path: str, seconds: float) -> bool:
        """Whether another path has been HEALTHY for so long, and not refused."""
        known = self.world.plan.configuration.groups[group]
        others = [p for p in known.paths if p.name != path and not self.world.is_gone(known, p.name, KEPT_SECONDS)]
        well_for = (min(self.court.bench.held_for(p.target, GOOD), self.free_for(group, p.name)) for p in others)
        return any(well > seconds for well in well_for)

    def _hold_to_bar(self, group: str, path: str, invocation: Invocation) -> None:
        """A path is left alone until its next try, unless people force it or nothing else is HEALTHY."""
        held = invocation.groups.get(group)
        until = self.until(held, path)
        if until <= invocation.clock() + SLACK_SECONDS:
            return
        forced = flag(part(held, "pending"), "forced") or flag(part(held, "pin"), "forced")
        forced = forced or flag(part(held, "returning"), "forced")
        well = self._has_another(group, path, KEPT_SECONDS)
        told = f"{invocation.name} tries {path} of {group}, which is barred for {until - invocation.clock():.0f} s"
        self.court.hold(13, "a bar is kept", forced or not well, told)

    # --- what is stored

    def on_group(self, group: Group, old: Item | None, new: Item) -> None:
        now = self.world.kernel.now
        for path in group.paths:
            before, after = self.bar(old, path.name), self.bar(new, path.name)
            if self.until(old, path.name) > now - SKEW_SECONDS:
                self.barred_at[group.name, path.name] = now
            if after is None or after == before:
                continue
            self.barred_at[group.name, path.name] = now
            told = f"{path.name} of {group.name}: {text(after, 'code')}, {text(after, 'words')}"
            ahead = number(after, "next_try_at") - now
            fresh = number(before, "refusals") != number(after, "refusals") or text(before, "code") != text(
                after, "code"
            )
            if fresh:
                self._hold_to_truth(group, path.name, text(after, "code") or "", told)
                self._hold_to_slowing_down(before, after, told)
            soon = "next_try_at" in after and ahead < LONGEST_SECONDS + SKEW_SECONDS
            self.court.hold(13, "a bar has a next try", soon, f"{told}, for {ahead:.0f} s")

    def _hold_to_truth(self, group: Group, path: str, code: str, told: str) -> None:
        """Behind a bar is a refusal, and one that speaks against the path and not only against some of its routes."""
        now, answers = self.world.kernel.now, self._lately(group.name, path, TRUE_SECONDS)
        self.begun_at[group.name] = now
        codes = {one.code for one in answers}
        true = code in codes or self._is_still_changing(group, code)
        self.court.hold(13, "a bar is true", true, f"EC2 said {sorted(codes)}: {told}")
        taken = now - self.accepted_at.get((group.name, path), -1e12) < ONE_TRY_SECONDS
        of_routes = bool(answers) and all(one.of_route for one in answers)
        self.court.hold(13, "a bar is about the path", not (taken and of_routes), f"EC2 took other routes: {told}")

    def _hold_to_slowing_down(self, before: Item | None, after: Item, told: str) -> None:
        """The pause after a try that was due, and was refused again, is twice the one before it, up to an hour."""
        if before is None or number(after, "refused_at") < number(before, "next_try_at"):
            return
        last, next_one = (number(bar, "next_try_at") - number(bar, "refused_at") for bar in (before, after))
        slower = next_one > min(1.9 * last, LONGEST_SECONDS - SKEW_SECONDS)
        self.court.hold(13, "pauses grow", slower, f"after {last:.0f} s come {next_one:.0f} s: {told}")

    def _is_still_changing(self, group: Group, code: str) -> bool:
        """Whether a reference of the group was changed so lately that EC2 may take no other change of it."""
        lately = (self.world.kernel.now - self.accepted_at.get((group.name, p.name), -1e12) for p in group.paths)
        return code == "IncorrectState" and any(ago < TRUE_SECONDS for ago in lately)

    # --- what is left undone

    def on_answered(self, payload: dict[str, object], answer: dict[str, Any]) -> None:
        """Once people have been told that EC2 is asked again, no older bar stands, but where an item is unreadable."""
        if payload.get("action") != "acknowledge" or not answer["ok"]:
            return
        since = self.world.kernel.now - ONE_TRY_SECONDS
        for name, group in self.world.plan.configuration.groups.items():
            held = self.world.table.group(name)
            old = [p.name for p in group.paths if 0 < number(self.bar(held, p.name), "refused_at") < since]
            told = f"{old} of {name} stay barred, though people have acknowledged"
            self.court.hold(13, "an acknowledgement lifts bars", not old or self.world.is_spoilt(name), told)

    def on_tick(self) -> None:
        self._look_at_traffic()
        for name, since in self.apart_since.items():
            held = self.world.table.group(name)
            if self.court.excused(name, APART_SECONDS) or self._is_held(held):
                continue
            waited = self.world.kernel.now - since
            really = self.world.path_of(self.world.plan.configuration.groups[name])
            told = f"{name} names {text(held, 'path')}, and its routes are on {really}: {text(held, 'reason')}"
            self.court.hold(14, "a group is where its routes are", waited < APART_SECONDS, told)

    def _look_at_traffic(self) -> None:
        """Law 14 for what is stored: where traffic is, as the routes have it, a pass or two later."""
        for name, group in self.world.plan.configuration.groups.items():
            held = self.world.table.group(name)
            stored, really = places(held), self.world.whereabouts(group)
            gone = not self.world.resources(group)  # with its route tables: there is no traffic
            if gone or text(held, "path") is None or stored == really or self.court.excused(name, APART_SECONDS):
                self.unlike.pop(name, None)
                continue
            looks = self.unlike[name] = self.unlike.get(name, 0) + 1
            told = f"{name}: {stored} is stored, and the routes say {really}"
            self.court.hold(14, "where traffic is stands in the table", looks < UNLIKE_LOOKS, told)

    def _is_held(self, held: Item | None) -> bool:
        ends = [number(part(held, hold), "expires_at") for hold in ("pin", "pause")]
        return max(ends) > self.world.kernel.now - APART_SECONDS

    def on_settled(self, recorded: dict[str, dict[str, Item]]) -> None:
        """What was refused stands in history, and what EC2 takes again is no longer barred."""
        now = self.world.kernel.now
        for (name, path), answers in self.answers.items():
            held = self.world.table.group(name)
            if self.court.excused(name, 200) or self._is_held(held):
                continue
            told = f"{path} of {name} was refused: {answers[-1].code}"
            events = recorded.get(name, {}).values()
            said = any(text(event, "to_path") == path and _has_failed(event) for event in events)
            owed = now - self.owed_since.get((name, path), now) > 200
            self.court.hold(7, "a refusal is in history", said or not owed, told)
            taken = self.accepted_at.get((name, path), -1e12) > answers[-1].at
            there = self.world.path_of(self.world.plan.configuration.groups[name]) == path == text(held, "path")
            lifted = self.bar(held, path) is None or not (taken and there)
            self.court.hold(13, "a bar is lifted", lifted, told)


def places(item: Item | None) -> tuple[tuple[str, ...], int] | None:
    """Where a group's item or a line of its history says that traffic is: on which paths, and how many routes not."""
    if (traffic := part(item, "traffic")) is None:
        return None
    return tuple(one["S"] for one in parts(traffic, "paths")), int(number(traffic, "astray"))


def _has_failed(event: Item) -> bool:
    return any("refusal" in entry["M"] for entry in parts(event, "changes"))
