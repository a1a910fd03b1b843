"""Reads a group's routes: with a few tries before the decision, and for as long as it may help after it."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from routekeeper.domain.errors import Ec2Error
from routekeeper.domain.routes import Route
from routekeeper.router.scope import VERDICT_SECONDS, Scope

LOG = logging.getLogger("routekeeper.router")

READ_PAUSES_SECONDS: Final = (0.25, 0.5, None)
"""After each attempt to read the routes; none after the last."""
READ_AGAIN_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Reading:
    scope: Scope

    def now(self) -> tuple[tuple[Route, ...], Ec2Error | None]:
        """The routes, or why nothing can be read: then the decision is taken on health alone."""
        dependencies = self.scope.dependencies
        for pause in READ_PAUSES_SECONDS:
            try:
                routes = dependencies.steerers.read(self.scope.group)
            except Ec2Error as error:
                if pause is None or error.final:
                    return (), error
                dependencies.sleep(pause)
            else:
                _tell_of_unchecked(routes)
                return routes, None
        raise AssertionError("the last attempt has no pause")

    def at_last(self, unread: Ec2Error, *, matters: bool) -> tuple[Route, ...]:
        """Read again for as long as that may help and time is left, now that the decision is taken.

        `unread` is why the routes could not be read so far; `matters` says whether the decision depends on them.

        Raises:
            Late: it took so long that what was decided on may no longer hold, or the decision depends on the routes.
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


def _tell_of_unchecked(routes: Iterable[Route]) -> None:
    """Say which routes may be outranked without anybody knowing. They are steered all the same."""
    if unchecked := {route.resource: str(route.unchecked) for route in routes if route.unchecked is not None}:
        LOG.warning("nobody knows whether something outranks these routes", extra={"routes": unchecked})
