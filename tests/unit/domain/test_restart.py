"""Restarts as decisions: when one begins, how it goes on, and the laws that hold whatever happens."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routekeeper.domain.health import Health
from routekeeper.domain.restart import (
    Action,
    Active,
    Candidate,
    InstanceState,
    NextStep,
    Phase,
    RestartOutcome,
    RestartState,
    Step,
    Wait,
    begin,
    next_attempt_at,
)
from routekeeper.domain.restart_course import WITHDRAWAL_SECONDS, advance, withdraw
from routekeeper.domain.settings import RestartPolicy

POLICY = RestartPolicy(
    "nat", after_seconds=60, stop_timeout_seconds=120, boot_timeout_seconds=300, attempts=3, per_seconds=10_000
)
UNHEALTHY, HEALTHY, UNKNOWN = Health.UNHEALTHY, Health.HEALTHY, Health.UNKNOWN
RUNNING, STOPPING, STOPPED = InstanceState.RUNNING, InstanceState.STOPPING, InstanceState.STOPPED
PENDING, TERMINATED = InstanceState.PENDING, InstanceState.TERMINATED

SICK = Candidate("nat-a", "i-a", POLICY, UNHEALTHY, since=0.0, reason="no answer", carries_traffic=False)
SICK_B = replace(SICK, target="nat-b", instance="i-b")
IDLE = RestartState("nat")


def under_way(phase: Phase, since: float = 100.0) -> RestartState:
    active = Active("nat-a", "i-a", phase, phase_since=since, started_at=100.0, attempt=1)
    return RestartState("nat", 1, active, attempts={"nat-a": (100.0,)})


def go_on(state: RestartState, instance: InstanceState, now: float, patient: Candidate = SICK) -> NextStep:
    assert state.active is not None
    return advance(state, state.active, patient, instance, now)


def step(decision: NextStep) -> Step:
    assert isinstance(decision, Step)
    return decision


def wait(decision: NextStep) -> str:
    assert isinstance(decision, Wait)
    return decision.reason


# --- beginning


def test_a_restart_begins_once_the_target_has_been_unhealthy_long_enough() -> None:
    assert "restart in 1 s at the earliest" in wait(begin(IDLE, (SICK,), now=59))

    begun = step(begin(IDLE, (SICK,), now=60))

    assert (begun.outcome, begun.action) == (RestartOutcome.BEGUN, Action.STOP)
    assert begun.state.active == Active("nat-a", "i-a", Phase.STOPPING, 60, 60, attempt=1)
    assert begun.state.attempts == {"nat-a": (60,)}
    assert begun.reason == "attempt 1 of 3: no answer"


@pytest.mark.parametrize(
    ("patient", "reason"),
    [
        (replace(SICK, health=HEALTHY), "HEALTHY"),
        (replace(SICK, health=UNKNOWN, since=None), "UNKNOWN"),
        (replace(SICK, carries_traffic=True), "traffic has not left it yet"),
        (replace(SICK, paused="group private-a is paused by ops"), "paused by ops"),
    ],
)
def test_law_8_no_restart_begins_without_failure_with_traffic_or_against_an_operator(
    patient: Candidate, reason: str
) -> None:
    assert reason in wait(begin(IDLE, (patient,), now=1000))


def test_law_8_no_second_restart_begins_while_one_is_under_way() -> None:
    assert "nat-a is being restarted" in wait(begin(under_way(Phase.STARTING), (SICK_B,), now=1000))


def test_a_target_that_cannot_be_restarted_now_does_not_keep_another_waiting() -> None:
    begun = step(begin(IDLE, (replace(SICK, carries_traffic=True), SICK_B), now=1000))

    assert begun.target == "nat-b"


def test_of_two_failed_targets_the_one_with_fewer_attempts_comes_first() -> None:
    tried = replace(IDLE, attempts={"nat-a": (100.0,)})

    assert step(begin(tried, (SICK, SICK_B), now=5000)).target == "nat-b"


def test_each_attempt_waits_twice_as_long_as_the_one_before() -> None:
    state = replace(IDLE, attempts={"nat-a": (1000.0,)})
    assert next_attempt_at(state, "nat-a", POLICY, now=1001) == 1000 + 2 * 60

    assert "the next in 1 s at the earliest" in wait(begin(state, (SICK,), now=1119))
    assert step(begin(state, (SICK,), now=1120)).outcome is RestartOutcome.BEGUN

    twice = replace(IDLE, attempts={"nat-a": (1000.0, 1120.0)})
    assert next_attempt_at(twice, "nat-a", POLICY, now=1121) == 1120 + 4 * 60


def test_without_attempts_so_far_the_next_may_begin_now() -> None:
    assert next_attempt_at(IDLE, "nat-a", POLICY, now=7) == 7


def test_giving_up_is_told_once_and_then_waited_out() -> None:
    tried = replace(IDLE, attempts={"nat-a": (100.0, 300.0, 600.0)})

    gave_up = step(begin(tried, (SICK,), now=5000))

    assert (gave_up.outcome, gave_up.action) == (RestartOutcome.GAVE_UP, None)
    assert gave_up.state.given_up == {"nat-a"}
    assert "given up after 3 restarts" in wait(begin(gave_up.state, (SICK,), now=5001))


def test_an_attempt_that_ages_out_makes_room_for_another() -> None:
    tried = replace(IDLE, attempts={"nat-a": (100.0, 300.0, 600.0)}, given_up=frozenset({"nat-a"}))

    begun = step(begin(tried, (SICK,), now=100 + POLICY.per_seconds))

    assert begun.outcome is RestartOutcome.BEGUN
    assert begun.state.given_up == frozenset()
    assert begun.state.attempts["nat-a"] == (300.0, 600.0, 100 + POLICY.per_seconds)


def test_recovery_by_itself_ends_the_giving_up() -> None:
    healed = step(begin(replace(IDLE, given_up=frozenset({"nat-a"})), (replace(SICK, health=HEALTHY),), now=5000))

    assert (healed.outcome, healed.action) == (RestartOutcome.RECOVERED, None)
    assert healed.state.given_up == frozenset()


# --- going on


@pytest.mark.parametrize(
    ("phase", "instance", "action"),
    [
        (Phase.STOPPING, RUNNING, Action.STOP),
        (Phase.FORCING, RUNNING, Action.FORCE_STOP),
        (Phase.FORCING, STOPPING, Action.FORCE_STOP),
        (Phase.STARTING, STOPPED, Action.START),
    ],
)
def test_law_10_an_action_that_does_not_show_is_repeated_and_changes_no_state(
    phase: Phase, instance: InstanceState, action: Action
) -> None:
    state = under_way(phase)

    again = step(go_on(state, instance, now=110))

    assert again.action is action
    assert again.state == state


@pytest.mark.parametrize(
    ("phase", "instance", "now", "entered", "action"),
    [
        (Phase.STOPPING, STOPPED, 110, Phase.STARTING, Action.START),
        (Phase.FORCING, STOPPED, 110, Phase.STARTING, Action.START),
        (Phase.STOPPING, STOPPING, 220, Phase.FORCING, Action.FORCE_STOP),
        (Phase.STOPPING, RUNNING, 220, Phase.FORCING, Action.FORCE_STOP),
        (Phase.STARTING, PENDING, 110, Phase.RECOVERING, None),
        (Phase.STARTING, RUNNING, 110, Phase.RECOVERING, None),
    ],
)
def test_what_shows_or_takes_too_long_leads_to_the_next_phase(
    phase: Phase, instance: InstanceState, now: float, entered: Phase, action: Action | None
) -> None:
    entering = step(go_on(under_way(phase), instance, now))

    assert entering.state.active is not None
    assert (entering.state.active.phase, entering.state.active.phase_since) == (entered, now)
    assert (entering.outcome, entering.action) == (RestartOutcome.PROGRESS, action)


@pytest.mark.parametrize(
    ("phase", "instance"),
    [
        (Phase.STOPPING, STOPPING),
        (Phase.STOPPING, PENDING),
        (Phase.FORCING, PENDING),
        (Phase.STARTING, STOPPING),
        (Phase.RECOVERING, PENDING),
        (Phase.RECOVERING, RUNNING),
        (Phase.RECOVERING, STOPPED),
    ],
)
def test_what_takes_its_time_is_waited_for(phase: Phase, instance: InstanceState) -> None:
    assert instance.value in wait(go_on(under_way(phase), instance, now=110))


@pytest.mark.parametrize(
    ("phase", "instance", "now"),
    [
        (Phase.FORCING, RUNNING, 220),
        (Phase.FORCING, PENDING, 220),
        (Phase.STARTING, STOPPED, 400),
        (Phase.RECOVERING, RUNNING, 400),
        (Phase.RECOVERING, STOPPED, 400),
        (Phase.STOPPING, TERMINATED, 110),
        (Phase.RECOVERING, InstanceState.SHUTTING_DOWN, 110),
    ],
)
def test_what_cannot_succeed_any_more_fails_and_frees_the_group(
    phase: Phase, instance: InstanceState, now: float
) -> None:
    failed = step(go_on(under_way(phase), instance, now))

    assert (failed.outcome, failed.action, failed.state.active) == (RestartOutcome.FAILED, None, None)
    assert failed.state.attempts == {"nat-a": (100.0,)}, "it counts"


def test_law_8_a_forced_stop_that_is_overdue_is_told_once_repeated_and_keeps_the_slot() -> None:
    told = step(go_on(under_way(Phase.FORCING), STOPPING, 220))
    assert (told.outcome, told.action) == (RestartOutcome.STUCK, Action.FORCE_STOP)
    assert told.state.active == under_way(Phase.FORCING).active
    assert told.state.given_up == {"nat-a"}

    again = step(go_on(told.state, STOPPING, 5000))
    assert (again.outcome, again.action, again.state) == (RestartOutcome.PROGRESS, Action.FORCE_STOP, told.state)
    assert isinstance(begin(told.state, (SICK_B,), 5000), Wait)


@pytest.mark.parametrize(
    ("instance", "outcome", "action"),
    [
        (STOPPED, RestartOutcome.PROGRESS, Action.START),
        (RUNNING, RestartOutcome.FAILED, None),
        (TERMINATED, RestartOutcome.FAILED, None),
    ],
)
def test_what_was_stuck_goes_on_once_it_is_no_longer_stopping_and_is_no_longer_given_up(
    instance: InstanceState, outcome: RestartOutcome, action: Action | None
) -> None:
    stuck = replace(under_way(Phase.FORCING), given_up=frozenset({"nat-a"}))

    freed = step(go_on(stuck, instance, 5000))

    assert (freed.outcome, freed.action, freed.state.given_up) == (outcome, action, frozenset())


def test_a_restart_has_succeeded_when_the_target_is_healthy_since_after_it_began() -> None:
    state = under_way(Phase.RECOVERING)
    assert isinstance(go_on(state, RUNNING, 150, replace(SICK, health=HEALTHY, since=99.0)), Wait)
    assert isinstance(go_on(state, PENDING, 150, replace(SICK, health=HEALTHY, since=140.0)), Wait)

    recovered = step(go_on(state, RUNNING, 150, replace(SICK, health=HEALTHY, since=140.0)))

    assert (recovered.outcome, recovered.state.active) == (RestartOutcome.RECOVERED, None)


@pytest.mark.parametrize("phase", [Phase.STOPPING, Phase.FORCING])
def test_law_8_an_instance_that_still_runs_is_spared_once_its_target_is_healthy_again(phase: Phase) -> None:
    spared = step(go_on(under_way(phase), RUNNING, 110, replace(SICK, health=HEALTHY, since=105.0)))

    assert (spared.outcome, spared.action, spared.state.active) == (RestartOutcome.RECOVERED, None, None)


@pytest.mark.parametrize("phase", [Phase.STOPPING, Phase.FORCING])
@pytest.mark.parametrize(
    "patient", [replace(SICK, carries_traffic=True), replace(SICK, health=UNKNOWN, since=None)], ids=["traffic", "?"]
)
def test_law_8_a_late_stop_waits_for_what_allows_it_and_fails_when_it_waits_too_long(
    phase: Phase, patient: Candidate
) -> None:
    assert isinstance(go_on(under_way(phase), RUNNING, 110, patient), Wait)

    failed = step(go_on(under_way(phase), RUNNING, 220, patient))

    assert (failed.outcome, failed.action, failed.state.active) == (RestartOutcome.FAILED, None, None)


@pytest.mark.parametrize("instance", [STOPPING, STOPPED])
def test_what_has_been_stopped_is_started_again_whatever_became_of_traffic_and_health(instance: InstanceState) -> None:
    patient = replace(SICK, health=UNKNOWN, since=None, carries_traffic=True)

    assert step(go_on(under_way(Phase.STOPPING), STOPPED, 110, patient)).action is Action.START
    assert step(go_on(under_way(Phase.FORCING), instance, 110, patient)).action is not None


def test_law_6_a_held_restart_asks_nothing_of_ec2_but_is_still_closed_when_it_has_ended() -> None:
    held = replace(SICK, paused="paused by ops")
    for phase, instance, now in [
        (Phase.STOPPING, RUNNING, 110),
        (Phase.STOPPING, STOPPED, 110),
        (Phase.STOPPING, STOPPING, 220),
        (Phase.STARTING, STOPPED, 110),
    ]:
        assert wait(go_on(under_way(phase), instance, now, held)) == "paused by ops"

    healed = replace(held, health=HEALTHY, since=140.0)
    assert step(go_on(under_way(Phase.RECOVERING), RUNNING, 150, healed)).outcome is RestartOutcome.RECOVERED


# --- letting go of what is no longer configured


@pytest.mark.parametrize("instance", [RUNNING, PENDING, TERMINATED, InstanceState.SHUTTING_DOWN])
def test_what_runs_or_is_gone_is_let_go_at_once(instance: InstanceState) -> None:
    state = under_way(Phase.STOPPING)
    assert state.active is not None

    ended = step(withdraw(state, state.active, instance, now=110))

    assert (ended.outcome, ended.action, ended.state.active) == (RestartOutcome.ABANDONED, None, None)


def test_what_was_stopped_is_started_before_it_is_let_go() -> None:
    stopping = under_way(Phase.FORCING)
    assert stopping.active is not None
    assert isinstance(withdraw(stopping, stopping.active, STOPPING, now=110), Wait)

    starting = step(withdraw(stopping, stopping.active, STOPPED, now=120))
    assert starting.action is Action.START
    assert starting.state.active is not None
    assert starting.state.active.phase is Phase.STARTING

    again = step(withdraw(starting.state, starting.state.active, STOPPED, now=130))
    assert (again.action, again.state) == (Action.START, starting.state)
    assert step(withdraw(starting.state, starting.state.active, PENDING, now=140)).outcome is RestartOutcome.ABANDONED


@pytest.mark.parametrize(("phase", "instance"), [(Phase.STOPPING, STOPPING), (Phase.STARTING, STOPPED)])
def test_what_neither_stops_nor_starts_is_let_go_in_the_end(phase: Phase, instance: InstanceState) -> None:
    state = under_way(phase)
    assert state.active is not None

    ended = step(withdraw(state, state.active, instance, now=100 + WITHDRAWAL_SECONDS))

    assert ended.outcome is RestartOutcome.ABANDONED


# --- whatever happens


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

    ends = (RestartOutcome.RECOVERED, RestartOutcome.FAILED)
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
