"""What a group remembers after a look at its paths, and after a move."""

from __future__ import annotations

from dataclasses import replace

from routekeeper.domain import flaps
from routekeeper.domain.decision import Move
from routekeeper.domain.group_state import GroupState
from routekeeper.domain.health import Health
from routekeeper.domain.path_health import BLACKHOLE
from routekeeper.domain.path_memory import NOTHING
from routekeeper.domain.view import View


def moved(state: GroupState, move: Move, now: float) -> GroupState:
    """The state with the move's path as its desired one. A request to return is spent; a blackhole is remembered."""
    memories = {name: replace(memory, seen_healthy_at=None) for name, memory in state.paths.items()}
    if move.blackhole:
        left = state.path or ""
        memories[left] = replace(memories.get(left, NOTHING), blackholed_at=now)
    elif move.to in memories:
        memories[move.to] = replace(memories[move.to], blackholed_at=None)
    state = state.remembering(memories)
    return replace(state, path=move.to, since=now, reason=move.reason, returning=None, looked=False)


def counted(view: View) -> GroupState:
    """The state after a look at the paths, whatever is then decided: it has counted which paths have flapped.

    Verdicts on targets count, also while a pin or a pause is in force. A blackhole is no flap, and neither is what AWS
    says: an instance that is stopped on purpose has not flapped before its probes fail. A blackhole beside the desired
    path is remembered until it is put right and longer. EC2 has taken a path that all routes are on.
    """
    state, rule = view.state, view.group.failback.damping
    known = {name: memory.flaps for name, memory in state.paths.items() if memory.flaps is not None}
    health = {path.name: view.verdicts.probed(path).health for path in view.group.paths}
    looked = {} if rule is None else flaps.look(known, health, view.now, rule)
    state = state.remembering(
        {name: replace(state.memory(name), flaps=looked.get(name)) for name in {**known, **looked}}
    )
    return _routes_seen(view, state)


def _routes_seen(view: View, state: GroupState) -> GroupState:
    """With what the routes tell of the paths."""
    if view.actual is None:
        return state
    seen = {
        name: replace(state.memory(name), blackholed_at=view.now)
        for name in view.actual.blackholes - {state.path}
        if view.health[name].reason == BLACKHOLE and state.memory(name).blackholed_at is None
    }
    taken = view.actual.path
    if taken is not None and taken not in view.actual.blackholes:
        seen[taken] = replace(state.memory(taken), bar=None)
    return state.remembering(seen)


def stayed(view: View, now: float) -> GroupState:
    """The state after a look that moved nothing: it remembers which better paths are HEALTHY, as seen by `now`.

    A verdict can turn HEALTHY "since long ago": if the vantage that spoke against a path falls silent, the votes that
    are left were cast long before. Hold-down counts from when the verdict was seen to turn (law 4).
    """
    state = view.state
    better = () if view.desired is None else view.better(view.desired.name)
    good = {path.name for path in better if view.health[path.name].health is Health.HEALTHY}
    memories = {name: replace(memory, seen_healthy_at=None) for name, memory in state.paths.items()}
    for name in good:
        since = state.memory(name).seen_healthy_at if state.looked else None
        memories[name] = replace(state.memory(name), seen_healthy_at=now if since is None else since)
    return replace(state.remembering(memories), looked=bool(better))
