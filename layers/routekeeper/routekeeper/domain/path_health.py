"""The health of each path of a group: what its probes say, what AWS says of it, and whether its route leads nowhere."""

from __future__ import annotations

from typing import Final

from routekeeper.domain.group_state import GroupState
from routekeeper.domain.health import Health
from routekeeper.domain.quorum import Verdict
from routekeeper.domain.routes import Actual
from routekeeper.domain.settings import Group
from routekeeper.domain.signals import UNPROBED_SECONDS
from routekeeper.domain.verdicts import Verdicts

BLACKHOLE: Final = "its route is a blackhole: the next hop is gone"


def health_of_paths(
    group: Group, state: GroupState, verdicts: Verdicts, actual: Actual | None, now: float
) -> dict[str, Verdict]:
    """The verdict on every path. A blackhole overrules the probes, which may reach the target another way."""
    health = {path.name: verdicts.on(group, path) for path in group.paths}
    path = state.path
    if path in health and health[path].health is not Health.UNHEALTHY and is_blackhole(state, actual):
        health[path] = Verdict(Health.UNHEALTHY, BLACKHOLE, since=now)
    for left in group.paths:
        marked_at = state.memory(left.name).blackholed_at
        if marked_at is None or left.name == path:
            continue
        if left.target is None and now - marked_at > UNPROBED_SECONDS:
            continue  # no verdict on it will ever be newer
        verdict = health[left.name]
        if verdict.health is Health.HEALTHY and (verdict.since or 0.0) <= marked_at:
            reason = "its route was a blackhole when it was left, and no newer verdict says otherwise"
            health[left.name] = Verdict(Health.UNHEALTHY, reason, since=marked_at)
    return health


def is_blackhole(state: GroupState, actual: Actual | None) -> bool:
    """Whether the routes are on the desired path, and AWS says that it leads nowhere."""
    return actual is not None and actual.blackholed and actual.path is not None and actual.path == state.path


def is_dead(verdict: Verdict) -> bool:
    """Whether traffic is lost now, and not only soon."""
    return verdict.health is Health.UNHEALTHY and not verdict.announced


def works(verdict: Verdict) -> bool:
    """Whether traffic gets through now, although AWS may have announced that it soon will not."""
    return verdict.health is Health.HEALTHY or verdict.announced
