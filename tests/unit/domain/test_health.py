"""Hysteresis, told as timelines: what one vantage holds after each outcome."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routekeeper.domain.detection import Detection
from routekeeper.domain.health import Health, Observation, TargetHealth, expire, is_suspect, observe

RULE = Detection(
    probe_timeout_seconds=0.75,
    unhealthy_threshold=3,
    unhealthy_for_seconds=1.0,
    healthy_threshold=3,
    healthy_for_seconds=10.0,
    unknown_after_seconds=30.0,
)
ANSWER_SECONDS = 0.01
TIMEOUT_SECONDS = RULE.probe_timeout_seconds
HEALTHY_SINCE_0 = TargetHealth(health=Health.HEALTHY, since=0.0, successes=3, first_success_at=0.0)


class Timeline:
    """One target; `at` is when a probe was sent."""

    def __init__(self, start: TargetHealth = HEALTHY_SINCE_0, rule: Detection = RULE) -> None:
        self.state, self.rule = start, rule
        self.address: str | None = None

    def observe(self, health: Health, at: float, took: float) -> Health:
        seen = Observation(health, at, at + took, f"probe of {at:g}", address=self.address)
        self.state = observe(self.state, seen, self.rule)
        return self.state.health

    def lost(self, *, at: float, took: float = TIMEOUT_SECONDS) -> Health:
        return self.observe(Health.UNHEALTHY, at, took)

    def answered(self, *, at: float, took: float = ANSWER_SECONDS) -> Health:
        return self.observe(Health.HEALTHY, at, took)

    def unknown(self, *, at: float) -> Health:
        return self.observe(Health.UNKNOWN, at, 0.0)

    def passed(self, *, now: float) -> Health:
        self.state = expire(self.state, now, self.rule)
        return self.state.health


# --- losing a line


def test_a_verdict_needs_the_count_and_the_time_and_no_more() -> None:
    line = Timeline()
    assert line.lost(at=10.0) is Health.HEALTHY
    assert line.lost(at=10.1) is Health.HEALTHY
    assert line.lost(at=10.2) is Health.HEALTHY, "three losses, but they span 0.95 s"
    assert line.lost(at=10.3) is Health.UNHEALTHY
    assert (line.state.since, line.state.first_loss_at) == (11.05, 10.0)
    assert line.state.reason == "4 failures in a row over 1.1 s; last: probe of 10.3"


def test_a_verdict_remembers_which_address_it_is_about_whatever_the_name_resolves_to_later() -> None:
    line = Timeline()
    line.address = "10.0.1.10"
    for at in (10.0, 10.5, 11.0):
        line.lost(at=at)
    line.address = "10.0.1.99"
    line.lost(at=12.0)
    assert (line.state.health, line.state.address) == (Health.UNHEALTHY, "10.0.1.10")
    for second in range(13, 25):
        line.answered(at=float(second))
    assert (line.state.health, line.state.address) == (Health.HEALTHY, "10.0.1.99")
    assert line.passed(now=100.0) is Health.UNKNOWN
    assert line.state.address is None


def test_time_alone_is_not_enough() -> None:
    line = Timeline()
    assert line.lost(at=10.0) is Health.HEALTHY
    assert line.lost(at=20.0) is Health.HEALTHY
    assert line.lost(at=21.0) is Health.UNHEALTHY


def test_one_answer_begins_the_count_anew() -> None:
    line = Timeline()
    line.lost(at=10.0)
    line.lost(at=11.0)
    line.answered(at=12.0)
    line.lost(at=13.0)
    line.lost(at=14.0)
    assert line.state.health is Health.HEALTHY
    assert line.lost(at=15.0) is Health.UNHEALTHY
    assert line.state.first_loss_at == 13.0


def test_a_loss_overtaken_by_a_later_answer_does_not_count() -> None:
    line = Timeline()
    line.answered(at=10.1)  # answers are back before the timeout of an earlier probe
    line.lost(at=9.8)
    line.lost(at=9.9)
    line.lost(at=10.0)
    assert (line.state.health, line.state.failures) == (Health.HEALTHY, 0)


def test_an_established_verdict_keeps_its_first_loss() -> None:
    line = Timeline()
    for at in (10.0, 11.0, 12.0, 13.0, 14.0):
        line.lost(at=at)
    assert (line.state.since, line.state.first_loss_at) == (12.75, 10.0)


# --- coming back

DOWN = TargetHealth(health=Health.UNHEALTHY, since=5.0, first_loss_at=3.0, failures=3, known_at=5.0)


def test_recovery_needs_the_count_and_the_time() -> None:
    line = Timeline(DOWN)
    assert [line.answered(at=float(at)) for at in range(10, 20)] == [Health.UNHEALTHY] * 10
    assert line.answered(at=20.0) is Health.HEALTHY
    assert (line.state.since, line.state.first_loss_at) == (20.01, None)


def test_a_loss_during_recovery_begins_it_anew() -> None:
    line = Timeline(DOWN)
    for at in (10.0, 13.0, 16.0, 19.0):
        line.answered(at=at)
    line.lost(at=19.5)
    assert line.answered(at=21.0) is Health.UNHEALTHY
    assert line.answered(at=30.0) is Health.UNHEALTHY
    assert line.answered(at=31.0) is Health.HEALTHY


def test_answers_either_side_of_an_overtaken_loss_are_not_in_a_row() -> None:
    """With a timeout longer than the interval every loss is overtaken; a line that loses half must not recover."""
    line = Timeline(DOWN)
    for at in range(10, 60, 2):
        line.answered(at=float(at))
        line.lost(at=at - 1.0, took=2.0)
    assert line.state.health is Health.UNHEALTHY


def test_a_first_verdict_has_nothing_to_come_back_from() -> None:
    line = Timeline(TargetHealth())
    assert line.answered(at=0.0) is Health.UNKNOWN
    assert line.answered(at=0.1) is Health.UNKNOWN
    assert line.answered(at=0.2) is Health.HEALTHY


def test_a_line_that_was_dead_from_the_start_is_unhealthy() -> None:
    line = Timeline(TargetHealth())
    line.lost(at=0.0)
    line.lost(at=0.1)
    assert line.lost(at=0.3) is Health.UNHEALTHY


# --- no evidence


def test_law_1_unknown_outcomes_change_nothing() -> None:
    line = Timeline()
    line.lost(at=10.0)
    line.lost(at=10.1)
    before = line.state
    for at in range(11, 40):
        line.unknown(at=float(at))
    assert line.state == before


def test_law_1_a_verdict_without_evidence_becomes_unknown_not_unhealthy() -> None:
    line = Timeline()
    line.answered(at=10.0)
    assert line.passed(now=40.0) is Health.HEALTHY
    assert line.passed(now=40.02) is Health.UNKNOWN
    assert line.state.since == 40.02
    assert line.state.reason == "no evidence for 30 s; was HEALTHY"


def test_law_1_losses_before_and_after_a_silence_are_not_in_a_row() -> None:
    line = Timeline(TargetHealth())
    line.lost(at=0.0)
    line.lost(at=0.1)
    line.passed(now=3600.0)
    assert line.lost(at=3600.0) is Health.UNKNOWN
    assert line.state.failures == 1


def test_expiring_twice_is_expiring_once() -> None:
    line = Timeline(DOWN)
    line.passed(now=60.0)
    once = line.state
    line.passed(now=90.0)
    assert line.state == once


def test_what_is_reached_exactly_is_reached() -> None:
    line = Timeline()
    assert [line.lost(at=at, took=0.5) for at in (10.0, 10.25, 10.5)][-1] is Health.UNHEALTHY
    assert [line.answered(at=at, took=0.0) for at in (20.0, 25.0, 30.0)][-1] is Health.HEALTHY
    assert line.passed(now=60.0) is Health.UNKNOWN


def test_late_outcomes_do_not_make_evidence_older() -> None:
    line = Timeline()
    line.answered(at=10.0)
    line.lost(at=9.0, took=0.5)
    assert line.passed(now=40.0) is Health.HEALTHY
    line.lost(at=20.0, took=5.0)
    line.lost(at=21.0, took=1.0)
    assert line.passed(now=54.9) is Health.HEALTHY


def test_a_loss_sent_before_the_first_answer_of_a_recovery_does_not_set_it_back() -> None:
    line = Timeline(DOWN)
    line.answered(at=10.0)
    line.lost(at=9.5)
    line.answered(at=15.0)
    assert line.answered(at=20.0) is Health.HEALTHY


# --- suspicion


def test_probing_speeds_up_from_the_first_loss_until_the_verdict() -> None:
    line = Timeline()
    assert not is_suspect(line.state)
    line.lost(at=10.0)
    assert is_suspect(line.state)
    line.lost(at=11.0)
    line.lost(at=12.0)
    assert line.state.health is Health.UNHEALTHY
    assert not is_suspect(line.state)
    line.answered(at=13.0)
    assert not is_suspect(line.state), "recovery is bound by time: more probes would not shorten it"


def test_a_first_verdict_is_sought_quickly_once_anything_is_known() -> None:
    line = Timeline(TargetHealth())
    assert not is_suspect(line.state)
    line.answered(at=0.0)
    assert is_suspect(line.state)


# --- for all timelines

outcomes = st.lists(st.tuples(st.sampled_from(Health), st.floats(0.01, 3.0), st.floats(0.0, 1.0)), max_size=60)
rules = st.builds(
    Detection,
    unhealthy_threshold=st.integers(1, 5),
    unhealthy_for_seconds=st.floats(0.0, 4.0),
    healthy_threshold=st.integers(1, 5),
    healthy_for_seconds=st.floats(0.0, 6.0),
)


def as_observations(steps: list[tuple[Health, float, float]]) -> list[Observation]:
    """Probes sent one after the other, in the order in which their outcomes arrived."""
    sent, seen = 0.0, []
    for health, gap, took in steps:
        sent += gap
        seen.append(Observation(health, sent, sent + took, "probe"))
    return sorted(seen, key=lambda one: one.completed_at)


@given(outcomes, rules)
def test_law_1_never_unhealthy_without_enough_losses_in_a_row_over_long_enough(
    steps: list[tuple[Health, float, float]], rule: Detection
) -> None:
    state, run = HEALTHY_SINCE_0, list[Observation]()
    newest_answer = 0.0
    for seen in as_observations(steps):
        if seen.health is Health.HEALTHY:
            run, newest_answer = [], max(newest_answer, seen.sent_at)
        elif seen.health is Health.UNHEALTHY and seen.sent_at >= newest_answer:
            run.append(seen)
        before, state = state.health, observe(state, seen, rule)
        if before is not Health.UNHEALTHY and state.health is Health.UNHEALTHY:
            first = min(loss.sent_at for loss in run)
            assert seen.health is Health.UNHEALTHY
            assert len(run) >= rule.unhealthy_threshold
            assert seen.completed_at - first >= rule.unhealthy_for_seconds
            assert state.first_loss_at == first


@given(outcomes, rules)
def test_law_4_enough_losses_in_a_row_over_long_enough_are_always_a_verdict(
    steps: list[tuple[Health, float, float]], rule: Detection
) -> None:
    line = Timeline(rule=rule)
    for seen in as_observations(steps):
        line.state = observe(line.state, seen, rule)
    start = 1000.0
    for number in range(rule.unhealthy_threshold):
        line.lost(at=start + number * max(1.0, rule.unhealthy_for_seconds))
    line.lost(at=start + 5 * max(1.0, rule.unhealthy_for_seconds))
    assert line.state.health is Health.UNHEALTHY


@given(outcomes, rules)
def test_never_recovered_without_enough_answers_in_a_row_over_long_enough(
    steps: list[tuple[Health, float, float]], rule: Detection
) -> None:
    state, run = DOWN, list[Observation]()
    for seen in as_observations(steps):
        if seen.health is Health.UNHEALTHY:
            run = [answer for answer in run if answer.sent_at > seen.sent_at]
        elif seen.health is Health.HEALTHY:
            run.append(seen)
        before, state = state.health, observe(state, seen, rule)
        if before is Health.UNHEALTHY and state.health is Health.HEALTHY:
            assert seen.health is Health.HEALTHY
            assert len(run) >= rule.healthy_threshold
            assert seen.completed_at - run[0].sent_at >= rule.healthy_for_seconds


@given(outcomes, rules)
def test_law_1_unknown_observations_could_as_well_not_have_been_made(
    steps: list[tuple[Health, float, float]], rule: Detection
) -> None:
    every, known = HEALTHY_SINCE_0, HEALTHY_SINCE_0
    for seen in as_observations(steps):
        every = observe(every, seen, rule)
        known = known if seen.health is Health.UNKNOWN else observe(known, seen, rule)
    assert every == known


@given(outcomes, rules, st.floats(0.001, 1.0))
def test_a_stale_loss_is_never_a_failure(
    steps: list[tuple[Health, float, float]], rule: Detection, earlier: float
) -> None:
    line = Timeline(rule=rule)
    for seen in as_observations(steps):
        line.state = observe(line.state, seen, rule)
    line.answered(at=500.0)
    before = line.state
    line.lost(at=500.0 - earlier)
    assert line.state.health is before.health
    assert line.state.failures == 0


@pytest.mark.parametrize(
    "rule",
    [
        Detection(),
        Detection(suspect_interval_seconds=0.2, probe_timeout_seconds=1.0, unhealthy_for_seconds=2.0),
        Detection(unhealthy_threshold=1, unhealthy_for_seconds=0.0),
        Detection(unhealthy_threshold=1, unhealthy_for_seconds=0.8),
        Detection(unhealthy_threshold=3, unhealthy_for_seconds=10.0),
    ],
    ids=["default", "as first planned", "one loss", "span beyond the timeout", "span rules"],
)
def test_the_time_that_is_told_is_the_time_that_the_domain_takes(rule: Detection) -> None:
    state = TargetHealth(health=Health.HEALTHY)
    for number in range(200):
        sent = number * rule.suspect_interval_seconds
        lost = Observation(Health.UNHEALTHY, sent, sent + rule.probe_timeout_seconds, "lost")
        state = observe(state, lost, rule)
        if state.health is Health.UNHEALTHY:
            break
    assert rule.seconds_to_notice(rule.probe_timeout_seconds) == pytest.approx(state.since)


def test_as_first_planned_a_cut_would_take_2_8_seconds() -> None:
    planned = Detection(suspect_interval_seconds=0.2, probe_timeout_seconds=1.0, unhealthy_for_seconds=2.0)
    assert planned.seconds_to_notice(1.0) == pytest.approx(2.8)
