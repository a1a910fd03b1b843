"""One picture of a group. Every decision about it is made on this."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field, replace

from routekeeper.domain.barring import Bar
from routekeeper.domain.group_state import Asker, GroupState
from routekeeper.domain.health import Health
from routekeeper.domain.path_health import barred_paths, health_of_paths, stays, with_bars, works
from routekeeper.domain.quorum import Verdict
from routekeeper.domain.routes import Actual, Route, actual
from routekeeper.domain.settings import Group, Path
from routekeeper.domain.verdicts import Verdicts


@dataclass(frozen=True, slots=True)
class View:
    """A group at one moment. Changing a part makes another view, with the health that follows from it."""

    group: Group
    state: GroupState
    verdicts: Verdicts
    now: float
    actual: Actual | None = None
    """Where the routes are; None if they could not be read, or are not asked for."""
    routes: tuple[Route, ...] = ()
    """The routes behind `actual`, if they were read."""
    health: Mapping[str, Verdict] = field(init=False)
    """The verdict on every path, by its name."""
    bars: Mapping[str, Bar] = field(init=False)
    """The paths that EC2 refuses and that are not to be tried yet. They count as UNHEALTHY, but for one
    that the group's traffic is on and need not leave."""

    def __post_init__(self) -> None:
        sound = health_of_paths(self.group, self.state, self.verdicts, self.actual, self.now)
        bars = barred_paths(self.group, self.state, self.actual, self.now)
        health = with_bars(sound, bars)
        if self._is_stranded(health):  # there is no other way: try these sooner
            bars = {name: bar for name, bar in bars.items() if bar.holds(self.now, stranded=True)}
            health = with_bars(sound, bars)
        if stays(self.state, sound):
            health = with_bars(sound, {name: bar for name, bar in bars.items() if name != self.state.path})
        object.__setattr__(self, "health", health)
        object.__setattr__(self, "bars", bars)

    def _is_stranded(self, health: Mapping[str, Verdict]) -> bool:
        """Whether traffic is on a dead path, or on none, and no path works."""
        there = self.actual.path if self.actual is not None and self.actual.path is not None else self.state.path
        carrying = health.get(there or "")
        lost = carrying is None or carrying.health is Health.UNHEALTHY
        return lost and not any(works(verdict) for verdict in health.values())

    @classmethod
    def of(cls, group: Group, state: GroupState, verdicts: Verdicts, routes: Iterable[Route], now: float) -> View:
        """The view of a group whose routes have been read."""
        read = tuple(routes)
        return cls(group, state, verdicts, now, actual(group, read), read)

    def knowing(self, state: GroupState) -> View:
        """The same view with more known of the group: nothing that the health of its paths follows from."""
        seen = copy(self)
        object.__setattr__(seen, "state", state)
        return seen

    def at(self, now: float) -> View:
        return replace(self, now=now)

    def as_if_on(self, path: str | None) -> View:
        """The same view of a group whose desired path is this one. What is known of the paths stays as it is."""
        return self.knowing(replace(self.state, path=path))

    @property
    def desired(self) -> Path | None:
        """The desired path; None before the first decision, and if it is no longer configured."""
        return None if self.state.path is None else self.group.path(self.state.path)

    def better(self, path: str) -> tuple[Path, ...]:
        """The paths before this one, in order of preference."""
        names = [one.name for one in self.group.paths]
        return self.group.paths[: names.index(path)]

    @property
    def is_blackhole(self) -> bool:
        """Whether AWS says of a route on the desired path that it leads nowhere."""
        return self.actual is not None and self.state.path in self.actual.blackholes

    def may_be_forced(self, path: str, asked: Asker) -> bool:
        """Whether what a person has forced is asked of EC2 now: at once, and once refused, at the pace of its bar."""
        bar = self.bars.get(path)
        return bar is None or not bar.answers(asked.at)
