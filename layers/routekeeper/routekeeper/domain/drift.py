"""Drift: routes that somebody else has changed. Which of them stay so, and which can wait to be put right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from routekeeper.domain.group_state import GroupState
from routekeeper.domain.health import Health
from routekeeper.domain.path_health import health_of_paths, is_dead
from routekeeper.domain.quorum import Verdict
from routekeeper.domain.routes import Route, actual, differing, is_on, swallows
from routekeeper.domain.settings import Group


def can_wait(group: Group, routes: Iterable[Route], health: Mapping[str, Verdict]) -> bool:
    """Whether putting these routes right can wait (law 12): each leads somewhere, and onto no UNHEALTHY path.

    What another controller writes may be no path of the group at all. To fight it without end is what brakes are for.
    """
    dead = [path for path in group.paths if health[path.name].health is Health.UNHEALTHY]
    return not any(swallows(route, group) or any(is_on(route, path) for path in dead) for route in routes)


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
    stay = (r for r in differing(routes, path) if r.unread is None and not swallows(r, group))
    return tuple(route for route in stay if not any(is_on(route, one) for one in dead))
