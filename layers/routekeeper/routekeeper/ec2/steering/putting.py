"""Changes a route so that only the route afterwards counts, and not the answer to the call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from routekeeper.domain.errors import Ec2Error
from routekeeper.domain.refusal import About
from routekeeper.domain.routes import Route
from routekeeper.domain.steering import NextHop
from routekeeper.ec2.errors import Trouble, outranked, trouble


def put(route: Route, next_hop: NextHop | None, act: Callable[[Route], None], read: Callable[[], Route]) -> None:
    """Put the route onto the next hop with `act`; after a refusal, `read` it again and judge.

    A call can be refused or go unanswered although the route is as wanted: it was repeated after a lost answer, or
    somebody else was quicker. If it was refused because the route has appeared, vanished or settled since it was read,
    `act` gets a second try on the route as it is now, and chooses its call by that. After a silence there is no second
    try, because the caller must first say whether the next hop is still wanted.

    What is refused as still changing, although the route is settled, is the next hop. The same call would not fare
    better soon.

    What outranks the route is not this call's matter: the route is written all the same, because it takes effect once
    that has gone. But what is written already is not written again.

    Raises:
        Ec2Error: the route could not be put onto the next hop and, as far as can be read, is not on it. Or it is, and
            something outranks it.
    """
    if route.unread is not None:
        raise Ec2Error.of(route.unread, f"{route.resource} is left alone: {route.unread}")
    if route.outranked is not None and route.is_written_to(next_hop):
        raise Ec2Error.of(outranked(f"{route.resource} leads to {route}"))
    try:
        act(route)
    except Ec2Error as refusal:
        if trouble(refusal.code) is Trouble.THROTTLED:
            raise  # nothing can have happened, and the next read would only be throttled, too
        now = _if_readable(read)
        if now is not None and now.is_written_to(next_hop):
            return
        if now is None or now.unread is not None:
            raise
        if _circumstances(now) == _circumstances(route):
            raise _about_what_changes(refusal, route) from refusal
        if trouble(refusal.code) is Trouble.UNANSWERED:
            raise
        act(now)


def _about_what_changes(refusal: Ec2Error, route: Route) -> Ec2Error:
    """The refusal, and what it is about: what is still changing is the next hop if it is not the route."""
    if trouble(refusal.code) is not Trouble.CHANGING or not route.settled:
        return refusal
    return Ec2Error.of(replace(refusal.refusal, about=About.NEXT_HOP, final=True))


def _if_readable(read: Callable[[], Route]) -> Route | None:
    try:
        return read()
    except Ec2Error:
        # Report the refusal that led here; the failed re-read adds nothing.
        return None


def _circumstances(route: Route) -> tuple[bool, bool, bool]:
    """What decides which call is made, and whether EC2 accepts it."""
    return route.exists, route.propagated, route.settled
