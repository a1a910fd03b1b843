"""How a path is put in place: one file a kind of route, all of one shape."""

from __future__ import annotations

from typing import Protocol

from routekeeper.domain.settings import Group, Path
from routekeeper.domain.steering import Route


class Steering(Protocol):
    """Reads and changes the routes of groups of one kind of steering. Stateless; safe to call from several threads."""

    def read(self, group: Group) -> tuple[Route, ...]:
        """Every route of the group as it is now.

        A route that cannot be read (its table does not exist, say) comes back `unread`; the others are read
        all the same.

        Raises:
            Ec2Error: nothing at all could be read.
        """

    def change(self, group: Group, route: Route, path: Path) -> None:
        """Put one route, as it was just read, onto the path: create, replace, retarget or delete it.

        An unexpected refusal is judged by reading again: a route that is already as wanted is a success.

        Raises:
            Ec2Error: EC2 refused or did not answer, and the route is not as wanted.
        """
