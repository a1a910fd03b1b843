"""Changes the routes that differ, side by side and as fast as EC2 takes it, and reads them back at the end.

Why: docs/decisions/paced-changes.md
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final

from routekeeper.domain.errors import Ec2Error
from routekeeper.domain.group_state import RouteChange
from routekeeper.domain.refusal import About, Refusal
from routekeeper.domain.routes import Route, is_on
from routekeeper.domain.settings import Group, Path
from routekeeper.domain.steering import NextHop
from routekeeper.ec2.errors import INCOMPLETE, MISREAD, OUTRANKED, Trouble, outranked, refused, trouble
from routekeeper.router.call_rate import AT_ONCE, CallRate
from routekeeper.router.dependencies import Dependencies

LOG = logging.getLogger("routekeeper.router")

ROUNDS: Final = 5
FIRST_PAUSE_SECONDS: Final = 0.25
"""The pause after the first round of changes. It doubles each time."""
WANTED_SECONDS: Final = 2.0
"""The pause before each question whether the path is still wanted."""
READ_BACK_SECONDS: Final = 0.25
"""The pause between two looks at what was changed. It doubles with each look that EC2 refuses or does not answer, up to
`WANTED_SECONDS`."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of every route that differed."""

    changes: tuple[RouteChange, ...]
    at: float
    """When the routes had been read back."""
    owed: bool = False
    """Whether a route that exists is still not on the path. A route that cannot be read (its table is gone) does not
    count: nothing flows there, and every pass names it."""
    outdated: bool = False
    """Whether nothing was changed because the path was no longer wanted when EC2 would have taken it."""

    @property
    def failed(self) -> tuple[RouteChange, ...]:
        return tuple(change for change in self.changes if change.refusal is not None)

    @property
    def changed(self) -> bool:
        return len(self.failed) < len(self.changes)

    def error(self) -> Ec2Error:
        told = "; ".join(f"{change.resource}: {change.refusal}" for change in self.failed)
        return Ec2Error(f"{len(self.failed)} of {len(self.changes)} routes not changed: {told}", INCOMPLETE)


def put_in_place(
    group: Group,
    todo: tuple[Route, ...],
    path: Path,
    dependencies: Dependencies,
    deadline_at: float,
    wanted: Callable[[], bool],
) -> Applied:
    """Put every route of `todo` onto the path. A failure of one strands no other, and no error of EC2's is raised.

    EC2 may throttle or be silent for most of a minute. What was changed may never be read back, because somebody else
    has undone it. So every `WANTED_SECONDS` `wanted` is asked whether the path is still wanted. If not, nothing more
    is begun and nothing is waited for; changes that have begun are completed.
    """
    if not todo:
        return Applied((), dependencies.clock())
    hope = _Hope(wanted, dependencies.clock)
    refused = _change_all(group, todo, path, dependencies, deadline_at, hope)
    accepted = {route.resource for route in todo} - set(refused)
    refused |= _read_back(group, accepted, path, dependencies, deadline_at, hope)
    changes = tuple(replace(change, refusal=refused.get(change.resource)) for change in planned(todo, path))
    owed = any(route.unread is None and route.resource in refused for route in todo)
    return Applied(changes, dependencies.clock(), owed, hope.lost)


def planned(todo: Iterable[Route], path: Path) -> tuple[RouteChange, ...]:
    """What putting the routes onto the path will change."""
    return tuple(
        RouteChange(route.resource, str(route), _name(path.next_hops[route.entry]), route.unread) for route in todo
    )


def _name(next_hop: NextHop | None) -> str:
    return "none" if next_hop is None else str(next_hop)


class _Hope:
    """Whether to go on trying. Once something was changed, always; before that, as long as the path is wanted."""

    def __init__(self, wanted: Callable[[], bool], clock: Callable[[], float]) -> None:
        self.begun = False
        self._unwanted = False
        self._wanted = wanted
        self._clock = clock
        self._asked_at = clock()

    def is_left(self) -> bool:
        return self.begun or self.is_wanted()

    @property
    def lost(self) -> bool:
        """Whether nothing was begun because the path was no longer wanted."""
        return self._unwanted and not self.begun

    def is_wanted(self) -> bool:
        """Whether the path is wanted, as of `WANTED_SECONDS` ago at most. A no is final."""
        if not self._unwanted and self._clock() - self._asked_at > WANTED_SECONDS:
            self._unwanted = not self._wanted()
            self._asked_at = self._clock()
        return not self._unwanted


