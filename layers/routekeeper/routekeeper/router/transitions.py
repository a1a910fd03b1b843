"""A group's transitions as values: begun, overtaken, closed, completed, and still to be told. Nothing is saved here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

from routekeeper.domain.barring import Bar
from routekeeper.domain.brake import counts
from routekeeper.domain.decision import Move
from routekeeper.domain.group_state import GroupState, RouteChange, SeenRoute, Transition, TransitionKind, Untold
from routekeeper.domain.refusal import Refusal
from routekeeper.domain.routes import Route, Traffic, differing, is_on, whereabouts
from routekeeper.domain.settings import Group, Path
from routekeeper.router.applying import Applied, planned

OVERTAKEN: Final = "Overtaken"
"""Our own code: the next transition began before the route was changed."""
HALTED: Final = "Halted"
"""Our own code: nothing may be touched any more, because an operator has paused it or the decision may not be done."""
TELLER_SECONDS: Final = 15.0
"""How long others leave the telling to the invocation that recorded."""
SEEN_ROUTES_LIMIT: Final = 100
"""Routes that are kept with the group for people to read."""
UNTOLD_LIMIT: Final = 10
"""Transitions that are kept until people could be told; older ones stay in history only."""
CHANGES_OCTETS: Final = 340_000
"""Room in a group's item for changes of routes, of the 400 KB that an item may have ("Quotas in Amazon DynamoDB")."""
OWED_REFUSALS_LIMIT: Final = 100
"""Refusals that are kept with what is still owed, for people to read. All of them are in history."""
_NAMES_OCTETS: Final = 30
_REFUSAL_NAMES_OCTETS: Final = 60
"""What a change, and a refusal in it, take beside their texts."""


def with_routes(state: GroupState, group: Group, routes: Sequence[Route], now: float) -> GroupState:
    """The state with the routes as they have just been read, and where they lead."""
    seen = tuple(SeenRoute(route.resource, str(route)) for route in islice(routes, SEEN_ROUTES_LIMIT))
    if not seen:
        return state
    return replace(state, routes=seen, routes_at=now, traffic=whereabouts(group, routes) or state.traffic)


def of_move(state: GroupState, move: Move, now: float) -> Transition:
    return Transition(
        id=next_id(state),
        group=state.group,
        kind=move.kind,
        from_path=state.path,
        to_path=move.to,
        reason=move.reason,
        decided_at=now,
        first_loss_at=move.first_loss_at,
        verdict_at=move.verdict_at,
        asked=move.asked,
        forced=move.forced,
    )


def of_drift(state: GroupState, path: Path, todo: Iterable[Route], now: float) -> Transition:
    found = "; ".join(f"{route.resource} is on {route}" for route in todo)
    return Transition(
        id=next_id(state),
        group=state.group,
        kind=TransitionKind.DRIFT,
        from_path=path.name,
        to_path=path.name,
        reason=f"somebody else changed the routes: {found}",
        decided_at=now,
    )


def with_plan(transition: Transition, group: Group, routes: Iterable[Route]) -> Transition:
    """With what is about to be changed, so that any invocation that records it later knows what there was before."""
    path = group.path(transition.to_path)
    if path is None:
        return transition
    known = {change.resource for change in transition.changes}
    todo = (route for route in differing(routes, path) if route.resource not in known)
    return replace(transition, changes=(*transition.changes, *planned(todo, path)))


def known(pending: Transition, group: Group, routes: Iterable[Route], otherwise: Refusal) -> tuple[RouteChange, ...]:
    """The planned changes as the routes show them. Those in place are done; the others carry `otherwise`."""
    path = group.path(pending.to_path)
    done = {route.resource for route in routes if path is not None and is_on(route, path)}
    return tuple(replace(change, refusal=None if change.resource in done else otherwise) for change in pending.changes)


def overtaken(pending: Transition, group: Group, routes: Iterable[Route], by: Transition) -> Transition:
    """A transition that was never recorded, as it goes into history when the next one begins."""
    why = f"overtaken by {by.id}"
    changes = known(pending, group, routes, Refusal(OVERTAKEN, why))
    traffic = whereabouts(group, routes)
    return replace(pending, reason=f"{pending.reason}; {why}", changes=changes, traffic=traffic)


