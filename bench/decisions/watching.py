"""One target watched under a virtual clock: the monitor's schedule, without its event loop."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator

from routekeeper.domain.detection import Detection
from routekeeper.domain.health import Health, Observation, TargetHealth, is_suspect, observe

WELL = TargetHealth(health=Health.HEALTHY, since=0.0, successes=10, first_success_at=0.0)


def changes(
    loses: Callable[[float], bool],
    rule: Detection,
    until: float,
    *,
    start: TargetHealth = WELL,
    round_trip: Callable[[float], float] = lambda _: 0.01,
) -> Iterator[TargetHealth]:
    """Each state with a new health, while probes go out as `monitor.watcher` sends them.

    That is on the beat while all is well, and at the suspect interval while an answer is overdue or a verdict near.

    Of an answer the round trip is asked for, of a probe whether it is lost, both at the time of sending.
    """
    state, now, beat = start, 0.0, rule.probe_interval_seconds
    ends: list[tuple[float, float, bool, float]] = []  # completed, sent, lost, round trip
    while now < until:
        lost = loses(now)
        took = rule.probe_timeout_seconds if lost else round_trip(now)
        lost = lost or took >= rule.probe_timeout_seconds
        heapq.heappush(ends, (now + min(took, rule.probe_timeout_seconds), now, lost, took))
        sent, due = now, (now // beat + 1) * beat
        early = sent + rule.suspect_interval_seconds
        if early < due and _hurried(state, ends, early, rule):
            due = early
        while ends and ends[0][0] <= due:
            completed, sent_at, was_lost, seconds = heapq.heappop(ends)
            before, kind = state.health, Health.UNHEALTHY if was_lost else Health.HEALTHY
            seen = Observation(kind, sent_at, completed, "probe", None if was_lost else seconds)
            state = observe(state, seen, rule)
            if state.health is not before:
                yield state
            # An outcome may hurry the next probe, never slow it down: it was due already.
            if (sooner := max(completed, early)) < due and _hurried(state, ends, completed, rule):
                due = sooner
        now = due


def _hurried(state: TargetHealth, ends: list[tuple[float, float, bool, float]], now: float, rule: Detection) -> bool:
    if state.health is Health.UNHEALTHY:
        return False
    overdue = any(sent + rule.suspect_interval_seconds <= now < completed for completed, sent, _, _ in ends)
    return overdue or is_suspect(state)