def _change_all(
    group: Group, todo: tuple[Route, ...], path: Path, dependencies: Dependencies, deadline_at: float, hope: _Hope
) -> dict[str, Refusal]:
    """Change all routes, and try those again that were refused for the moment. Returns what stayed refused."""

    def change(route: Route) -> Ec2Error | None:
        if route.unread is not None:
            return Ec2Error.of(route.unread)
        try:
            dependencies.steerers.change(group, route, path)
        except Ec2Error as error:
            return error
        hope.begun = True
        return None

    refused: dict[str, Ec2Error] = {}
    left = todo
    with ThreadPoolExecutor(min(len(todo), AT_ONCE), "route") as threads:
        work = _Paced(lambda routes: threads.map(change, routes), dependencies, deadline_at, hope)
        for number in range(ROUNDS):
            outcomes = work.through(left)
            refused |= {r.resource: error for r, error in outcomes.items() if error is not None}
            for route in left:
                if outcomes[route] is None:
                    refused.pop(route.resource, None)
            left = tuple(r for r, error in outcomes.items() if error is not None and not error.final)
            pause = min(FIRST_PAUSE_SECONDS * 2.0**number, deadline_at - dependencies.clock())
            if not left or not hope.is_left() or number + 1 == ROUNDS or pause <= 0:
                break
            dependencies.sleep(pause)
    return {resource: error.refusal for resource, error in refused.items()}


class _Paced:
    """Makes calls batch by batch, as fast as EC2 takes them. A throttled call goes to the end of the queue.

    So a group of hundreds of routes neither gives up under throttling nor crowds out the others. Each group slows down
    to what it was granted itself.
    """

    def __init__(
        self,
        call: Callable[[Sequence[Route]], Iterable[Ec2Error | None]],
        dependencies: Dependencies,
        deadline_at: float,
        hope: _Hope,
    ) -> None:
        self._call = call
        self._hope = hope
        self._dependencies = dependencies
        self._deadline_at = deadline_at
        self._pace = CallRate()

    def through(self, routes: Sequence[Route]) -> dict[Route, Ec2Error | None]:
        """How the call for each route ended. A call that EC2 throttles until the deadline ends as throttled."""
        outcomes: dict[Route, Ec2Error | None] = {}
        queue = deque(routes)
        while queue:
            began = self._dependencies.clock()
            batch = [queue.popleft() for _ in range(min(len(queue), self._pace.batch))]
            ended = dict(zip(batch, self._call(batch), strict=True))
            throttled = [route for route, error in ended.items() if _is_throttled(error)]
            now = self._dependencies.clock()
            self._pace = self._pace.after(len(batch) - len(throttled), len(throttled), now)
            outcomes |= ended
            queue.extend(throttled)
            pause = max(0.0, began + self._pace.step_seconds - now)
            if queue and (now + pause >= self._deadline_at or not self._hope.is_left()):
                late = refused("EC2 throttled so many calls that this one had no turn", "RequestLimitExceeded")
                return {**dict.fromkeys(queue, late), **outcomes}
            if queue and pause:
                self._dependencies.sleep(pause)
        return outcomes


def _is_throttled(error: Ec2Error | None) -> bool:
    return error is not None and trouble(error.code) is Trouble.THROTTLED


def _read_back(
    group: Group, expected: set[str], path: Path, dependencies: Dependencies, deadline_at: float, hope: _Hope
) -> dict[str, Refusal]:
    """Read until every expected route is on the path and settled. Returns what still was not at the end, by resource.

    The end is the deadline, or when the path is no longer wanted: traffic that has to leave waits for nothing (law 4).
    What is outranked is not waited for, because only a person ends that. A change that AWS is still carrying out by
    then counts as made: it was accepted, and the next pass would see it go wrong.
    """
    pause = READ_BACK_SECONDS
    while expected:
        try:
            found = {route.resource: route for route in dependencies.steerers.read(group)}
        except Ec2Error as error:
            missing = dict.fromkeys(expected, _misread(f"not to be read back: {error}"))
            pause = min(2 * pause, WANTED_SECONDS)
        else:
            missing = _unlike(expected, found, path)
            if all(map(_is_outranked, missing.values())) and all(found[one].settled for one in expected):
                return missing
            pause = READ_BACK_SECONDS
        if dependencies.clock() + pause >= deadline_at or not hope.is_wanted():
            return missing
        dependencies.sleep(pause)
    return {}


def _unlike(expected: set[str], found: dict[str, Route], path: Path) -> dict[str, Refusal]:
    missing: dict[str, Refusal] = {}
    for resource in expected:
        route = found.get(resource)
        if route is None:
            missing[resource] = _misread("gone when read back")
        elif not is_on(route, path):
            written = route.outranked is not None and route.is_written_to(path.next_hops[route.entry])
            told = f"read back as {route}"
            missing[resource] = outranked(f"changed, but {told}") if written else _misread(told)
    return missing


def _is_outranked(refusal: Refusal) -> bool:
    return refusal.code == OUTRANKED


def _misread(what: str) -> Refusal:
    return Refusal(MISREAD, f"changed, but {what}", About.ROUTE)
