"""What AWS has said of instances, counted from the items in the table: law 1 for it, and whom it speaks against."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from lab.simulator.bus import Bus
from lab.simulator.laws.court import Court
from lab.simulator.laws.raw import flag, number, text
from lab.simulator.laws.verdicts import GOOD
from lab.simulator.world import World
from routekeeper.domain.settings import Path
from routekeeper.domain.steering import NextHopKind
from routekeeper.store.codec import Item

SECONDS: Final = {"state": 900.0, "spot": 900.0, "autoscaling": 3600.0}
UNPROBED_SECONDS: Final = 86_400.0
"""How long a change of state speaks against a path without a target. Terminated is for ever, to far ends, too."""
SKEW_SECONDS: Final = 3.0
"""How far clocks may disagree, and a second of EC2's own."""


@dataclass(slots=True)
class Spoken:
    """When something last spoke against a path, and since when without a break. Times are the world's."""

    last: float = -1e12
    last_state: float = -1e12
    """The same for changes of state alone."""
    since: float | None = None
    state_since: float | None = None
    """The same for changes of state alone."""
    by_clock: bool = False
    """Whether it began because its time had come, and not with an event."""


@dataclass(slots=True)
class Signals:
    world: World
    court: Court
    bus: Bus
    spoken: dict[tuple[str, str], Spoken] = field(default_factory=dict)
    """By group and path."""
    _paths: list[tuple[str, Path, set[str | None]]] = field(init=False)
    """Every path with its group and the instances on which it depends."""

    def __post_init__(self) -> None:
        groups = self.world.plan.configuration.groups.values()
        self._paths = [(group.name, path, self.instances(path)) for group in groups for path in group.paths]

    def on_write(self, old: Item | None, new: Item) -> None:
        instance, kind, at = text(new, "resource") or "", text(new, "kind") or "", number(new, "at")
        told = f"{instance}: {text(new, 'words')}"
        self.court.hold(1, "a signal is what AWS said", (instance, kind, int(at)) in self.bus.said, told)
        before = number(old, "at", -1e12)
        later = at > before or (at == before and not (flag(new, "withdrawn") and not flag(old, "withdrawn")))
        self.court.hold(1, "the later signal stands", later, f"{told}, {before - at:.0f} s older than what was there")
        self.look()

    def look(self) -> None:
        """Take down against which paths something speaks now."""
        items = self.world.table.items("SIGNAL")
        if not items:
            return
        health = self.world.table.items("HEALTH")
        spoken_of = {text(item, "resource") for item in items if not flag(item, "withdrawn")}
        for group, path, instances in self._paths:
            spoken = self.spoken.setdefault((group, path.name), Spoken())
            if spoken.since is None and spoken.state_since is None and spoken_of.isdisjoint(instances):
                continue
            self._take_down(spoken, path, items, health)

    def _take_down(self, spoken: Spoken, path: Path, items: list[Item], health: list[Item]) -> None:
        now = self.world.kernel.now
        speaking = list(self.against(path, items, now))
        if speaking:
            spoken.last = now
            if "state" in (text(item, "kind") for item in speaking):
                spoken.last_state = now
        certainly = self.against(path, speaking, now, leeway=-SKEW_SECONDS)
        certain = [item for item in certainly if not self.may_be_over(path, item, health)]
        if "state" not in (text(item, "kind") for item in certain):
            spoken.state_since = None
        elif spoken.state_since is None:
            spoken.state_since = now
        if not certain:
            spoken.since = None
        elif spoken.since is None:
            spoken.since = now
            spoken.by_clock = all(text(item, "kind") == "maintenance" for item in certain)

    def of(self, group: str, path: str) -> Spoken:
        return self.spoken.get((group, path), Spoken())

    def against(self, path: Path, items: Iterable[Item], now: float, leeway: float = SKEW_SECONDS) -> Iterator[Item]:
        """The items that speak against the path, give or take some seconds."""
        instances = self.instances(path)
        for item in items:
            if text(item, "resource") not in instances or flag(item, "withdrawn"):
                continue
            kind, at = text(item, "kind") or "", number(item, "at")
            ends_at = number(item, "ends_at") if kind == "maintenance" else at + SECONDS[kind]
            target = self.world.plan.configuration.targets.get(path.target or "")
            if kind == "state" and (target is None or target.instance != text(item, "resource")):
                if " is terminated " in (text(item, "words") or ""):
                    ends_at = 1e12
                elif target is None:
                    ends_at = at + UNPROBED_SECONDS
            begins_at = number(item, "starts_at") if kind == "maintenance" else at - 10
            if begins_at - leeway <= now < ends_at + leeway:
                yield item

    def instances(self, path: Path) -> set[str | None]:
        target = self.world.plan.configuration.targets.get(path.target or "")
        through = {hop.id for hop in path.next_hops if hop is not None and hop.kind is NextHopKind.INSTANCE}
        return {*through, target.instance if target is not None else None} - {None}

    def may_be_over(self, path: Path, item: Item, health: Iterable[Item]) -> bool:
        """Whether some vantage may have called the target HEALTHY after its change of state, by the items of then."""
        after = number(item, "at") - SKEW_SECONDS
        said = (one for one in health if text(one, "target") == path.target and text(one, "health") == GOOD)
        return text(item, "kind") == "state" and any(number(one, "since") > after for one in said)

    def boundaries(self) -> Iterator[float]:
        """When something begins or ceases to speak."""
        for item in self.world.table.items("SIGNAL"):
            kind = text(item, "kind") or ""
            yield number(item, "starts_at")
            yield number(item, "ends_at") if kind == "maintenance" else number(item, "at") + SECONDS[kind]
