"""What an invocation has seen: the table as it read it, from which a decision may be old but not wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lab.simulator.invocation import Glimpse, Invocation
from lab.simulator.laws.raw import number, text
from lab.simulator.laws.signals import Signals
from lab.simulator.laws.verdicts import GOOD, SKEW_SECONDS, count
from lab.simulator.world import World
from routekeeper.domain.settings import Group

LATELY_SECONDS: Final = 6.0
"""How old what is decided on may be."""
SILENCE_SECONDS: Final = 25.0
"""How old while the table does not answer: it could not be read anew."""


@dataclass(frozen=True, slots=True)
class Looks:
    world: World
    signals: Signals

    def lately(self, invocation: Invocation) -> list[Glimpse]:
        """What it has read of the table, so short a time ago that it may decide on it."""
        now = self.world.kernel.now
        silence = now - self.world.troubled.get("*", -1e12) < SILENCE_SECONDS
        since = now - (SILENCE_SECONDS if silence else LATELY_SECONDS)
        return [glimpse for glimpse in invocation.glimpses if glimpse.at >= since]

    def words(self, group: Group, path: str, invocation: Invocation, *, believe_all: bool = False) -> set[str]:
        """What the table said of the path, each time that the invocation has looked lately."""
        found = group.path(path)
        if found is None or found.target is None:
            return {GOOD}
        words = set()
        for glimpse in self.lately(invocation):
            for late in (0.0, 0.5):  # the table was read at one moment and judged within the next
                now = glimpse.at + invocation.skew + late
                said = count(
                    self.world.plan.configuration, glimpse.vantages, glimpse.health, now, believe_all=believe_all
                )
                words.add(said[found.target])
        return words

    def is_well(self, group: Group, path: str, invocation: Invocation) -> bool:
        """Whether the path was HEALTHY at each look, and AWS had said nothing against it."""
        return bool(self.words(group, path, invocation)) and not self.is_doubted(group, path, invocation)

    def is_doubted(self, group: Group, path: str, invocation: Invocation) -> bool:
        """Whether the path was not HEALTHY at some look, or AWS had spoken against it."""
        return bool(self.words(group, path, invocation) - {GOOD}) or self.spoken_against(group, path, invocation)

    def spoken_against(
        self, group: Group, path: str, invocation: Invocation, *kinds: str, always: bool = False
    ) -> bool:
        """Whether the table held a signal against the path when the invocation looked lately: ever, or each time."""
        found, glimpses = group.path(path), self.lately(invocation)
        if found is None or not glimpses:
            return False
        leeway = -SKEW_SECONDS if always else SKEW_SECONDS
        spoken = (
            any(
                (not kinds or text(item, "kind") in kinds)
                and not (always and self.signals.may_be_over(found, item, glimpse.health))
                for item in self.signals.against(found, glimpse.signals, glimpse.at, leeway)
            )
            for glimpse in glimpses
        )
        return all(spoken) if always else any(spoken)

    def hears(self, vantage: str, invocation: Invocation) -> bool:
        """Whether its heartbeat was fresh at each look: who is not heard speaks against nobody."""
        beats = [
            now - number(item, "heartbeat_at")
            for now, items in ((g.at + invocation.skew, g.vantages) for g in self.lately(invocation))
            for item in items
            if text(item, "name") == vantage
        ]
        return max(beats, default=1e12) < self.world.plan.configuration.stale_after_seconds - SKEW_SECONDS
