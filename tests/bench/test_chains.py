"""Run lengths as chains: against formulas that are known, and against the domain's own."""

from __future__ import annotations

import pytest

from bench.decisions import contestants, published
from bench.decisions.chains import Line, at_pace, seconds
from bench.decisions.compared import BURSTY, made_for, score_alone
from bench.decisions.informed import informed, weights
from routekeeper.domain import cusum
from routekeeper.domain.cusum import Cadence, Loss, Score

EVEN = Cadence(1.0, 1.0)


@pytest.mark.parametrize("share", [0.01, 0.5, 0.9])
@pytest.mark.parametrize("count", [1, 4, 10])
def test_losses_in_a_row_take_as_long_as_the_formula_says(share: float, count: int) -> None:
    rule = contestants.in_a_row(count)
    expected = (share**-count - 1) / (1 - share)
    assert seconds(rule, Line(Loss(share)), at_pace(rule, EVEN)) == pytest.approx(expected, rel=1e-12)


def test_a_counter_that_never_falls_back_is_a_negative_binomial() -> None:
    rule = contestants.counter(3)
    assert seconds(rule, Line(Loss(1.0)), at_pace(rule, EVEN)) == 4.0


def test_all_of_a_window_are_losses_in_a_row() -> None:
    window, row = contestants.several_of(3, 3), contestants.in_a_row(3)
    line = Line(Loss(0.3))
    assert seconds(window, line, at_pace(window, EVEN)) == pytest.approx(seconds(row, line, at_pace(row, EVEN)))


@pytest.mark.parametrize("burst_seconds", [0.0, 0.1, 0.4])
def test_the_general_chain_and_the_domains_own_agree(burst_seconds: float) -> None:
    pace, loss, rule = Cadence(1.0, 0.1), Loss(0.01, burst_seconds), contestants.score(10, 1, 45)
    assert seconds(rule, Line(loss), at_pace(rule, pace)) == pytest.approx(
        cusum.seconds_to_alarm(Score(10, 45), loss, pace), rel=1e-9
    )


@pytest.mark.parametrize("burst_seconds", [0.0, 0.1, 0.4])
@pytest.mark.parametrize("count", [1, 2, 4, 5, 9])
def test_the_domain_knows_what_losses_in_a_row_add_to_its_score(count: int, burst_seconds: float) -> None:
    pace, loss, alarm = Cadence(1.0, 0.1), Loss(0.01, burst_seconds), Score(10, 45)
    rule = contestants.either(alarm, count)
    assert seconds(rule, Line(loss), at_pace(rule, pace)) == pytest.approx(
        cusum.seconds_to_alarm(alarm, loss, pace, in_a_row=count), rel=1e-9
    )


def test_without_bursts_the_informed_cusum_is_the_plain_one() -> None:
    pace, usual = Cadence(1.0, 0.1), Loss(0.01)
    by = weights(usual, 0.3, pace, 2)
    assert len({(lost, weight) for (_, lost, _), weight in by.items()}) == 2
    knowing, plain = informed(by, pace, 90), contestants.score(by[False, True, 1.0], 2, 90)
    assert by[False, False, 0.1] == -2
    for share in (0.01, 0.3):
        line = Line(Loss(share))
        assert seconds(knowing, line, at_pace(knowing, pace)) == pytest.approx(
            seconds(plain, line, at_pace(plain, pace)), rel=1e-9
        )


def test_behind_a_loss_a_loss_of_a_burst_says_less_and_an_answer_says_more() -> None:
    by = weights(Loss(0.01, 0.1), 0.3, Cadence(1.0, 0.1), 8)
    assert by[True, True, 0.1] < 0 < by[False, True, 0.1]
    assert by[False, False, 0.1] < 0 < by[True, False, 0.1]
    assert by[True, True, 1.0] == by[False, True, 1.0]


def test_the_reference_on_a_line_of_bursts_is_as_quiet_and_twice_as_quick_as_the_score() -> None:
    reference, score = made_for(0.2, BURSTY), score_alone(BURSTY)
    assert BURSTY.quiet(reference)
    assert BURSTY.quiet(score)
    assert BURSTY.delay(score, 0.2) > 2 * BURSTY.delay(reference, 0.2)


def test_what_is_never_concluded_takes_for_ever() -> None:
    never = contestants.in_a_row(2)
    assert seconds(never, Line(Loss(1.0), loss_when_bad=0.0), at_pace(never, EVEN)) == float("inf")


def test_a_round_of_pings_fails_only_as_a_whole() -> None:
    rule = contestants.rounds_of(3)
    assert seconds(rule, Line(Loss(0.5)), at_pace(rule, EVEN)) == pytest.approx(3 / 0.5**3)


def test_a_bad_spell_that_loses_half_loses_half_as_much() -> None:
    rule = contestants.in_a_row(1)
    assert seconds(rule, Line(Loss(0.2), loss_when_bad=0.5), at_pace(rule, EVEN)) == pytest.approx(1 / 0.1)


def test_phi_8_does_not_survive_a_heartbeat_missed_on_a_line_that_usually_loses_some() -> None:
    missed, patience = published.missed_until(8.0)
    assert missed == 1
    assert patience == pytest.approx(0.577, abs=0.001)
    assert published.phi_for(4) > 300
