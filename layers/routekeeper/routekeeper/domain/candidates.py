"""What is known of a target that may be restarted, from verdicts and failover groups."""

from __future__ import annotations

from collections.abc import Mapping

from routekeeper.domain.group_state import GroupState
from routekeeper.domain.path_health import works
from routekeeper.domain.restart import Candidate
from routekeeper.domain.settings import Configuration, Group, Path, Target
from routekeeper.domain.signals import instances_of
from routekeeper.domain.verdicts import Verdicts


def depends(configuration: Configuration, path: Path, target: Target) -> bool:
    """Whether the path ends at the target, or goes through its instance to wherever it ends."""
    return path.target == target.name or target.instance in instances_of(configuration, path)


def users(configuration: Configuration, target: Target) -> tuple[Group, ...]:
    """The failover groups that have a path depending on the target."""
    groups = configuration.groups.values()
    return tuple(group for group in groups if any(depends(configuration, path, target) for path in group.paths))


def has_another_way(
    configuration: Configuration,
    group: Group,
    target: Target,
    verdicts: Verdicts,
    refused: frozenset[str] = frozenset(),
) -> bool:
    """Whether the group has a path that works, does not depend on the target, and is not `refused` by EC2."""
    others = (path for path in group.paths if not depends(configuration, path, target) and path.name not in refused)
    return any(works(verdicts.on(group, path)) for path in others)


def candidate(
    configuration: Configuration,
    target: Target,
    states: Mapping[str, GroupState],
    verdicts: Verdicts,
    now: float,
) -> Candidate | None:
    """The target as a candidate; None if it has no instance or is not to be restarted.

    `states` holds the failover groups by name, and is empty if no decision depends on them. A group that is missing
    among others counts as sending its traffic through the target. It lets no restart begin, because it may be paused
    (law 6).
    """
    if target.instance is None or target.restart is None:
        return None
    groups = users(configuration, target)
    verdict = verdicts.of(target.name)
    return Candidate(
        target=target.name,
        instance=target.instance,
        policy=target.restart,
        health=verdict.health,
        since=verdict.since,
        reason=verdict.reason,
        carries_traffic=any(
            _carries(configuration, group, states.get(group.name), target, verdicts) for group in groups
        ),
        paused=_paused(groups, states, now),
        unread=next((group.name for group in groups if group.name not in states), None),
    )


def _carries(
    configuration: Configuration,
    group: Group,
    state: GroupState | None,
    target: Target,
    verdicts: Verdicts,
) -> bool:
    """Whether the group's traffic may go through the target although it could go elsewhere (law 8)."""
    refused = frozenset() if state is None else state.refused_paths
    if not has_another_way(configuration, group, target, verdicts, refused):
        return False
    if state is None or state.pending is not None:
        # Until a change of routes is recorded, traffic may be on any path: the one that it leaves, or one before that.
        return True
    path = group.path(state.path) if state.path is not None else None
    seen = state.traffic.paths if state.traffic is not None else ()
    used = (path, *(group.path(name) for name in (*state.drifted, *seen)))
    return path is None or any(one is not None and depends(configuration, one, target) for one in used)


def _paused(groups: tuple[Group, ...], states: Mapping[str, GroupState], now: float) -> str | None:
    """Who wants no action on a group that uses the target, and why (law 6)."""
    for group in groups:
        state = states.get(group.name)
        if state is not None and (pause := state.paused_at(now)) is not None:
            return f"group {group.name} is paused by {pause.asked.by}: {pause.asked.reason}"
    return None
