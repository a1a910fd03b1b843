"""Restarts in a world that does as it pleases: what holds whatever happens (laws 8 and 10)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hypothesis import given
from hypothesis import strategies as st

from routekeeper.domain.health import Health
from routekeeper.domain.restart import (
    Action,
    Candidate,
    InstanceState,
    NextStep,
    RestartOutcome,
    RestartState,
    Step,
    Wait,
    begin,
)
from routekeeper.domain.restart_course import advance
from tests.unit.domain.restarts import HEALTHY, IDLE, PENDING, POLICY, RUNNING, STOPPED, STOPPING, UNHEALTHY, UNKNOWN


@dataclass(frozen=True, slots=True)
class Tick:
    """What the world looks like at one look, and whether EC2 hears what is asked of it."""

    seconds: float
    health: tuple[Health, Health]
    carries: tuple[bool, bool]
    paused: tuple[bool, bool]
    heard: bool
    """False: refused, or the function was killed between save and call."""
    moves: tuple[bool, bool]
    """Whether an instance that is stopping or pending gets there."""


TICKS = st.builds(
    Tick,
    seconds=st.sampled_from([1.0, 5.0, 30.0, 60.0, 130.0, 400.0]),
    health=st.tuples(*[st.sampled_from([UNHEALTHY, UNHEALTHY, UNHEALTHY, HEALTHY, UNKNOWN])] * 2),
    carries=st.tuples(*[st.sampled_from([False, False, False, True])] * 2),
    paused=st.tuples(*[st.sampled_from([False, False, False, True])] * 2),
    heard=st.sampled_from([True, True, True, False]),
    moves=st.tuples(*[st.sampled_from([False, False, False, True])] * 2),
)


@dataclass(slots=True)
class Ward:
    """Two instances of one restart group, in a world that does as it pleases."""

    now: float = 0.0
    state: RestartState = IDLE
    instances: list[InstanceState] = field(default_factory=lambda: [RUNNING, RUNNING])
    health: list[Health] = field(default_factory=lambda: [HEALTHY, HEALTHY])
    since: list[float] = field(default_factory=lambda: [0.0, 0.0])
    events: list[Step] = field(default_factory=list)
    begun_at: dict[str, list[float]] = field(default_factory=dict)

    def look(self, tick: Tick) -> Step | None:
        """One look; the step that was taken, if any."""
        self._pass_time(tick)
        decision = self._decide(tick)
        if isinstance(decision, Wait):
            return None
        self._check(decision, tick)
        if decision.state != self.state:
            self.events.append(decision)
        if decision.outcome is RestartOutcome.BEGUN:
            others = [at for n, at in enumerate(self.instances) if n != "ab".index(decision.target[-1])]
            assert STOPPING not in others, "law 8"
            self.begun_at.setdefault(decision.target, []).append(self.now)
        self.state = replace(decision.state, version=self.state.version + 1)
        if decision.action is not None and tick.heard:
            self._act("ab".index(decision.target[-1]), decision.action)
        return decision

    def _pass_time(self, tick: Tick) -> None:
        self.now += tick.seconds
        for n in (0, 1):
            if tick.moves[n]:
                self.instances[n] = {STOPPING: STOPPED, PENDING: RUNNING}.get(self.instances[n], self.instances[n])
            if tick.health[n] is not self.health[n]:
                self.health[n], self.since[n] = tick.health[n], self.now

    def _decide(self, tick: Tick) -> NextStep:
        candidates = tuple(
            Candidate(f"nat-{x}", f"i-{x}", POLICY, self.health[n], self.since[n], "story", tick.carries[n],
                    "paused" if tick.paused[n] else None)
            for n, x in enumerate("ab")
        )  # fmt: skip
        if (active := self.state.active) is None:
            return begin(self.state, candidates, self.now)
        n = "ab".index(active.target[-1])
        return advance(self.state, active, candidates[n], self.instances[n], self.now)

    def _check(self, taken: Step, tick: Tick) -> None:
        """Law 8 and law 6 at the very moment of asking."""
        n = "ab".index(taken.target[-1])
        if taken.action is None:
            return
        assert taken.state.active is not None
        assert taken.state.active.target == taken.target
        assert not tick.paused[n]
        if taken.action is not Action.START and self.instances[n] is RUNNING:
            assert self.health[n] is UNHEALTHY
            assert not tick.carries[n]

    def _act(self, n: int, action: Action) -> None:
        match action:
            case Action.STOP | Action.FORCE_STOP:
                self.instances[n] = STOPPING if self.instances[n] in (RUNNING, PENDING) else self.instances[n]
            case Action.START:
                self.instances[n] = PENDING if self.instances[n] is STOPPED else self.instances[n]


@given(st.lists(TICKS, max_size=80))
def test_law_8_whatever_happens_stops_are_justified_when_asked_and_attempts_are_limited(ticks: list[Tick]) -> None:
    ward = Ward()

    for tick in ticks:
        ward.look(tick)

    for times in ward.begun_at.values():
        for at in times:
            assert sum(at - POLICY.per_seconds < other <= at for other in times) <= POLICY.attempts


@given(st.lists(TICKS, max_size=80))
def test_law_8_whatever_happens_one_restart_ends_before_the_next_begins(ticks: list[Tick]) -> None:
    ward = Ward()

    for tick in ticks:
        ward.look(tick)

    ends = (RestartOutcome.RECOVERED, RestartOutcome.FAILED, RestartOutcome.NOT_STARTED)
    active: str | None = None
    for event in ward.events:
        if event.outcome is RestartOutcome.BEGUN:
            assert active is None
            active = event.target
        elif event.target == active and event.outcome in ends:
            active = None


@given(st.lists(TICKS, max_size=80))
def test_giving_up_is_told_once_until_a_recovery_or_a_new_attempt(ticks: list[Tick]) -> None:
    ward = Ward()

    for tick in ticks:
        ward.look(tick)

    given_up: set[str] = set()
    for event in ward.events:
        if event.outcome is RestartOutcome.GAVE_UP:
            assert event.target not in given_up
            given_up.add(event.target)
        elif event.outcome in (RestartOutcome.BEGUN, RestartOutcome.RECOVERED):
            given_up.discard(event.target)


@given(st.lists(TICKS, max_size=40))
def test_law_10_whatever_happened_a_world_that_behaves_again_ends_the_restart(ticks: list[Tick]) -> None:
    ward = Ward()
    for tick in ticks:
        ward.look(tick)
    calm = Tick(5.0, (HEALTHY, HEALTHY), (False, False), (False, False), heard=True, moves=(True, True))

    for _ in range(10):
        ward.look(calm)

    assert ward.state.active is None
    assert ward.state.given_up == frozenset()


@given(st.lists(TICKS, max_size=40))
def test_a_restart_that_is_not_held_ends_within_its_timeouts_where_instances_stop(ticks: list[Tick]) -> None:
    ward = Ward()
    longest = 2 * (POLICY.stop_timeout_seconds + POLICY.boot_timeout_seconds) + 5 * 400.0  # a look late at each phase

    for tick in ticks:
        ward.look(replace(tick, paused=(False, False), moves=(True, True)))
        if ward.state.active is not None:
            assert ward.now - ward.state.active.started_at <= longest
