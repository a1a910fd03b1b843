"""Drift: routes that somebody else has changed. Which of them stay as they are, and which can wait to be put right.

Why: docs/decisions/drift-onto-healthy.md
"""

from __future__ import annotations

from collections.abc import Iterable

from routekeeper.domain.health import Health
from routekeeper.domain.path_health import is_dead
from routekeeper.domain.routes import Route, differing, is_on, swallows
from routekeeper.domain.view import View


def can_wait(view: View, routes: Iterable[Route]) -> bool:
    """Whether putting these routes right can wait (law 12): each leads somewhere, and none onto an UNHEALTHY path.

    Another controller may write next hops that are none of the group's paths. The brake keeps the two from fighting
    for ever.
    """
    dead = [path for path in view.group.paths if view.health[path.name].health is Health.UNHEALTHY]
    return not any(swallows(route, view.group) or any(is_on(route, path) for path in dead) for route in routes)


def left_alone(view: View) -> tuple[Route, ...]:
    """The routes that have drifted and stay where somebody put them, because the desired path is not HEALTHY.

    Traffic is not moved onto such a path (law 2), and a repair would move it. The drifted route may still work, and if
    nothing is HEALTHY, nothing moves (law 3). A route that loses every packet is put right all the same, and so is
    everything while an operator forces the path. An unreadable route is not among them: every pass names it.
    """
    path, pin, health = view.desired, view.state.pinned_at(view.now), view.health
    if path is None or (pin is not None and pin.forced and pin.path == path.name):
        return ()
    if health[path.name].health is Health.HEALTHY:
        return ()
    # A path that is only announced to go down still works, so it is better than a dead one.
    dead = [one for one in view.group.paths if health[path.name].announced and is_dead(health[one.name])]
    stay = (r for r in differing(view.routes, path) if r.unread is None and not swallows(r, view.group))
    return tuple(route for route in stay if not any(is_on(route, one) for one in dead))
