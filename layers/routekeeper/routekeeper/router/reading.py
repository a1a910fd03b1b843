"""Reading a group's routes: at once where that can be, and for as long as it may help once something is decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from routekeeper.domain.errors import Ec2Error
from routekeeper.domain.routes import Route
from routekeeper.router.scope import VERDICT_SECONDS, Scope

READ_PAUSES_SECONDS: Final = (0.25, 0.5, None)
"""After each attempt to read the routes; the last has none."""
READ_AGAIN_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Reading:
    scope: Scope

    def now(self) -> tuple[tuple[Route, ...], Ec2Error | None]:
        """The routes or, where nothing can be read, why: then the decision is taken on health alone."""
        dependencies = self.scope.dependencies
        for pause in READ_PAUSES_SECONDS:
            try:
                return dependencies.steerers.read(self.scope.group), None
            except Ec2Error as error:
                if pause is None or error.final:
                    return (), error
                dependencies.sleep(pause)
        raise AssertionError("the last attempt has no pause")

    def at_last(self, unread: Ec2Error, *, matters: bool) -> tuple[Route, ...]:
        """Read again for as long as that may help and time is left: the decision is taken, the routes wait for it.

        `unread` is why they could not be read so far; `matters` says whether they would have had a say in it.

        Raises:
            Late: it took so long that what was decided on may hold no more, or the routes had a say in it.
            Ec2Error: they cannot be read.
        """
        asked_at = self.scope.now()
        while not unread.final and self.scope.now() < self.scope.act_until:
            self.scope.dependencies.sleep(READ_AGAIN_SECONDS)
            routes, error = self.now()
            if error is None:
                if self.scope.now() - asked_at > VERDICT_SECONDS:
                    raise self.scope.late("its routes could not be read for a while")
                if matters:
                    raise self.scope.late("a transition from before was looked at without its routes")
                return routes
            unread = error
        raise unread
