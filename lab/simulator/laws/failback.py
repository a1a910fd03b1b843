"""Law 4 for the way back: flaps and windows, counted from what routers have stored, with arithmetic of its own."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lab.simulator.invocation import Invocation
from lab.simulator.laws.court import Court
from lab.simulator.laws.raw import flag, number, part, text
from lab.simulator.laws.signals import Signals
from lab.simulator.laws.verdicts import BAD, GOOD, Spell
from lab.simulator.world import World
from routekeeper.domain.settings import FailbackPolicy, Group, Path
from routekeeper.domain.windows import Day
from routekeeper.store.codec import Item
from routekeeper.store.writes import key_of

A_FLAP = 1000.0
DECISION_SECONDS = 15.0
"""How long what is decided may take to be stored."""
SEEN_SECONDS = 5.0
"""A verdict of which the stream tells, and that lasts for so long, is seen by the router."""
LATE_SECONDS = 30.0
"""What has lasted for longer was looked at before; a flap may be forgotten while it goes on."""
SKEW_SECONDS = 3.0
"""How far clocks may disagree."""
STEP_SECONDS = 300.0
"""Windows of drawn worlds open at whole five minutes."""


@dataclass(slots=True)
class Tally:
    """One path's flaps, as the design has them add up."""

    penalty: float = 0.0
    at: float = -1e12
    suppressed: bool = False

    def now(self, rules: FailbackPolicy, now: float) -> float:
        assert rules.damping is not None
        return self.penalty * math.exp(-math.log(2) * max(now - self.at, 0.0) / rules.damping.half_life_seconds)

    def flap(self, rules: FailbackPolicy, now: float) -> None:
        assert rules.damping is not None
        left, rule = self.now(rules, now), rules.damping
        most = rule.reuse * math.exp(math.log(2) * rule.longest_seconds / rule.half_life_seconds)
        self.suppressed = self.suppressed and left >= rule.reuse
        self.penalty, self.at = min(left + A_FLAP, most), max(now, self.at)
        self.suppressed = self.suppressed or self.penalty >= rule.suppress

    def ends_at(self, rules: FailbackPolicy) -> float:
        """When the path may be returned to, as far as its flaps go."""
        if not self.suppressed or rules.damping is None:
            return -1e12
        return self.at + rules.damping.half_life_seconds * math.log(self.penalty / rules.damping.reuse) / math.log(2)


def inside(rules: FailbackPolicy, now: float) -> bool:
    """Whether clocks in the group's zone show a time in one of its windows; without windows always."""
    if rules.windows is None:
        return True
    shown = datetime.fromtimestamp(now, rules.windows.zone)
    minute = shown.hour * 60 + shown.minute
    for window in rules.windows.windows:
        opens, closes = (edge.hour * 60 + edge.minute for edge in (window.opens, window.closes))
        began = shown.date() - timedelta(days=1 if minute < opens else 0)
        if (minute - opens) % 1440 < ((closes - opens) % 1440 or 1440) and list(Day)[began.weekday()] in window.days:
            return True
    return False


def flaps_of(group: Item | None, path: str) -> Item | None:
    """What a group's item remembers of the flaps of one of its paths."""
    return part(part(part(group, "paths"), path), "flaps")


