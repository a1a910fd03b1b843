"""Actual routes against the desired path: which route is on which path, and which ones must change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from routekeeper.domain.group_state import GroupState
from routekeeper.domain.health import Health
from routekeeper.domain.path_health import Actual, health_of_paths, is_dead
from routekeeper.domain.quorum import Verdict
from routekeeper.domain.refusal import Refusal
from routekeeper.domain.settings import Group, NextHop, Path


@dataclass(frozen=True, slots=True)
class Route:
    """One steered route as AWS shows it: an entry of a VPC route table, or a prefix-list reference."""

    resource: str
    """What people call it, e.g. `rtb-0a 0.0.0.0/0`; unique within its group."""
    next_hops: frozenset[NextHop] = frozenset()
    """Every name AWS gives its next hop (an instance and its network interface, say)."""
    blackhole: bool = False
    elsewhere: str | None = None
    """Its next hop where no path can name it (an internet gateway, say)."""
    propagated: bool = False
    """Learnt, not written: it cannot be replaced, but a written route to the same destination outranks it."""
    settled: bool = True
    """False while AWS is still carrying a change out (a reference that is pending, modifying or deleting)."""
    unread: Refusal | None = None
    """Why the route could not be read, if so."""

    def __str__(self) -> str:
        if self.unread is not None:
            return f"unreadable: {self.unread}"
        names = "/".join(sorted(hop.id for hop in self.next_hops)) or self.elsewhere or "none"
        return f"{names} (blackhole)" if self.blackhole else names

    @property
    def exists(self) -> bool:
        """Whether there is such a route at all. A blackhole without a next hop is one: it swallows packets."""
        return bool(self.next_hops) or self.blackhole or self.elsewhere is not None


def is_on(route: Route, path: Path) -> bool:
    """Whether the route is on the path. A path without a next hop is in place when there is no route."""
    if route.unread is not None:
        return False
    if path.next_hop is None:
        return not route.exists
    return path.next_hop in route.next_hops


def actual(group: Group, routes: Iterable[Route]) -> Actual | None:
    """The path that all readable routes are on; None where none could be read."""
    readable = [route for route in routes if route.unread is None]
    if not readable:
        return None
    for path in group.paths:
        if all(is_on(route, path) for route in readable):
            return Actual(path.name, blackholed=any(route.blackhole for route in readable))
    return Actual(None, blackholed=any(route.blackhole for route in readable))


def differing(routes: Iterable[Route], path: Path) -> tuple[Route, ...]:
    """The routes that must change for `path` to be in place, unreadable ones included."""
    return tuple(route for route in routes if not is_on(route, path))


def can_wait(group: Group, routes: Iterable[Route], health: Mapping[str, Verdict]) -> bool:
    """Whether putting these routes right can wait (law 12): each leads somewhere, and onto no UNHEALTHY path.

    What another controller writes may be no path of the group at all. To fight it without end is what brakes are for.
    """
    dead = [path for path in group.paths if health[path.name].health is Health.UNHEALTHY]
    return not any(_swallows(route, group) or any(is_on(route, path) for path in dead) for route in routes)


def left_alone(
    group: Group, state: GroupState, verdicts: Mapping[str, Verdict], routes: Iterable[Route], now: float
) -> tuple[Route, ...]:
    """The routes that have drifted and stay where somebody put them, because the desired path is not HEALTHY.

    Traffic is not moved onto such a path (law 2), not by repairing either: what is there may still work, and where
    nothing is HEALTHY nothing moves (law 3). Put right all the same is what swallows every packet as it is, and
    everything while an operator forces the path. An unreadable route is not among them: every pass names it.
    """
    path, pin = group.path(state.path) if state.path is not None else None, state.pinned_at(now)
    if path is None or (pin is not None and pin.forced and pin.path == path.name):
        return ()
    routes = tuple(routes)
    health = health_of_paths(group, state, verdicts, actual(group, routes), now)
    if health[path.name].health is Health.HEALTHY:
        return ()
    # What is announced to go works as yet: better than what is dead (decisions/signals.md).
    dead = [one for one in group.paths if health[path.name].announced and is_dead(health[one.name])]
    stay = (r for r in differing(routes, path) if r.unread is None and not _swallows(r, group))
    return tuple(route for route in stay if not any(is_on(route, one) for one in dead))


def paths_of(group: Group, routes: Iterable[Route]) -> tuple[str, ...]:
    """The paths of the group that some of the routes are on."""
    routes = tuple(routes)
    return tuple(path.name for path in group.paths if any(is_on(route, path) for route in routes))


def _swallows(route: Route, group: Group) -> bool:
    """Whether no packet gets through: a blackhole, or no route at all where that is none of the group's paths."""
    return route.blackhole or not (route.exists or any(is_on(route, path) for path in group.paths))
