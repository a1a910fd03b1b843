"""Laws 2, 4, 5 and 6 for a move that is committed: onto what, away from what, and whether anybody asked for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lab.simulator.grey import clear_seconds
from lab.simulator.invocation import Invocation
from lab.simulator.laws.bars import Bars
from lab.simulator.laws.brake import Brakes
from lab.simulator.laws.changes import Changes
from lab.simulator.laws.court import SLACK_SECONDS, Court
from lab.simulator.laws.failback import Failbacks
from lab.simulator.laws.looks import Looks
from lab.simulator.laws.raw import flag, number, part, text
from lab.simulator.laws.verdicts import BAD, GOOD
from lab.simulator.lines import Fate
from lab.simulator.world import World
from routekeeper.domain.settings import FailbackMode, Group, Quorum
from routekeeper.store.codec import Item

LOOK_SECONDS: Final = 70.0
"""From one look of the router to the next at most."""
BAR_SLACK_SECONDS: Final = 10.0
"""How far the judge may be mistaken about when a bar has ended: it looks every five seconds, and clocks differ."""


@dataclass(frozen=True, slots=True)
class Moves:
    world: World
    court: Court
    brakes: Brakes
    failbacks: Failbacks
    looks: Looks
    changes: Changes
    bars: Bars

    def judge(self, group: Group, old: Item | None, new: Item, invocation: Invocation, told: str) -> None:
        """A group was moved to another path; `told` says by whom, from where to where and why."""
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
        self._judge_unasked(group, old, left, after, invocation, told)
        bad = BAD in self.looks.words(group, left, invocation) or self.looks.spoken_against(group, left, invocation)
        if not bad and not self._is_lost(group, left):
            self.brakes.on_deferrable(new, told)

    def _is_lost(self, group: Group, path: str) -> bool:
        """Whether the path's next hop is gone or barred, or was a moment ago, whatever its probes say."""
        return self.world.is_gone(group, path, within=60) or self.bars.was_barred(group.name, path, 60)

    def _is_not_begun(self, group: Group, old: Item | None, desired: str) -> bool:
        """Whether the group was to go to the path, and no route has been changed for it."""
        waiting = text(part(old, "pending"), "id")
        return waiting is not None and waiting not in self.changes.acted_on and self.world.path_of(group) != desired

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

    def _judge_unasked(
        self, group: Group, old: Item | None, before: str, after: str, invocation: Invocation, told: str
    ) -> None:
        names = [path.name for path in group.paths]
        gone = self._is_lost(group, before)
        words = self.looks.words(group, before, invocation)
        if BAD in words or gone:
            if not gone:
                self._hold_to_trouble(group, before, invocation, told)
            healthy = {path.name for path in group.paths if self.looks.is_well(group, path.name, invocation)}
            healthy = {name for name in healthy if self.bars.free_for(group.name, name) > 60}
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
        self._hold_to_hold_down(group, old, before, after, told)
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

    def _hold_to_hold_down(self, group: Group, old: Item | None, before: str, after: str, told: str) -> None:
        """A path that EC2 has refused is returned to after its hold-down, and not just to find out."""
        wait, path = group.failback.after_seconds, group.path(before)
        well_for = self.court.bench.held_for(path.target if path is not None else None, GOOD)
        here_for = self.world.kernel.now - number(old, "since")
        if min(well_for, here_for) < wait + LOOK_SECONDS:
            return  # while nothing was HEALTHY, or just after a move, its bar did not count
        unbarred = self.bars.unbarred_for(group.name, after)
        story = f"{after} was barred {unbarred:.0f} s ago: {told}"
        self.court.hold(13, "returning waits after a bar", unbarred > wait - BAR_SLACK_SECONDS, story)

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
