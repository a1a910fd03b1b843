"""Changing the routes that differ: side by side, again where EC2 throttles, and read back at the end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final

from routekeeper.domain.errors import Ec2Error
from routekeeper.domain.routing import Change
from routekeeper.domain.settings import Group, Path
from routekeeper.domain.steering import Route, is_on
from routekeeper.ec2_errors import is_temporary
from routekeeper.router.means import Means

LOG = logging.getLogger("routekeeper.router")

MAXIMUM_CALLS_AT_ONCE: Final = 10
ROUNDS: Final = 5
FIRST_PAUSE_SECONDS: Final = 0.25
"""Between rounds of changes, and of reading back; doubled each time."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of every route that differed."""

    changes: tuple[Change, ...]
    at: float
    """When the routes had been read back."""
    owed: bool = False
    """Whether a route that exists is still not on the path. One that cannot be read (its table is gone) owes
    nothing: nothing flows there, and every pass names it."""

    @property
    def failed(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.error is not None)

    @property
    def changed(self) -> bool:
        return len(self.failed) < len(self.changes)

    def error(self) -> Ec2Error:
        told = "; ".join(f"{change.resource}: {change.error}" for change in self.failed)
        return Ec2Error(f"{len(self.failed)} of {len(self.changes)} routes not changed: {told}", "Incomplete")


def put_in_place(group: Group, todo: tuple[Route, ...], path: Path, means: Means, deadline_at: float) -> Applied:
    """Put every route of `todo` onto the path; failures of one strand no other. Raises nothing of EC2's."""
    if not todo:
        return Applied((), means.clock())
    errors = _change_all(group, todo, path, means, deadline_at)
    errors |= _read_back(group, todo, path, means, errors, deadline_at)
    after = str(path.next_hop) if path.next_hop is not None else "none"
    changes = tuple(Change(route.resource, str(route), after, errors.get(route.resource)) for route in todo)
    owed = any(route.error is None and route.resource in errors for route in todo)
    return Applied(changes, means.clock(), owed)


def _change_all(group: Group, todo: tuple[Route, ...], path: Path, means: Means, deadline_at: float) -> dict[str, str]:
    """Change all routes, the temporarily refused ones again; the error by resource of those that stayed refused."""
    steering = means.steering(group)

    def change(route: Route) -> Ec2Error | None:
        if route.error is not None:
            return Ec2Error(route.error, "Unreadable")
        try:
            steering.change(group, route, path)
        except Ec2Error as error:
            return error
        return None

    refused: dict[str, Ec2Error] = {}
    left = todo
    with ThreadPoolExecutor(min(len(todo), MAXIMUM_CALLS_AT_ONCE), "route") as threads:
        for pause in _pauses(means, deadline_at):
            outcomes = dict(zip(left, threads.map(change, left), strict=True))
            refused |= {r.resource: error for r, error in outcomes.items() if error is not None}
            for route in left:
                if outcomes[route] is None:
                    refused.pop(route.resource, None)
            left = tuple(r for r, error in outcomes.items() if error is not None and is_temporary(error.code))
            if not left:
                break
            pause()
    return {resource: str(error) for resource, error in refused.items()}


def _read_back(
    group: Group, todo: tuple[Route, ...], path: Path, means: Means, refused: dict[str, str], deadline_at: float
) -> dict[str, str]:
    """Read until every route that was not refused is on the path and settled; why not, by resource, at the end."""
    expected = {route.resource for route in todo} - set(refused)
    missing: dict[str, str] = {}
    for pause in _pauses(means, deadline_at):
        if not expected:
            return {}
        try:
            found = {route.resource: route for route in means.steering(group).read(group)}
        except Ec2Error as error:
            missing = dict.fromkeys(expected, f"changed, but not to be read back: {error}")
        else:
            missing = _unlike(expected, found, path)
        if not missing:
            return {}
        pause()
    return missing


def _unlike(expected: set[str], found: dict[str, Route], path: Path) -> dict[str, str]:
    missing: dict[str, str] = {}
    for resource in expected:
        route = found.get(resource)
        if route is None:
            missing[resource] = "changed, but gone when read back"
        elif not is_on(route, path):
            missing[resource] = f"changed, but read back as {route}"
        elif not route.settled:
            missing[resource] = f"accepted, but AWS is still carrying it out: {route}"
    return missing


def _pauses(means: Means, deadline_at: float) -> Iterator[Callable[[], None]]:
    """One pause for each round, growing, cut short by the deadline."""
    for number in range(ROUNDS):
        left = deadline_at - means.clock()
        if number and left <= 0:
            return
        yield partial(means.sleep, max(0.0, min(FIRST_PAUSE_SECONDS * 2.0**number, left)))
