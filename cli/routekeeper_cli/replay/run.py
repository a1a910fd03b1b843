"""Runs a trace through the code that watches and decides, under the trace's own clock.

`observe`, `expire`, quorum and `decide` are those of the functions. What takes time between them is left out: writing
to the table, its stream, and AWS changing routes. A vantage counts as alive while it has rows.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from routekeeper.domain.brake import Counted, Ledger, count
from routekeeper.domain.deciding import decide
from routekeeper.domain.decision import Move, Stay
from routekeeper.domain.group_state import GroupState
from routekeeper.domain.health import Health, Observation, TargetHealth, expire, observe
from routekeeper.domain.quorum import UNOBSERVED, Verdict, verdicts
from routekeeper.domain.remembering import counted, moved, stayed
from routekeeper.domain.routes import Actual
from routekeeper.domain.settings import Configuration, Group, Target
from routekeeper.domain.verdicts import Verdicts
from routekeeper.domain.view import View
from routekeeper_cli.replay.row import RoundOutcome, Row


@dataclass(frozen=True, slots=True)
class HealthChange:
    """A target's health over all vantages has changed."""

    time: float
    target: str
    health: Health
    reason: str


@dataclass(frozen=True, slots=True)
class Moved:
    """A group's traffic has gone from one path to another."""

    time: float
    group: str
    from_path: str
    to: str
    reason: str


@dataclass(frozen=True, slots=True)
class Braked:
    """There have been so many moves that the brake engages. Replay assumes that a person acknowledges at once."""

    time: float
    moves: int
    per_seconds: float


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A group's next move if health stayed as it is at the end of the trace."""

    time: float
    group: str
    from_path: str
    to: str
    reason: str


Event = HealthChange | Moved | Braked | Foreseen


@dataclass(frozen=True, slots=True)
class End:
    """How a round has ended, and when that was known."""

    at: float
    row: Row
    seen: Observation

    @property
    def order(self) -> tuple[float, float, str, str]:
        """First by when the outcome was known, then by when the round was sent, by vantage and by target."""
        return self.at, self.row.sent_at, self.row.vantage, self.row.target


def replay(rows: Iterable[Row], configuration: Configuration) -> Iterator[Event]:
    """What would have happened, in the order of time, and then what is foreseen.

    Every group begins on its preferred path, and every target UNKNOWN.

    A round ends with its answer or its timeout. Rounds are taken in the order in which they end, and those that end at
    one moment are judged together. An answer that came later than the target's timeout now allows is a loss, so you can
    try other timeouts on the same trace.
    """
    ended = sorted((end_of(row, configuration.targets[row.target]) for row in rows), key=lambda end: end.order)
    if not ended:
        return
    course = _Course(configuration, ended[0].at)
    for at, ends in groupby(ended, key=lambda end: end.at):
        yield from course.pass_to(at)
        yield from course.take(at, ends)
    yield from sorted(course.ahead(ended[-1].at), key=lambda foreseen: foreseen.time)


def end_of(row: Row, target: Target) -> End:
    """How a row's round ended. An answer that came later than the target's timeout is a loss."""
    timeout, line = target.seconds_to_loss, f"line {row.line}"
    late = row.round_trip_seconds is not None and row.round_trip_seconds >= timeout
    match row.outcome:
        case RoundOutcome.UNKNOWN:
            health, took, reason = Health.UNKNOWN, 0.0, f"unknown ({line})"
        case RoundOutcome.OK if not late:
            health, took, reason = Health.HEALTHY, row.round_trip_seconds or 0.0, f"answered ({line})"
        case RoundOutcome.OK | RoundOutcome.LOST:
            health, took, reason = Health.UNHEALTHY, timeout, f"no answer within {timeout:g} s ({line})"
    round_trip = row.round_trip_seconds if health is Health.HEALTHY else None
    seen = Observation(health, row.sent_at, row.sent_at + took, reason, round_trip)
    return End(row.sent_at + took, row, seen)


