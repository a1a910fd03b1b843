"""What is remembered of restarts, and the decision whether to begin one. `restart_course` says how one goes on.

Why: docs/decisions/restart-slot.md
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from routekeeper.domain.bounds import Count, Happened, Time
from routekeeper.domain.health import Health
from routekeeper.domain.refusal import Refusal
from routekeeper.domain.settings import RestartPolicy
from routekeeper.domain.stored import Stored


class InstanceState(Enum):
    """EC2's instance lifecycle; the value is the API's word."""

    PENDING = "pending"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    SHUTTING_DOWN = "shutting-down"
    TERMINATED = "terminated"


class Phase(Enum):
    STOPPING = "STOPPING"
    FORCING = "FORCING"
    STARTING = "STARTING"
    RECOVERING = "RECOVERING"
    """The instance was started. It has yet to run, and its target to be HEALTHY."""


class Action(Enum):
    """What to ask of EC2."""

    STOP = "stop"
    FORCE_STOP = "force-stop"
    START = "start"


class RestartOutcome(Enum):
    """What a step means to people, as a token; the words for it are in `announcing.messages`."""

    BEGUN = "begun"
    PROGRESS = "progress"
    """A step of it was taken."""
    RECOVERED = "recovered"
    FAILED = "failed"
    STUCK = "stuck"
    """A forced stop is overdue. It is repeated, and the restart stays under way."""
    GAVE_UP = "gave-up"
    """No attempts are left."""
    ABANDONED = "abandoned"
    """Its target, or its instance, is no longer in the configuration."""
    NOT_STARTED = "not-started"
    """The instance was stopped, and does not start. The restart is over; the start is asked for again and again."""
    RUNS_AGAIN = "runs-again"
    """An instance whose start was owed runs."""


@dataclass(frozen=True, slots=True)
class Active(Stored):
    """The one restart that is under way in a restart group."""

    target: str
    instance: str
    phase: Phase
    phase_since: Happened
    started_at: Happened
    attempt: Count
    refusal: Refusal | None = None
    """What EC2 last answered in this phase, if it will answer so until somebody changes something."""


@dataclass(frozen=True, slots=True)
class OwedStart(Stored):
    """An instance that routekeeper has stopped, and that does not run yet. `restart_owed` says how it is started."""

    target: str
    instance: str
    since: Happened
    """When its restart ended without it."""
    next_at: Time
    """When EC2 is next asked to start it."""
    tries: Count = 0
    """How often EC2 was asked since then."""
    refusal: Refusal | None = None
    """Why EC2 has not started it, if it has said so."""


@dataclass(frozen=True, slots=True)
class RestartBar(Stored):
    """Why no restart of a target is begun although it has attempts left. A HEALTHY target or a new instance ends it."""

    instance: str
    since: Happened
    reason: str
    until: Time | None = None
    """None: for as long as the instance is the target's."""

    def holds(self, instance: str, now: float) -> bool:
        return instance == self.instance and (self.until is None or now < self.until)


@dataclass(frozen=True, slots=True)
class UntoldNews(Stored):
    """A line of history that people have yet to be told: `RestartEvent` without its group."""

    id: str
    target: str
    instance: str
    at: Happened
    outcome: RestartOutcome
    reason: str
    action: Action | None = None


