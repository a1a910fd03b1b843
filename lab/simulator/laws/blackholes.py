"""Which path has been left because its route was a blackhole, and for how long that may speak against it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from lab.simulator.laws.bars import Bars
from lab.simulator.laws.court import Court
from lab.simulator.laws.raw import number, part, text
from lab.simulator.laws.verdicts import GOOD
from lab.simulator.world import World
from routekeeper.domain.settings import Group
from routekeeper.store.codec import Item

SKEW_SECONDS: Final = 3.0
"""How far clocks may disagree."""
SEEN_SECONDS: Final = 60.0
"""How long after an instance is up again what was read may still show its route as a blackhole."""
UNPROBED_SECONDS: Final = 86_400.0
"""For how long it speaks against a path without a target, of which no probe will say that it is well again."""


@dataclass(slots=True)
class Blackholes:
    world: World
    court: Court
    bars: Bars
    stood_at: dict[tuple[str, str], float] = field(default_factory=dict)
    """By group and path: when such a mark may last have stood."""
    nowhere_since: dict[str, float] = field(default_factory=dict)
    """By route: since when it has really been a blackhole."""

    def on_group(self, group: Group, old: Item | None, new: Item) -> None:
        """A mark that is new has to be true."""
        before, now = dict(_marks(old)), self.world.kernel.now
        for path, at in _marks(new):
            if before.get(path) != at:
                self.stood_at[group.name, path] = now
                gone = self.world.is_gone(group, path, within=SEEN_SECONDS)
                self.court.hold(4, "only a blackhole counts as one", gone, f"{path} of {group.name} was none")

    def look(self) -> None:
        self._look_at_routes()
        for name, group in self.world.plan.configuration.groups.items():
            for path, at in _marks(self.world.table.group(name)):
                if self._may_stand(group, path, at):
                    self.stood_at[name, path] = self.world.kernel.now

    def _look_at_routes(self) -> None:
        for group in self.world.plan.configuration.groups.values():
            for resource in self.world.resources(group):
                if self.world.leads_nowhere(resource):
                    self.nowhere_since.setdefault(resource, self.world.kernel.now)
                else:
                    self.nowhere_since.pop(resource, None)

    def free_for(self, group: str, path: str) -> float:
        """For how many seconds no mark has stood against the path, or may have, and EC2 has not refused it."""
        unmarked = self.world.kernel.now - self.stood_at.get((group, path), -1e12)
        return min(unmarked, self.bars.free_for(group, path))

    def _may_stand(self, group: Group, name: str, at: float) -> bool:
        """Not once everybody who calls the target HEALTHY has said so after it was left."""
        path = group.path(name)
        if path is None:
            return False
        if path.target is None:
            return self.world.kernel.now - at < UNPROBED_SECONDS + SKEW_SECONDS
        said = [item for item in self.world.table.items("HEALTH") if text(item, "target") == path.target]
        good = [number(item, "since") for item in said if text(item, "health") == GOOD]
        return self.court.bench.word(path.target) != GOOD or min(good, default=0.0) <= at + SKEW_SECONDS


def _marks(group: Item | None) -> Iterator[tuple[str, float]]:
    """The paths that a group's item marks as left because of a blackhole, and when they were."""
    for path, memory in (part(group, "paths") or {}).items():
        if "blackholed_at" in (marked := memory["M"]):
            yield path, number(marked, "blackholed_at")
