"""A group's transitions as values: begun, overtaken, closed, completed, and still to be told. Nothing is saved here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from typing import Final

from routekeeper.domain.brake import counts
from routekeeper.domain.decision import Move
from routekeeper.domain.group_state import GroupState, RouteChange, SeenRoute, Transition, TransitionKind, Untold
from routekeeper.domain.refusal import Refusal
from routekeeper.domain.routes import Route, differing, is_on
from routekeeper.domain.settings import Group, Path
from routekeeper.router.applying import Applied, planned

OVERTAKEN: Final = "Overtaken"
"""Our own code: the next transition began before the route was changed."""
HALTED: Final = "Halted"
"""Our own code: nothing may be touched any more, because an operator has paused it or the decision may not be done."""
TELLER_SECONDS: Final = 15.0
"""How long others leave the telling to the invocation that recorded."""
SEEN_ROUTES_LIMIT: Final = 100
"""Routes that are kept with the group for people to read, about 100 bytes each."""
UNTOLD_LIMIT: Final = 10
"""Transitions that are kept until people could be told; older ones stay in history only."""
UNTOLD_BYTES: Final = 200 * 1024
"""What they may take of the group's item, by a rough count ("Quotas in Amazon DynamoDB": 400 KB for all of it)."""
_CHANGE_BYTES: Final = 100
"""Names of attributes, and what the rest of a change takes."""


def with_routes(state: GroupState, routes: Iterable[Route], now: float) -> GroupState:
    """The state with the routes as they have just been read, to be saved along with whatever else is."""
    seen = tuple(SeenRoute(route.resource, str(route)) for route in islice(routes, SEEN_ROUTES_LIMIT))
    return replace(state, routes=seen, routes_at=now) if seen else state


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
    return replace(pending, reason=f"{pending.reason}; {why}", changes=changes)


def closed(state: GroupState, pending: Transition, applied: Applied, teller: str, now: float) -> GroupState:
    """The state once `pending` is done, in whole or in part. What was done is the last of its `unannounced`.

    Changes that an earlier pass made before it died, or before its record was refused, are part of what was done.
    """
    latest = {change.resource: change for change in applied.changes}
    before = {change.resource: replace(change, refusal=None) for change in pending.changes}
    merged = tuple(
        replace(latest.get(resource, change), before=change.before) for resource, change in {**latest, **before}.items()
    )
    done = replace(pending, changes=merged, applied_at=applied.at)
    rest = _completion(state, done, now) if applied.owed else None
    return to_be_told(replace(state, pending=rest, worker=None), done, teller, now)


def to_be_told(state: GroupState, transition: Transition, teller: str, now: float) -> GroupState:
    """The state with one more transition to be told and counted. This invocation does so before any other."""
    untold = _that_fit((*state.unannounced, Untold(transition, uncounted=counts(transition), recorded_at=now)))
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
        changes=tuple(change for change in done.changes if change.refusal is not None),
    )


def _that_fit(untold: tuple[Untold, ...]) -> tuple[Untold, ...]:
    """The newest of them, as many as the group's item has room for, and the very newest in any case."""
    kept = untold[-UNTOLD_LIMIT:]
    while len(kept) > 1 and sum(_bytes(one.transition) for one in kept) > UNTOLD_BYTES:
        kept = kept[1:]
    return kept


def _bytes(transition: Transition) -> int:
    texts = (
        text
        for change in transition.changes
        for text in (change.resource, change.before, change.after, change.refusal.words if change.refusal else "")
    )
    return sum(len(text.encode()) for text in texts) + _CHANGE_BYTES * len(transition.changes)