@dataclass(frozen=True, slots=True)
class RestartState(Stored):
    """Everything remembered of a restart group. It is one item with one slot, `active`, so its shape keeps law 8."""

    group: str
    version: Count = 0
    active: Active | None = None
    attempts: Mapping[str, tuple[Happened, ...]] = field(default_factory=dict)
    """When restarts of each target began, oldest first. Those within `per_seconds` count."""
    seen_unhealthy: Mapping[str, Happened] | None = None
    """Since when the restarter itself has seen each target UNHEALTHY without a break. Other targets are absent. None:
    nobody has looked yet."""
    given_up: frozenset[str] = frozenset()
    """Targets that people must see to. A target is here while it has no attempts left (until it is HEALTHY or attempts
    age out), while its forced stop does not end (until it has ended), and while it is barred."""
    owed: Mapping[str, OwedStart] = field(default_factory=dict)
    """Instances that have yet to be started, by their ID. They do not take the slot: a start makes nothing worse."""
    barred: Mapping[str, RestartBar] = field(default_factory=dict)
    """Targets of which no restart is begun, because EC2 would not stop the instance, or has terminated it."""
    untold: tuple[UntoldNews, ...] = ()
    """What people could not be told so far, oldest first."""

    def seen_unhealthy_since(self, target: str, now: float) -> float:
        """Since when the restarter has itself seen the target UNHEALTHY: always, if nobody has looked yet."""
        return 0.0 if self.seen_unhealthy is None else self.seen_unhealthy.get(target, now)


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is known now of one target that may be restarted."""

    target: str
    instance: str
    policy: RestartPolicy
    health: Health
    since: float | None
    """When the present health was decided."""
    reason: str
    carries_traffic: bool
    """Whether the traffic of some group may go through it although another path of the group works."""
    paused: str | None = None
    """Why an operator wants no action here, if there is a pause."""
    unread: str | None = None
    """A group that uses it and could not be read, if any. It may be paused: nothing begins, and what has begun goes
    on."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do now."""

    reason: str


@dataclass(frozen=True, slots=True)
class Step:
    """Save `state`, then ask EC2 for `action`. In this order a crash in between only repeats the action."""

    state: RestartState
    target: str
    instance: str
    outcome: RestartOutcome
    reason: str
    action: Action | None = None
    quiet: bool = False
    """Whether it is no line of history."""


NextStep = Wait | Step


def begin(state: RestartState, candidates: tuple[Candidate, ...], now: float) -> NextStep:
    """Choose which failed target of the group to restart, if any, while no restart is under way (law 8).

    Those with the fewest recent attempts come first, so that a hopeless one does not keep the others waiting.
    """
    if state.active is not None:
        return Wait(f"{state.active.target} is being restarted")
    waits: list[str] = []
    for candidate in sorted(candidates, key=lambda one: len(_recent(state, one.target, one.policy, now))):
        decision = _consider(state, candidate, now)
        if isinstance(decision, Step):
            return decision
        waits.append(f"{candidate.target}: {decision.reason}")
    return Wait("; ".join(waits))


def unless_gone(state: RestartState, begun: Step, instance: InstanceState, now: float) -> Step:
    """The restart that is about to begin or, if its instance is terminated, that none will be."""
    if instance not in (InstanceState.TERMINATED, InstanceState.SHUTTING_DOWN):
        return begun
    reason = f"{begun.instance} is {instance.value}: there is nothing to restart"
    return Step(
        barred(state, begun.target, RestartBar(begun.instance, now, reason)),
        begun.target,
        begun.instance,
        RestartOutcome.GAVE_UP,
        reason,
    )


def barred(state: RestartState, target: str, bar: RestartBar) -> RestartState:
    """The state in which no restart of the target is begun, and people are to see to it."""
    return replace(state, given_up=state.given_up | {target}, barred={**state.barred, target: bar})


def looked(state: RestartState, candidates: tuple[Candidate, ...], now: float) -> RestartState:
    """The state after a look at the targets: it remembers which are UNHEALTHY.

    A verdict can turn UNHEALTHY "since long ago": when a deaf vantage begins to hear again, its old votes count for a
    moment. So `after_seconds` counts from when the verdict was seen to turn.
    """
    seen = state.seen_unhealthy
    failed = (candidate for candidate in candidates if candidate.health is Health.UNHEALTHY)
    now_seen = {p.target: (p.since or now) if seen is None else seen.get(p.target, now) for p in failed}
    return replace(state, seen_unhealthy=now_seen)


