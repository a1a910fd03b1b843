"""Grey failure: loss and slowness that losses in a row never show, told as timelines and as simulations."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.decisions.lines import GilbertElliott
from bench.decisions.watching import WELL, changes
from routekeeper.domain import grey
from routekeeper.domain.detection import Detection
from routekeeper.domain.grey import LatencyRule, LossRule, Tally, tally_up
from routekeeper.domain.health import Health, Observation, TargetHealth, expire, is_suspect, observe

LOSS = LossRule(usual=0.01, unacceptable=0.3, burst_seconds=0.0)
LATENCY = LatencyRule(usual_seconds=0.005, unacceptable_seconds=0.08)
PLAIN = Detection()
LOSSY = Detection(loss=LOSS)
SLOW = Detection(latency=LATENCY)
TIMEOUT_SECONDS = PLAIN.probe_timeout_seconds


class Timeline:
    """One target; `at` is when a probe was sent."""

    def __init__(self, rule: Detection = LOSSY, start: TargetHealth = WELL) -> None:
        self.rule, self.state = rule, start

    @property
    def health(self) -> Health:
        return self.state.health

    def lost(self, *, at: float) -> Health:
        return self._observe(Health.UNHEALTHY, at, TIMEOUT_SECONDS)

    def answered(self, *, at: float, took: float = 0.01) -> Health:
        return self._observe(Health.HEALTHY, at, took)

    def _observe(self, health: Health, at: float, took: float) -> Health:
        round_trip = took if health is Health.HEALTHY else None
        self.state = observe(self.state, Observation(health, at, at + took, "probe", round_trip), self.rule)
        return self.state.health


def seeded(share: float, seed: int = 1, burst_seconds: float = 0.0) -> Callable[[float], bool]:
    return GilbertElliott(share, burst_seconds, random.Random(seed)).loses  # noqa: S311 - a simulation


def beginning(at: float, loses: Callable[[float], bool]) -> Callable[[float], bool]:
    return lambda now: now >= at and loses(now)


# --- what it is for


def test_a_third_of_the_packets_lost_goes_unnoticed_without_a_loss_rule() -> None:
    assert list(changes(seeded(0.3), PLAIN, until=600.0)) == []


def test_a_third_of_the_packets_lost_is_a_verdict_within_seconds() -> None:
    first = next(changes(seeded(0.3), LOSSY, until=600.0))
    assert first.health is Health.UNHEALTHY
    assert first.since < 20.0
    assert first.first_loss_at is not None
    assert first.first_loss_at < first.since
    assert "probes lost; usual is 1%" in first.reason


def test_usual_loss_is_no_verdict() -> None:
    assert list(changes(seeded(0.01), LOSSY, until=8_000.0)) == []


def test_without_a_rule_nothing_is_tallied() -> None:
    line = Timeline(PLAIN)
    line.lost(at=0.0)
    line.answered(at=0.1)
    assert (line.state.loss, line.state.latency) == (None, None)


# --- losses


def test_each_loss_outweighs_ten_answers() -> None:
    line = Timeline()
    for second in range(4):
        line.lost(at=float(second))
        line.answered(at=second + 0.5)
    assert line.health is Health.HEALTHY
    assert line.lost(at=4.0) is Health.UNHEALTHY
    assert line.state.first_loss_at == 0.0
    assert line.state.reason == "within 4.6 s 5 of 9 probes lost; usual is 1%"


def test_losses_far_apart_are_forgotten() -> None:
    line = Timeline()
    for start in range(0, 400, 20):
        line.lost(at=float(start))
        for second in range(1, 20):
            line.answered(at=float(start + second))
    assert line.health is Health.HEALTHY


def test_an_overtaken_loss_counts_for_the_loss_rate_though_it_is_no_failure() -> None:
    line = Timeline()
    line.answered(at=0.5)
    line.lost(at=0.0)
    assert line.state.failures == 0
    assert line.state.loss is not None
    assert line.state.loss.score == 10


@given(
    fates=st.lists(st.booleans(), max_size=60),
    gaps=st.lists(st.sampled_from([0.1, 0.3, 1.0]), min_size=60, max_size=60),
)
def test_the_order_of_arrival_does_not_matter_once_every_fate_is_known(fates: list[bool], gaps: list[float]) -> None:
    """Answers arrive at once and losses after their timeout; what counts is the order of sending."""
    standard = grey.loss_standard(LOSS, LOSSY.pace, TIMEOUT_SECONDS, 30.0)
    sent = [sum(gaps[:place]) for place in range(len(fates))]
    ends = [at + (TIMEOUT_SECONDS if bad else 0.01) for at, bad in zip(sent, fates, strict=True)]
    as_they_arrive = sorted(zip(ends, sent, fates, strict=True))
    as_they_were_sent = [(at + TIMEOUT_SECONDS, at, bad) for at, bad in zip(sent, fates, strict=True)]
    known = (sum(gaps) + 10.0, sum(gaps) + 9.9, False)  # one more answer, when all others are known
    ended = []
    for outcomes in (as_they_arrive, as_they_were_sent):
        tally, raised = Tally(), False
        for completed_at, sent_at, bad in [*outcomes, known]:
            tally, turn = tally_up(tally, standard, bad=bad, sent_at=sent_at, completed_at=completed_at)
            raised = raised or turn is not None
        ended.append("raised" if raised else tally)
    assert ended[0] == ended[1]


def test_what_waits_has_its_limits() -> None:
    line = Timeline(Detection(probe_timeout_seconds=10.0, loss=LOSS))
    for hundredth in range(900):
        line.answered(at=hundredth / 100, took=0.001)
    assert line.state.loss is not None
    assert len(line.state.loss.waiting) == 64


# --- suspicion


def test_probing_is_fast_until_a_loss_has_been_made_up_for() -> None:
    line = Timeline()
    line.lost(at=0.0)
    suspicious = []
    for tenth in range(1, 15):
        line.answered(at=tenth / 10)
        suspicious.append(is_suspect(line.state))
    assert suspicious == [True] * 9 + [False] * 5


def test_an_open_grey_verdict_is_probed_at_the_usual_pace() -> None:
    state = TargetHealth(health=Health.UNHEALTHY, loss=Tally(raised=True, score=3))
    assert not is_suspect(state)


# --- coming back


def grey_line() -> Timeline:
    line = Timeline()
    for second in range(5):
        line.lost(at=float(second))
        line.answered(at=second + 0.5)
    assert line.health is Health.UNHEALTHY
    return line


def test_answers_in_a_row_do_not_clear_a_grey_verdict() -> None:
    line = grey_line()
    for second in range(10, 150):
        line.answered(at=float(second))
    assert line.health is Health.UNHEALTHY


def test_a_grey_line_is_healthy_again_once_its_loss_is_usual_beyond_doubt() -> None:
    line = grey_line()
    healthy_at = next(second for second in range(10, 900) if line.answered(at=float(second)) is Health.HEALTHY)
    assert 220 < healthy_at - 10 < 240
    assert line.state.reason == "within 228.5 s 0 of 224 probes lost; usual is 1%"
    assert line.state.first_loss_at is None


def test_a_loss_on_the_way_back_costs_many_answers() -> None:
    line = grey_line()
    for second in range(10, 150):
        line.answered(at=float(second))
    line.lost(at=150.0)
    healthy_at = next(second for second in range(151, 900) if line.answered(at=float(second)) is Health.HEALTHY)
    assert healthy_at > 280


def test_a_line_that_goes_on_losing_a_third_never_comes_back() -> None:
    verdicts = [state.health for state in changes(seeded(0.3), LOSSY, until=10_000.0)]
    assert verdicts == [Health.UNHEALTHY]


@pytest.mark.parametrize("share", [0.05, 0.2])
def test_no_steady_loss_makes_a_verdict_flap(share: float) -> None:
    """Whatever loses enough to be accused soon loses too much to be cleared soon."""
    verdicts = [state.health for state in changes(seeded(share), LOSSY, until=10_000.0)]
    assert len(verdicts) <= 4


def test_the_way_back_takes_at_least_healthy_for() -> None:
    patient = Timeline(replace(LOSSY, healthy_for_seconds=400.0), grey_line().state)
    healthy_at = next(second for second in range(10, 900) if patient.answered(at=float(second)) is Health.HEALTHY)
    assert healthy_at >= 404


# --- beside a cut


def test_a_cut_is_noticed_as_soon_as_without_a_loss_rule() -> None:
    bursty = Detection(loss=LossRule(0.01, 0.3))
    noticed = [next(changes(lambda at: at >= 100.0, rule, until=120.0)).since for rule in (PLAIN, bursty)]
    assert noticed[0] == noticed[1]


def test_a_cut_voids_the_evidence_and_the_line_returns_by_answers_in_a_row() -> None:
    line = grey_line()
    for tenth in range(40):
        line.lost(at=100 + tenth / 10)
    assert line.health is Health.UNHEALTHY
    healthy_at = next(second for second in range(110, 900) if line.answered(at=float(second)) is Health.HEALTHY)
    assert healthy_at == 140


def test_a_line_that_comes_back_lossy_from_a_cut_does_not_become_healthy() -> None:
    lossy = seeded(0.3)
    verdicts = [state.health for state in changes(lambda at: lossy(at) or 10.0 <= at < 30.0, PLAIN, until=3_600.0)]
    assert verdicts == [Health.UNHEALTHY], "ten in a row over 30 s hardly ever come"
    lossy = seeded(0.1)
    states = list(changes(lambda at: 10.0 <= at < 30.0 or (at > 30.0 and lossy(at)), LOSSY, until=3_600.0))
    assert len(states) <= 3


def test_a_rule_that_is_switched_off_holds_nobody_unhealthy() -> None:
    line = Timeline(PLAIN, grey_line().state)
    healthy_at = next(second for second in range(10, 900) if line.answered(at=float(second)) is Health.HEALTHY)
    assert healthy_at == 35, "30 s after the first answer in the row"
    assert line.state.loss is None


def test_evidence_expires_with_the_verdict() -> None:
    line = grey_line()
    state = expire(line.state, line.state.known_at + 30.0, LOSSY)
    assert (state.health, state.loss) == (Health.UNKNOWN, None)


# --- latency


def test_an_answer_is_late_from_the_unacceptable_time_on() -> None:
    line = Timeline(SLOW)
    line.answered(at=0.0, took=0.079)
    assert line.state.latency is not None
    assert line.state.latency.score == 0
    line.answered(at=1.0, took=0.08)
    assert line.state.latency.score > 0


def test_a_line_whose_answers_are_late_is_unhealthy_and_says_so() -> None:
    slow = next(changes(lambda _: False, SLOW, until=600.0, round_trip=lambda at: 0.12 if at > 60.0 else 0.005))
    assert slow.health is Health.UNHEALTHY
    assert slow.since < 65.0
    assert "answers took 80 ms or longer; usual is 5 ms" in slow.reason


def test_a_slow_line_comes_back_when_it_is_fast_again() -> None:
    verdicts = changes(lambda _: False, SLOW, until=1_500.0, round_trip=lambda at: 0.12 if 60.0 < at < 120.0 else 0.005)
    assert [state.health for state in verdicts] == [Health.UNHEALTHY, Health.HEALTHY]


def test_a_few_late_answers_are_no_verdict() -> None:
    chance = random.Random(1)  # noqa: S311 - a simulation
    late = list(
        changes(lambda _: False, SLOW, until=8_000.0, round_trip=lambda _: 0.2 if chance.random() < 0.03 else 0.003)
    )
    assert late == []


def test_lost_probes_say_nothing_about_latency() -> None:
    line = Timeline(SLOW)
    for second in range(5):
        line.lost(at=float(second))
    assert line.state.latency is None


def test_a_verdict_stands_until_both_loss_and_latency_are_usual() -> None:
    line = Timeline(Detection(loss=LOSS, latency=LATENCY))
    for second in range(40):
        line.answered(at=float(second), took=0.2)
        line.lost(at=second + 0.5)
    assert line.state.grey
    during = {line.answered(at=float(second), took=0.2) for second in range(60, 360)}
    assert line.state.loss is not None
    assert not line.state.loss.raised
    assert during == {Health.UNHEALTHY}
    after = [line.answered(at=float(second)) for second in range(360, 700)]
    assert after[-1] is Health.HEALTHY


# --- how long it takes


@pytest.mark.parametrize("share", [0.3, 0.6, 1.0])
def test_the_time_to_notice_that_is_told_is_the_time_it_takes(share: float) -> None:
    alone = replace(LOSSY, unhealthy_threshold=1000)
    took = []
    for seed in range(80):
        begins = 10.0 + seed / 80
        took.append(next(changes(beginning(begins, seeded(share, seed)), alone, until=600.0)).since - begins)
    told = grey.seconds_to_notice(LOSSY.loss_standard(LOSS), share, LOSSY.pace)
    assert told == pytest.approx(sum(took) / len(took), rel=0.2)


# --- the promise


@pytest.mark.parametrize("burst_seconds", [0.0, 0.2])
def test_false_alarms_are_as_rare_as_promised_with_the_pace_and_the_bursts_there_are(burst_seconds: float) -> None:
    promised_seconds = 200.0
    rule = Detection(
        loss=LossRule(0.05, 0.3, burst_seconds, grey.YEAR_SECONDS / promised_seconds), unhealthy_threshold=1000
    )
    waits = []
    for seed in range(40):
        first = next(changes(seeded(0.05, seed, burst_seconds), rule, until=1e5))
        assert first.first_loss_at is not None
        waits.append(first.since)
    assert sum(waits) / len(waits) > 0.6 * promised_seconds
