"""How a path is put in place: one file for each kind of steering, all of one shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from routekeeper.domain.errors import Ec2Error
from routekeeper.domain.routes import Route
from routekeeper.domain.settings import Group, Path
from routekeeper.domain.steering import NextHop, Steering

S_contra = TypeVar("S_contra", contravariant=True)


class Steerer(Protocol[S_contra]):
    """Reads and changes the routes of one kind of steering. It is stateless and safe to call from several threads."""

    def read(self, steering: S_contra) -> tuple[Route, ...]:
        """Every route of the steering, as it is now.

        A route that cannot be read (its table does not exist, say) comes back `unread`, and the others are read.

        Raises:
            Ec2Error: nothing at all could be read.
        """

    def change(self, steering: S_contra, route: Route, next_hop: NextHop | None) -> None:
        """Put one route, as it was just read, onto the next hop: create, replace, retarget or delete it.

        After an unexpected refusal the route is read again. If it is already as wanted, that is a success.

        Raises:
            Ec2Error: EC2 refused or did not answer, and the route is not as wanted.
        """


@dataclass(frozen=True, slots=True)
class Steerers:
    """The steerer of every kind, for groups of one or several steerings."""

    by_kind: Mapping[type[Any], Steerer[Any]]
    """By the type of the steering."""

    def read(self, group: Group) -> tuple[Route, ...]:
        """Every route of the group as it is now. A steering that is refused for good comes back as one `unread` route.

        Raises:
            Ec2Error: nothing could be read, or something only for the moment: half a picture is none.
        """
        found: list[Route] = []
        refused: list[Ec2Error] = []
        for entry, steering in enumerate(group.steering):
            try:
                routes = self._of(steering).read(steering)
            except Ec2Error as error:
                if not error.final:
                    raise
                refused.append(error)
                routes = (Route(str(steering), unread=error.refusal),)
            found += [replace(route, entry=entry) for route in routes] if entry else routes
        if len(refused) == len(group.steering):
            raise refused[0]
        return tuple(found)

    def change(self, group: Group, route: Route, path: Path) -> None:
        """Put one of the group's routes onto the path. Raises as `Steerer.change`."""
        steering = group.steering[route.entry]
        self._of(steering).change(steering, route, path.next_hops[route.entry])

    def _of(self, steering: Steering) -> Steerer[Any]:
        return self.by_kind[type(steering)]