def closed(state: GroupState, pending: Transition, applied: Applied, teller: str, now: float) -> GroupState:
    """The state once `pending` is done, in whole or in part. What was done is the last of its `unannounced`.

    Changes that an earlier pass made before it died, or before its record was refused, are part of what was done.
    The state knows where the routes lead by then (`with_routes`).
    """
    latest = {change.resource: change for change in applied.changes}
    before = {change.resource: replace(change, refusal=None) for change in pending.changes}
    merged = tuple(
        replace(latest.get(resource, change), before=change.before) for resource, change in {**latest, **before}.items()
    )
    done = replace(pending, changes=merged, applied_at=applied.at, traffic=state.traffic)
    rest = _completion(state, done, now) if applied.owed else None
    applied_at = applied.at if applied.changed else state.applied_at
    after = replace(state, pending=rest, worker=None, applied_at=applied_at, halfway=applied.owed)
    return to_be_told(after, done, teller, now)


def withdrawn(
    state: GroupState, pending: Transition, origin: str | None, rest: Iterable[RouteChange], bar: Bar, now: float
) -> GroupState:
    """The state once EC2 has refused all of `pending`: its desired path is again the one that its traffic is on.

    If the move before was made in part, the `rest` of it is owed again.
    """
    reason = f"{pending.to_path} was wanted ({pending.reason}), and {bar}"
    owed, left = None, tuple(rest)
    if left and origin is not None and state.halfway:
        why = f"the rest of an earlier move; {reason}"
        kind = TransitionKind.COMPLETION
        owed = Transition(next_id(state), state.group, kind, pending.from_path, origin, why, now, changes=left)
    state = replace(state, path=origin, since=now, reason=reason, pending=owed, worker=None)
    return barred(state, pending.to_path, bar)


def barred(state: GroupState, path: str, bar: Bar) -> GroupState:
    """The state with this bar on the path."""
    return state.remembering({path: replace(state.memory(path), bar=bar)})


def refused(pending: Transition, applied: Applied, traffic: Traffic | None) -> Transition:
    """A transition of which EC2 has taken nothing, as it goes into history."""
    return replace(pending, changes=applied.changes, traffic=traffic)


def answered(pending: Transition, applied: Applied) -> Transition:
    """A transition of which EC2 has taken nothing as yet, with what it has said of each route."""
    latest = {change.resource: change.refusal for change in applied.changes}
    changes = (replace(change, refusal=latest.get(change.resource)) for change in pending.changes)
    return replace(pending, changes=_with_few_refusals(changes))


def to_be_told(
    state: GroupState, transition: Transition, teller: str, now: float, *, has_moved: bool = True
) -> GroupState:
    """The state with one more transition to be told and, if it has moved anything, counted.

    This invocation does so before any other.
    """
    uncounted = has_moved and counts(transition)
    told = (*state.unannounced, Untold(transition, uncounted=uncounted, recorded_at=now))
    untold = _that_fit(told, CHANGES_OCTETS - (0 if state.pending is None else octets(state.pending)))
    return replace(state, unannounced=untold, teller=teller, teller_until=now + TELLER_SECONDS)


def next_id(state: GroupState) -> str:
    """The ID of the transition that the next save begins."""
    return f"{state.group}-{state.version + 1}"


def _completion(state: GroupState, done: Transition, now: float) -> Transition:
    """The transition for the routes that could not be changed yet."""
    return replace(
        done,
        id=next_id(state),
        kind=TransitionKind.COMPLETION,
        reason=f"the rest of {done.id}: {done.reason}",
        first_loss_at=None,
        verdict_at=None,
        decided_at=now,
        applied_at=None,
        changes=_owed(done.changes),
    )


def _owed(changes: Iterable[RouteChange]) -> tuple[RouteChange, ...]:
    """Those that were refused, as they are kept until they are made."""
    return _with_few_refusals(change for change in changes if change.refusal is not None)


def _with_few_refusals(changes: Iterable[RouteChange]) -> tuple[RouteChange, ...]:
    changes = tuple(changes)
    bare = (replace(change, refusal=None) for change in changes[OWED_REFUSALS_LIMIT:])
    return (*changes[:OWED_REFUSALS_LIMIT], *bare)


def _that_fit(untold: tuple[Untold, ...], room: int) -> tuple[Untold, ...]:
    """The newest of them, as many as the group's item has room for, and the very newest in any case."""
    kept = untold[-UNTOLD_LIMIT:]
    while len(kept) > 1 and sum(octets(one.transition) for one in kept) > room:
        kept = kept[1:]
    return kept


def octets(transition: Transition) -> int:
    """How much of an item the changes of a transition take, or a little more. A test holds it to the store's count."""
    return sum(map(_octets, transition.changes))


def _octets(change: RouteChange) -> int:
    words = [change.resource, change.before, change.after]
    if change.refusal is None:
        return _NAMES_OCTETS + len("".join(words).encode())
    words += [change.refusal.code, change.refusal.words]
    return _NAMES_OCTETS + _REFUSAL_NAMES_OCTETS + len("".join(words).encode())
