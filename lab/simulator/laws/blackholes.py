"""Which path has been left because its route was a blackhole, and for how long that may speak against it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from lab.simulator.laws.court import Court
from lab.simulator.laws.raw import number, text
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
    stood_at: dict[tuple[str, str], float] = field(default_factory=dict)
    """By group and path: when such a mark may last have stood."""

    def on_group(self, group: Group, old: Item | None, new: Item) -> None:
        """A mark that is new has to be true."""
        path, at = text(new, "blackholed"), number(new, "blackholed_at")
        if path is None:
            return
        if (path, at) != (text(old, "blackholed"), number(old, "blackholed_at")):
            self.stood_at[group.name, path] = self.world.kernel.now
            gone = self.world.is_gone(group, path, within=SEEN_SECONDS)
            self.court.hold(4, "only a blackhole counts as one", gone, f"{path} of {group.name} was none")

    def look(self) -> None:
        for name, group in self.world.plan.configuration.groups.items():
            held = self.world.table.group(name)
            if (path := text(held, "blackholed")) is not None and self._may_stand(group, path, held):
                self.stood_at[name, path] = self.world.kernel.now

    def free_for(self, group: str, path: str) -> float:
        """For how many seconds no mark has stood against the path, or may have."""
        return self.world.kernel.now - self.stood_at.get((group, path), -1e12)

    def _may_stand(self, group: Group, name: str, held: Item | None) -> bool:
        """Not once everybody who calls the target HEALTHY has said so after it was left."""
        path, at = group.path(name), number(held, "blackholed_at")
        if path is None:
            return False
        if path.target is None:
            return self.world.kernel.now - at < UNPROBED_SECONDS + SKEW_SECONDS
        said = [item for item in self.world.table.items("HEALTH") if text(item, "target") == path.target]
        good = [number(item, "since") for item in said if text(item, "health") == GOOD]
        return self.court.bench.word(path.target) != GOOD or min(good, default=0.0) <= at + SKEW_SECONDS