def next_attempt_at(state: RestartState, target: str, policy: RestartPolicy, now: float) -> float:
    """When the target may be restarted again: `after_seconds` after the last attempt, doubled for each recent one."""
    recent = _recent(state, target, policy, now)
    if not recent:
        return now
    return recent[-1] + policy.after_seconds * 2.0 ** len(recent)


def is_stuck(state: RestartState) -> bool:
    """Whether the restart under way waits for an overdue forced stop. People have been told of it."""
    return state.active is not None and state.active.target in state.given_up


def _without_bar(state: RestartState, target: str) -> RestartState:
    kept = {name: bar for name, bar in state.barred.items() if name != target}
    return replace(state, given_up=state.given_up - {target}, barred=kept)


def _recent(state: RestartState, target: str, policy: RestartPolicy, now: float) -> tuple[float, ...]:
    return tuple(at for at in state.attempts.get(target, ()) if now - at < policy.per_seconds)


def _consider(state: RestartState, candidate: Candidate, now: float) -> NextStep:
    if candidate.health is Health.HEALTHY and candidate.target in state.given_up:
        healed = _without_bar(state, candidate.target)
        return Step(healed, candidate.target, candidate.instance, RestartOutcome.RECOVERED, "HEALTHY without our help")
    if candidate.health is not Health.UNHEALTHY or candidate.since is None:
        return Wait(f"{candidate.health.value}")
    if (kept := _kept_by(state, candidate, now)) is not None:
        return Wait(kept)
    since = max(candidate.since, state.seen_unhealthy_since(candidate.target, now))
    if (left := since + candidate.policy.after_seconds - now) > 0:
        return Wait(f"UNHEALTHY; restart in {left:.0f} s at the earliest")
    if candidate.carries_traffic:
        return Wait("UNHEALTHY, and traffic has not left it yet")
    recent = _recent(state, candidate.target, candidate.policy, now)
    if len(recent) >= candidate.policy.attempts:
        return _give_up(state, candidate, len(recent))
    if (left := next_attempt_at(state, candidate.target, candidate.policy, now) - now) > 0:
        return Wait(f"UNHEALTHY after {len(recent)} restarts; the next in {left:.0f} s at the earliest")
    return _first_step(state, candidate, recent, now)


def _kept_by(state: RestartState, candidate: Candidate, now: float) -> str | None:
    """What keeps a restart from beginning for as long as it stands, if anything does."""
    if candidate.instance in state.owed:
        return f"UNHEALTHY, and {candidate.instance} has yet to be started"
    bar = state.barred.get(candidate.target)
    if bar is not None and bar.holds(candidate.instance, now):
        return bar.reason
    if candidate.paused is not None:
        return candidate.paused
    if candidate.unread is not None:
        return f"UNHEALTHY, and group {candidate.unread}, which uses it, cannot be read: it may be paused"
    return None


def _give_up(state: RestartState, candidate: Candidate, attempts: int) -> NextStep:
    if candidate.target in state.given_up:
        return Wait(f"given up after {attempts} restarts")
    given_up = replace(state, given_up=state.given_up | {candidate.target})
    hours = candidate.policy.per_seconds / 3600
    reason = f"still UNHEALTHY after {attempts} restarts within {hours:g} h: {candidate.reason}"
    return Step(given_up, candidate.target, candidate.instance, RestartOutcome.GAVE_UP, reason)


def _first_step(state: RestartState, candidate: Candidate, recent: tuple[float, ...], now: float) -> Step:
    active = Active(candidate.target, candidate.instance, Phase.STOPPING, now, now, len(recent) + 1)
    attempts = {**state.attempts, candidate.target: (*recent, now)}
    begun = replace(_without_bar(state, candidate.target), active=active, attempts=attempts)
    reason = f"attempt {active.attempt} of {candidate.policy.attempts}: {candidate.reason}"
    return Step(begun, candidate.target, candidate.instance, RestartOutcome.BEGUN, reason, Action.STOP)
