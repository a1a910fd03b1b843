"""Watching one target: rounds on a fixed schedule, overlapping, faster while its health may be about to change."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Final

from routekeeper.domain.health import Health, Observation, TargetHealth, expire, is_suspect, observe
from routekeeper.domain.settings import Target
from routekeeper.monitor.round_counts import RoundCounts
from routekeeper.monitor.round_trip import RoundTrip
from routekeeper.monitor.rounds import probe_once
from routekeeper.probes import Clock, Prober

OnChange = Callable[[str, TargetHealth], None]
OnRound = Callable[[str, Observation], None]

LATE_SECONDS: Final = 0.05
"""From this lateness on, answers wait for this machine and not for the path."""
SLACK: Final = 0.1
"""A share of an interval. Two rounds as close together as this are one beat."""


class Watcher:
    """Sends rounds when they are due and not when an earlier one ends, so a slow answer slows nothing.

    The schedule is tied to the clock and not to the start of the process, so a successor keeps the beat of its
    predecessor. `phase`, from 0 to 1, says where in the interval the beat falls.
    """

    def __init__(
        self, target: Target, state: TargetHealth, phase: float, prober: Prober, clock: Clock, on_change: OnChange
    ) -> None:
        self.target = target
        self.state = state
        self._prober = prober
        self._clock = clock
        self._on_change = on_change
        self._phase = phase
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._due_at = 0.0
        self._sent_at = 0.0
        self._behind = False
        self._rounds: set[asyncio.Task[None]] = set()
        self._overdue: set[asyncio.Task[None]] = set()
        self._round_trip = RoundTrip()
        self._counts = RoundCounts()
        self._began_at = clock()
        self._record: list[Observation] | None = None
        self.on_round: OnRound | None = None
        """Told of every round that has ended."""

    def start(self, *, recording: bool = False) -> None:
        """Begin with the next beat, or at once if its health may be about to change or the last beat went unanswered.

        The last beat may have fallen between predecessor and successor, and then nobody has probed. `recording`: keep
        what is seen for a later `recall`.
        """
        now = self._clock()
        self._record = [] if recording else None
        beat = self._beat_after(now)
        missed = self.state.answered_at < beat - self.target.detection.probe_interval_seconds
        self._schedule(now if missed or self.hurried else beat)

    def recall(self, known: TargetHealth) -> None:
        """Put what a predecessor knew under what has been seen since, as though it had been known from the start.

        This tells nobody: the caller knows what the table says.
        """
        state = expire(known, self._began_at, self.target.detection)
        for seen in self._record or ():
            state = observe(state, seen, self.target.detection)
        self._record = None
        self.state = state
        self._hurry()

    async def stop(self) -> None:
        """Send no more, and forget the rounds under way. What they would have shown stays unknown."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        rounds = tuple(self._rounds)
        for task in rounds:
            task.cancel()
        await asyncio.gather(*rounds, return_exceptions=True)

    @property
    def hurried(self) -> bool:
        """Whether rounds follow at the suspect interval: a run is under way, or an answer is overdue."""
        if self.state.health is Health.UNHEALTHY:
            return False
        return is_suspect(self.state) or bool(self._overdue)

    def expire(self) -> None:
        """Let a health without evidence become UNKNOWN."""
        self._become(expire(self.state, self._clock(), self.target.detection))

    def take(self) -> RoundCounts:
        """The rounds ended since the last call."""
        taken, self._counts = self._counts, RoundCounts()
        return taken

    def _schedule(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._due_at = at
        self._timer = self._loop.call_later(max(0.0, at - self._clock()), self._send)

    def _send(self) -> None:
        now = self._clock()
        self._sent_at = now
        self._behind = now - self._due_at > LATE_SECONDS
        task = self._loop.create_task(self._round(now))
        self._rounds.add(task)
        grace = self._round_trip.overdue_after(self.target.detection.suspect_interval_seconds)
        alarm = self._loop.call_later(grace, self._suspect, task, now + grace)
        task.add_done_callback(lambda ended: self._forget(ended, alarm))
        self._schedule(self._next_due(now))

    async def _round(self, sent_at: float) -> None:
        result = await probe_once(self.target, self._prober)
        if result.round_trip_seconds is not None:
            self._round_trip = self._round_trip.measured(result.round_trip_seconds)
        self._counts.add(result)
        seen = Observation(
            result.health, sent_at, self._clock(), result.reason, result.round_trip_seconds, result.address
        )
        if self._record is not None:
            self._record.append(seen)
        if self.on_round is not None:
            self.on_round(self.target.name, seen)
        self._become(observe(self.state, seen, self.target.detection))

    def _suspect(self, task: asyncio.Task[None], due_at: float) -> None:
        if task.done():
            return
        now = self._clock()
        self._behind = now - due_at > LATE_SECONDS
        self._overdue.add(task)
        self._hurry()
        if self._behind:  # the line may still be cut: look again when the machine may have caught up
            soon = self.target.detection.suspect_interval_seconds
            self._loop.call_later(soon, self._suspect, task, now + soon)

    def _forget(self, task: asyncio.Task[None], alarm: asyncio.TimerHandle) -> None:
        alarm.cancel()
        self._rounds.discard(task)
        self._overdue.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._loop.call_exception_handler({"message": f"round of {self.target.name}", "exception": error})
        self._hurry()

    def _hurry(self) -> None:
        sooner = max(self._clock(), self._sent_at + self.target.detection.suspect_interval_seconds)
        if self._timer is not None and self._hurrying and sooner < self._due_at:
            self._schedule(sooner)

    def _next_due(self, now: float) -> float:
        """When the next round is due. Rounds that a stalled process has missed are left out."""
        interval = self.target.detection.suspect_interval_seconds
        if not self._hurrying:
            return self._beat_after(now)
        due = self._due_at + interval  # counted from when this one was due, so that lateness does not add up
        return due if due > now else now + interval

    @property
    def _hurrying(self) -> bool:
        """Whether to hurry now.

        Haste makes many times as many probes. On a machine that falls behind it would feed on itself, because late
        answers are overdue and so probed for again. Such a machine keeps the ordinary beat.
        """
        return self.hurried and not self._behind

    def _beat_after(self, at: float) -> float:
        """The first beat that is clearly later. After haste this brings the rounds back to the common beat."""
        interval = self.target.detection.probe_interval_seconds
        beats = math.floor((at / interval - self._phase) + SLACK) + 1
        return (beats + self._phase) * interval

    def _become(self, state: TargetHealth) -> None:
        before, self.state = self.state, state
        if state.health is not before.health:
            self._on_change(self.target.name, state)
