"""The health of each path of a group: what its probes say, what AWS says of it, and whether its route leads nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from routekeeper.domain.barring import Bar
from routekeeper.domain.group_state import GroupState, TransitionKind
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
    """The verdict on every path, bars aside. A blackhole overrules the probes, which may reach the target another way.

    It counts route by route: one route on a path is enough.
    """
    health = {path.name: verdicts.on(group, path) for path in group.paths}
    blackholes = frozenset() if actual is None else actual.blackholes
    for path in group.paths:
        verdict, marked_at = health[path.name], state.memory(path.name).blackholed_at
        if path.name in blackholes:
            if verdict.health is not Health.UNHEALTHY:
                health[path.name] = Verdict(Health.UNHEALTHY, BLACKHOLE, since=now)
            continue
        if marked_at is None or path.name == state.path:
            continue
        if path.target is None and now - marked_at > UNPROBED_SECONDS:
            continue  # no verdict on it will ever be newer
        if verdict.health is Health.HEALTHY and (verdict.since or 0.0) <= marked_at:
            reason = "its route was a blackhole when it was left, and no newer verdict says otherwise"
            health[path.name] = Verdict(Health.UNHEALTHY, reason, since=marked_at)
    return health


def barred_paths(group: Group, state: GroupState, actual: Actual | None, now: float) -> dict[str, Bar]:
    """The bars in force, by path. A path that all routes are on has none: EC2 has taken it, or it was there before.

    While traffic is on a dead path and has no other way, bars give way sooner (`view`).
    """
    there = actual.path if actual is not None and actual.path not in actual.blackholes else None
    bars = ((path.name, state.memory(path.name).bar) for path in group.paths if path.name != there)
    return {name: bar for name, bar in bars if bar is not None and bar.holds(now)}


def with_bars(health: Mapping[str, Verdict], bars: Mapping[str, Bar]) -> dict[str, Verdict]:
    """The health of paths, with those UNHEALTHY that EC2 refuses, also if they would work for a while yet."""
    return {
        name: verdict if name not in bars or is_dead(verdict) else _of_barred(bars[name])
        for name, verdict in health.items()
    }


def _of_barred(bar: Bar) -> Verdict:
    return Verdict(Health.UNHEALTHY, str(bar), since=bar.since)


def stays(state: GroupState, sound: Mapping[str, Verdict]) -> bool:
    """Whether the group's traffic need not leave the desired path although EC2 takes no more routes onto it.

    Somebody else has put some routes onto other HEALTHY paths, and EC2 refuses to put them back. Those that are still
    on the path work as before. `sound` is the health of the paths, bars aside.
    """
    traffic, pending = state.traffic, state.pending
    if traffic is None or traffic.astray or state.path not in traffic.paths or state.halfway:
        return False
    if pending is not None and pending.kind is not TransitionKind.DRIFT:
        return False
    return all(name in sound and sound[name].health is Health.HEALTHY for name in traffic.paths)


def is_dead(verdict: Verdict) -> bool:
    """Whether traffic is lost now, and not only soon."""
    return verdict.health is Health.UNHEALTHY and not verdict.announced


def works(verdict: Verdict) -> bool:
    """Whether traffic gets through now, although AWS may have announced that it soon will not."""
    return verdict.health is Health.HEALTHY or verdict.announced
