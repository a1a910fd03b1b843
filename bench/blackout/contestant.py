"""A rule at work: it probes, concludes, and moves its own lane's route by the same calls as the product."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from bench.blackout.ground import Lane
from bench.blackout.probing import Echo, Probe, play
from bench.blackout.rules import Rule, Session, Silence, Turn
from routekeeper.domain.errors import Ec2Error
from routekeeper.domain.routes import differing
from routekeeper.domain.settings import Group, Path
from routekeeper.ec2.steering import Steerers

ATTEMPTS: Final = 20
PAUSE_SECONDS: Final = 0.1
"""Between attempts at a route that AWS is still changing."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A conclusion and its consequence, in epoch seconds."""

    turn: Turn
    verdict_at: float
    applied_at: float


class Contestant(threading.Thread):
    """One rule on its lane, until stopped; `moves` is what it did."""

    def __init__(
        self, lane: Lane, steerers: Steerers, work: Callable[[Contestant], None], delay_seconds: float
    ) -> None:
        """Begin after so many seconds, so that nobody's rhythm is tied to the fault's."""
        super().__init__(name=f"{lane.group.name} {lane.name}", daemon=True)
        self.lane = lane
        self.moves: list[Moved] = []
        self.ended = threading.Event()
        self.failure: Exception | None = None
        self._steerers = steerers
        self._work = work
        self._delay_seconds = delay_seconds

    def run(self) -> None:
        self.ended.wait(self._delay_seconds)
        try:
            self._work(self)
        except Exception as error:  # noqa: BLE001 - a thread's edge: `stop` raises it
            self.failure = error

    def stop(self) -> None:
        """End probing, and put the lane back on its preferred path. Raises whatever ended the rule early."""
        self.ended.set()
        self.join()
        put(self._steerers, self.lane.group, self.lane.preferred)
        if self.failure is not None:
            raise self.failure

    def turn(self, turn: Turn | None) -> None:
        """Carry out what the rule concluded."""
        if turn is None:
            return
        verdict_at = time.time()
        put(self._steerers, self.lane.group, self.lane.standby if turn is Turn.DOWN else self.lane.preferred)
        self.moves.append(Moved(turn, verdict_at, time.time()))


def put(steerers: Steerers, group: Group, path: Path) -> None:
    """Put a group's route onto a path. Raises Ec2Error where AWS goes on refusing."""
    for attempt in range(ATTEMPTS):
        try:
            for route in differing(steerers.read(group), path):
                steerers.change(group, route, path)
        except Ec2Error:
            if attempt + 1 == ATTEMPTS:
                raise
            time.sleep(PAUSE_SECONDS)
        else:
            return


def rounds(rule: Rule, probes: Sequence[Probe]) -> Callable[[Contestant], None]:
    """The work of a rule of rounds."""

    def work(contestant: Contestant) -> None:
        judge = rule.judge()
        while not contestant.ended.is_set():
            begun = time.monotonic()
            contestant.turn(judge.heard(play(rule, probes)))
            contestant.ended.wait(max(rule.pause_seconds, begun + rule.period_seconds - time.monotonic()))

    return work


def session(rule: Session, echo: Echo) -> Callable[[Contestant], None]:
    """The work of a rule that sends and listens all the time."""

    def work(contestant: Contestant) -> None:
        begun = time.monotonic()
        silence = Silence(rule.interval_seconds * rule.multiplier, rule.rise, begun)
        sent = 0
        while not contestant.ended.is_set():
            now = time.monotonic()
            due = begun + sent * rule.interval_seconds
            if now >= due:
                echo.send()
                sent += 1
                continue
            if echo.receive(min(due, silence.due_at) - now) is not None:
                contestant.turn(silence.answered(time.monotonic()))
            contestant.turn(silence.passed(time.monotonic()))

    return work
