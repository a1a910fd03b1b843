"""Routes as AWS shows them: which path each is on, and which must change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from routekeeper.domain.bounds import Count
from routekeeper.domain.refusal import Refusal
from routekeeper.domain.settings import Group, Path
from routekeeper.domain.steering import NextHop
from routekeeper.domain.stored import Stored


@dataclass(frozen=True, slots=True)
class Route:
    """One steered route as AWS shows it: an entry of a VPC route table, or a prefix-list reference."""

    resource: str
    """What people call it, e.g. `rtb-0a 0.0.0.0/0`; unique within its group."""
    next_hops: frozenset[NextHop] = frozenset()
    """Every name AWS gives its next hop (an instance and its network interface, say)."""
    blackhole: bool = False
    elsewhere: str | None = None
    """Its next hop, if no path can name that (an internet gateway, say)."""
    propagated: bool = False
    """Learnt and not written. It cannot be replaced, but a written route to the same destination outranks it."""
    settled: bool = True
    """False while AWS is still carrying a change out (a reference that is pending, modifying or deleting)."""
    unread: Refusal | None = None
    """Why the route could not be read, if it could not."""
    entry: int = 0
    """Which entry of its group's `steering` it belongs to."""
    outranked: str | None = None
    """What outranks it, in words, if something does. `next_hops` and `elsewhere` then say where traffic goes."""
    written: frozenset[NextHop] = frozenset()
    """What it leads to itself, if something outranks it."""
    unchecked: Refusal | None = None
    """Why nobody knows whether something outranks it, if that could not be read."""

    def __str__(self) -> str:
        if self.unread is not None:
            return f"unreadable: {self.unread}"
        names = "/".join(sorted(hop.id for hop in self.next_hops)) or self.elsewhere or "none"
        shown = f"{names} (blackhole)" if self.blackhole else names
        return f"{shown} ({self.outranked})" if self.outranked is not None else shown

    @property
    def exists(self) -> bool:
        """Whether there is such a route at all. A blackhole without a next hop is one, because it swallows packets."""
        return bool(self.next_hops) or self.blackhole or self.elsewhere is not None

    def leads_to(self, next_hop: NextHop | None) -> bool:
        """Whether it leads to this next hop or, for None, does not exist."""
        if self.unread is not None:
            return False
        return not self.exists if next_hop is None else next_hop in self.next_hops

    def is_written_to(self, next_hop: NextHop | None) -> bool:
        """Whether nothing is left to be written for this next hop, although something else may outrank the route."""
        if self.outranked is None:
            return self.leads_to(next_hop)
        return next_hop in self.written


@dataclass(frozen=True, slots=True)
class Actual:
    """What the routes say, read just now."""

    path: str | None
    """The path that every route is on; None if they are on none, or on different ones."""
    blackholes: frozenset[str] = frozenset()
    """The paths with a route that AWS itself calls a blackhole: the next hop is gone."""


@dataclass(frozen=True, slots=True)
class Traffic(Stored):
    """Where the routes of a group lead, and so its traffic."""

    paths: tuple[str, ...] = ()
    """The paths that some of them are on, in the group's order."""
    astray: Count = 0
    """How many lead nowhere, or to what no path of the group names."""

    def is_all_on(self, path: str | None) -> bool:
        """Whether every route is on this path."""
        return self.paths == (path,) and not self.astray

    def __str__(self) -> str:
        named = " and ".join(self.paths)
        if not self.astray:
            return named or "nowhere"
        routes = "1 route" if self.astray == 1 else f"{self.astray} routes"
        return f"{named}, and {routes} elsewhere" if named else f"elsewhere ({routes})"


def is_on(route: Route, path: Path) -> bool:
    """Whether the route is on the path."""
    return route.leads_to(path.next_hops[route.entry])


def actual(group: Group, routes: Iterable[Route]) -> Actual | None:
    """The path that all readable routes are on; None if none could be read."""
    readable = [route for route in routes if route.unread is None]
    if not readable:
        return None
    blackholes = frozenset(paths_of(group, (route for route in readable if route.blackhole)))
    there = (path.name for path in group.paths if all(is_on(route, path) for route in readable))
    return Actual(next(there, None), blackholes)


def differing(routes: Iterable[Route], path: Path) -> tuple[Route, ...]:
    """The routes that must change for `path` to be in place, unreadable ones included."""
    return tuple(route for route in routes if not is_on(route, path))


def paths_of(group: Group, routes: Iterable[Route]) -> tuple[str, ...]:
    """The paths of the group that some of the routes are on."""
    routes = tuple(routes)
    return tuple(path.name for path in group.paths if any(is_on(route, path) for route in routes))


def put_on(route: Route, path: Path) -> Route:
    """The route as it is once it has been put onto the path."""
    next_hop = path.next_hops[route.entry]
    hops = frozenset[NextHop]() if next_hop is None else frozenset({next_hop})
    return replace(route, next_hops=hops, blackhole=False, elsewhere=None)


def whereabouts(group: Group, routes: Iterable[Route]) -> Traffic | None:
    """Where the readable routes lead; None if none could be read."""
    readable = [route for route in routes if route.unread is None]
    if not readable:
        return None
    astray = sum(not any(is_on(route, path) for path in group.paths) for route in readable)
    return Traffic(paths_of(group, readable), astray)


def swallows(route: Route, group: Group) -> bool:
    """Whether it loses every packet: a blackhole, or a missing route if no path of the group is without one."""
    return route.blackhole or not (route.exists or any(is_on(route, path) for path in group.paths))