class _Course:
    """What the vantages hold and where the groups are, as time passes."""

    def __init__(self, configuration: Configuration, begins_at: float) -> None:
        self._configuration = configuration
        self._held: dict[str, dict[str, TargetHealth]] = {}
        self._heard_at: dict[str, float] = {}
        self._verdicts: dict[str, Verdict] = dict.fromkeys(configuration.targets, UNOBSERVED)
        self._groups = {
            name: GroupState(name, path=group.paths[0].name, since=begins_at)
            for name, group in configuration.groups.items()
        }
        self._ledger = Ledger()
        self._due_at = math.inf
        """When a group may go back, or something is forgotten, at the earliest."""

    def take(self, now: float, ends: Iterable[End]) -> Iterator[Event]:
        """Take in rounds that have all ended at this moment."""
        to_judge = [self._fold(end) for end in ends]
        if any(to_judge):
            yield from self._judge(now)
            self._due_at = min(self._due_at, self._next_due(now))

    def _fold(self, end: End) -> bool:
        """Fold one round in. Returns whether the verdicts may have changed."""
        row, now = end.row, end.at
        held = self._held.setdefault(row.vantage, {})
        new = (
            row.target not in held
            or now - self._heard_at.get(row.vantage, -math.inf) > self._configuration.stale_after_seconds
        )
        self._heard_at[row.vantage] = now
        before, rule = held.get(row.target, TargetHealth(since=now)), self._configuration.targets[row.target].detection
        # What was seen of an UNKNOWN target is forgotten, too, but no change of health tells when.
        held[row.target] = observe(expire(before, now, rule), end.seen, rule)
        return new or held[row.target].health is not before.health

    def pass_to(self, until: float) -> Iterator[Event]:
        """Pass the time to `until`, in which nothing is seen. What is due by then happens at its own time."""
        while self._due_at <= until:
            now = self._due_at
            for held in self._held.values():
                for target, state in held.items():
                    held[target] = expire(state, now, self._configuration.targets[target].detection)
            yield from self._judge(now)
            self._due_at = self._next_due(now)

    def ahead(self, now: float) -> Iterator[Foreseen]:
        """The moves that become due after `now` by waiting alone."""
        for name, group in self._configuration.groups.items():
            view = self._view(group, now)
            waits = decide(view)
            if isinstance(waits, Stay) and waits.due_at is not None:
                move = decide(view.at(waits.due_at))
                if isinstance(move, Move):
                    yield Foreseen(waits.due_at, name, view.state.path or "", move.to, move.reason)

    def _view(self, group: Group, now: float) -> View:
        """The group as it is, with its routes where they should be."""
        state = self._groups[group.name]
        return View(group, state, Verdicts(self._verdicts), now, Actual(state.path))

    def _judge(self, now: float) -> Iterator[Event]:
        stale_after = self._configuration.stale_after_seconds
        fresh = {name: held for name, held in self._held.items() if now - self._heard_at[name] <= stale_after}
        found = verdicts(self._configuration.targets, fresh)
        for target, verdict in found.items():
            if verdict.health is not self._verdicts[target].health:
                yield HealthChange(now, target, verdict.health, verdict.reason)
        self._verdicts = found
        for group in self._configuration.groups.values():
            yield from self._decide(group.name, now)

    def _decide(self, name: str, now: float) -> Iterator[Event]:
        view = self._view(self._configuration.groups[name], now)
        view = view.knowing(counted(view))
        state = view.state
        match decide(view):
            case Move() as move:
                self._groups[name] = replace(moved(state, move, now), version=state.version + 1)
                yield Moved(now, name, state.path or "", move.to, move.reason)
                yield from self._count(f"{name}-{state.version + 1}", now)
            case Stay():
                self._groups[name] = stayed(view, now)

    def _count(self, transition: str, now: float) -> Iterator[Event]:
        rule = self._configuration.brake
        if rule is not None:
            self._ledger = count(self._ledger, rule, [Counted(transition, now)], now)
            if self._ledger.engaged_at is not None:
                self._ledger = Ledger()
                yield Braked(now, rule.moves, rule.per_seconds)

    def _next_due(self, now: float) -> float:
        """The next moment at which something changes although nothing is seen."""
        stale_after = self._configuration.stale_after_seconds
        due = [heard + stale_after for heard in self._heard_at.values()]
        for held in self._held.values():
            due += [
                state.known_at + self._configuration.targets[target].detection.unknown_after_seconds
                for target, state in held.items()
                if state.known_at
            ]
        for name in self._groups:
            decision = decide(self._view(self._configuration.groups[name], now))
            if isinstance(decision, Stay) and decision.due_at is not None:
                due.append(decision.due_at)
        # One step later, because silence must be *longer* than allowed, and no moment may be due twice.
        return min((math.nextafter(at, math.inf) for at in due if at >= now), default=math.inf)