@dataclass(slots=True)
class Failbacks:
    world: World
    court: Court
    signals: Signals
    tallies: dict[tuple[str, str], Tally] = field(default_factory=dict)
    """By group and path."""
    first_at: dict[str, float] = field(default_factory=dict)
    """When each group was first found to have a path."""

    def tally(self, group: Group, path: str) -> Tally:
        return self.tallies.setdefault((group.name, path), Tally())

    # --- what is counted

    def on_group(self, group: Group, old: Item | None, new: Item, invocation: Invocation | None) -> None:
        if invocation is None:
            return
        rules = group.failback
        none = not any(flaps_of(new, path.name) for path in group.paths)
        self.court.hold(4, "flaps count where damping is on", bool(rules.damping) or none, group.name)
        for path in group.paths:
            before, after = (flaps_of(item, path.name) for item in (old, new))
            if rules.damping is None or before == after:
                continue
            tally = self.tally(group, path.name)
            if flag(after, "down") and not flag(before, "down"):
                at = number(after, "at")
                told = f"{path.name} of {group.name} flapped at {at:.0f}, by the clock of {invocation.name}"
                self.court.hold(4, "flaps have a time", abs(at - invocation.clock()) < DECISION_SECONDS, told)
                tally.flap(rules, at)
                found = number(after, "penalty")
                story = f"{path.name} of {group.name}: {found:.1f}, expected {tally.penalty:.1f}"
                self.court.hold(4, "flaps add up", math.isclose(found, tally.penalty, rel_tol=1e-6), story)
            elif after is None:
                left = tally.now(rules, invocation.clock())
                self.court.hold(4, "flaps are remembered", left < 12, f"{path.name} of {group.name}: {left:.1f}")
                self.tallies[group.name, path.name] = Tally()

    def on_tick(self) -> None:
        """What has failed for some seconds has been counted by the router, and what is well is no longer down."""
        ended = self.court.bench.take_spells()
        spells = [s for s in ended if min(s.well_for, s.length) > SEEN_SECONDS and s.length < LATE_SECONDS]
        # The router need not have been told of the failure, or that the path was well since the last pass before it.
        spells = [s for s in spells if not self.court.unheralded(60 + self.world.kernel.now - s.began_at)]
        for name, group in self.world.plan.configuration.groups.items():
            if group.failback.damping is None or self.court.excused(name, 130):
                continue
            held = self.world.table.group(name)
            if text(held, "path") is None:
                continue
            self.first_at.setdefault(name, self.world.kernel.now)
            for path in group.paths:
                self._hold_to_count(group, path, flaps_of(held, path.name), spells)

    def _hold_to_count(self, group: Group, path: Path, known: Item | None, spells: list[Spell]) -> None:
        """Hold what is stored of a path's flaps to how it has been."""
        bench, name = self.court.bench, group.name
        at, down = number(known, "at"), flag(known, "down")
        began = [s.began_at for s in spells if s.target == path.target and s.began_at > self.first_at[name]]
        if began and self.world.kernel.now - self.signals.of(name, path.name).last < 60:
            began = []  # it counted as UNHEALTHY before, and no router need have woken for it
        if began and self.world.drifted_ago(name) < 60:
            began = []  # a router that looks for what it has changed, and another hand undid, looks no further
        missed = max(began, default=at) - SKEW_SECONDS > at
        missed = missed or (not down and bench.held_for(path.target, BAD) > 130)
        stuck = down and bench.held_for(path.target, GOOD) > 130
        found = path.name, name, bench.word(path.target), began, at, down
        told = "{} of {} is {}, failed at {}, stored is {}, {}"
        self.court.hold(4, "flaps are counted", not missed and not stuck, told, *found)

    # --- what is done about it

    def judge_return(self, group: Group, path: str, invocation: Invocation, told: str) -> None:
        rules, now = group.failback, invocation.clock()
        left = self.tally(group, path).ends_at(rules) - now
        self.court.hold(4, "returning waits for damping", left <= 0.1, f"suppressed for {left:.1f} s: {told}")
        when = [now - ago for ago in (0.0, 1.0, 3.0, 7.0, DECISION_SECONDS)]
        self.court.hold(4, "returning keeps to windows", any(inside(rules, at) for at in when), told)

    def judge_choice(self, group: Group, path: str, healthy: set[str], invocation: Invocation, told: str) -> None:
        """Who must leave goes where it is calm, if it can."""
        rules, now = group.failback, invocation.clock()
        left = self.tally(group, path).ends_at(rules) - now
        calm = [name for name in healthy if name != path and self.tally(group, name).ends_at(rules) < now - 30]
        self.court.hold(4, "a calm path is preferred", left < 30 or not calm, f"{calm} would have been calm: {told}")

    def allowed_for(self, group: Group, path: str, seconds: float) -> bool:
        """Whether neither damping nor windows have kept anybody from returning to the path for so long."""
        rules, now = group.failback, self.world.kernel.now
        moments = [now - seconds * part / 8 for part in range(9)]
        return self.tally(group, path).ends_at(rules) < now - seconds and all(inside(rules, at) for at in moments)

    def waiting(self) -> Iterator[tuple[Group, tuple[str, ...]]]:
        """The groups that are not on their first path, with the paths that they might return to."""
        for item in self.world.table.items("GROUP"):
            group = self.world.plan.configuration.groups[key_of(item).sk]
            names = tuple(path.name for path in group.paths)
            if (here := text(item, "path")) in names[1:]:
                yield group, names[: names.index(here)]

    def coming(self) -> Iterator[float]:
        """When failbacks that wait will be allowed: time must not leap over these."""
        now = self.world.kernel.now
        for group, better in self.waiting():
            yield from (self.tally(group, path).ends_at(group.failback) for path in better)
            if not inside(group.failback, now):
                first = math.ceil(now / STEP_SECONDS) * STEP_SECONDS
                steps = (first + STEP_SECONDS * step for step in range(16 * 288))
                yield next(at for at in steps if inside(group.failback, at))

    def allowed_within(self, seconds: float) -> bool:
        """Whether some failback was first allowed so short a time ago that it may still be on its way."""
        now = self.world.kernel.now
        for group, better in self.waiting():
            if inside(group.failback, now) and not inside(group.failback, now - seconds):
                return True
            if any(0 <= now - self.tally(group, path).ends_at(group.failback) < seconds for path in better):
                return True
        return False
