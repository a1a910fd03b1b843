"""What a trace tells of a line is what the line does while it is well, by the rules that judge it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routekeeper.domain.detection import Detection
from routekeeper.domain.grey import LatencyRule, LossRule
from routekeeper.domain.settings import Configuration, IcmpProbe, Quorum, Target
from routekeeper_cli.replay import RoundOutcome, Row
from routekeeper_cli.tune import measured as module
from routekeeper_cli.tune.measured import Measured, Share
from routekeeper_cli.tune.rounds import by_vantage
from tests.cli.tune.lines import answers, never, trace

PLAIN = Detection()
LOSSY = Detection(loss=LossRule(0.01, 0.3))
SLOW = Detection(latency=LatencyRule(0.005, 0.08))
TARGET = Target("dx", (IcmpProbe("10.109.2.1", PLAIN.probe_timeout_seconds),))
CONFIGURATION = Configuration({}, {})


def measured(rows: Sequence[Row], target: Target) -> Measured:
    return module.measured(by_vantage(rows, target), target.detection)


def accusations(rows: Sequence[Row], target: Target, configuration: Configuration) -> int:
    return module.accusations(by_vantage(rows, target), target, configuration)


def under(rule: Detection) -> Target:
    return replace(TARGET, detection=rule)


@given(trip=st.floats(0.5, 0.7), timeout=st.floats(0.5, 0.7))
def test_an_answer_after_the_timeout_is_lost_here_as_it_is_in_a_replay(trip: float, timeout: float) -> None:
    rows = answers([0.01] * 20 + [trip])
    target = replace(under(replace(PLAIN, unhealthy_threshold=1, unhealthy_for_seconds=0.0)))
    target = replace(target, probes=(IcmpProbe("10.109.2.1", timeout),))
    lost = measured(rows, target).lost
    assert lost == (trip >= timeout)
    assert lost == accusations(rows, target, CONFIGURATION)


def test_each_vantage_is_judged_alone() -> None:
    well, cut = trace(range(3600), never, "a"), trace(range(3600), lambda at: 600 <= at < 1200, "b")
    found = measured([*well, *cut], TARGET)
    assert (found.rounds, found.lost) == (7200, 600)
    assert found.loss == Share(0.0, None)


def test_a_cut_is_no_usual_loss_from_its_first_probe_on() -> None:
    found = measured(trace(range(300), lambda at: 100 <= at < 170), under(LOSSY))
    assert found.lost == 70
    assert found.loss == Share(0.0, None)


def test_what_brought_a_verdict_on_grey_loss_is_no_usual_loss() -> None:
    found = measured(trace(range(3000), lambda at: 1000 <= at < 1300 and at % 3 == 0), under(LOSSY))
    assert found.lost == 100
    assert found.loss == Share(0.0, None)


def test_what_brought_no_verdict_is_usual() -> None:
    found = measured(trace(range(1000), lambda at: at % 100 == 50), under(LOSSY))
    assert found.loss is not None
    assert found.loss.share == pytest.approx(0.01, rel=0.01)
    assert found.loss.burst_seconds is None, "a second apart, nobody can tell"


def test_a_target_that_never_answers_shows_nothing_usual() -> None:
    assert measured(trace(range(600), lambda _: True), TARGET) == Measured(600, 600, None, None)


def test_a_trace_too_short_for_a_verdict_shows_nothing_usual_either_where_all_is_lost() -> None:
    assert measured(trace(range(5), lambda _: True), TARGET).loss is None


def test_unknown_rounds_are_none() -> None:
    rows = [Row(number, number, "a", "dx", RoundOutcome.UNKNOWN, None) for number in range(2, 100)]
    assert measured(rows, TARGET) == measured([], TARGET) == Measured(0, 0, None, None)


def test_late_answers_are_measured_where_they_are_looked_at() -> None:
    rows = answers([0.1 if number % 50 == 25 else 0.01 for number in range(1000)])
    assert measured(rows, TARGET).late is None
    late = measured(rows, under(SLOW)).late
    assert late is not None
    assert late.share == pytest.approx(0.02, rel=0.01)


def test_answers_without_a_round_trip_tell_nothing_of_lateness() -> None:
    assert measured(trace(range(1000), never), under(SLOW)).late is None


@pytest.mark.parametrize(("quorum", "count"), [(Quorum.ANY, 1), (Quorum.ALL, 0)])
def test_verdicts_on_the_trace_are_those_of_the_quorum(quorum: Quorum, count: int) -> None:
    rows = [*trace(range(600), never, "a"), *trace(range(600), lambda at: 300 <= at < 400, "b")]
    assert accusations(rows, replace(TARGET, quorum=quorum), CONFIGURATION) == count


@pytest.mark.parametrize(("stale_after", "count"), [(30.0, 2), (150.0, 1)])
def test_a_vantage_is_as_patient_with_silence_as_the_configuration_says(stale_after: float, count: int) -> None:
    rows = trace([*range(100), *range(200, 230)], lambda at: at >= 50)
    target = under(replace(PLAIN, unknown_after_seconds=150.0))
    assert accusations(rows, target, Configuration({}, {}, stale_after_seconds=stale_after)) == count


def test_each_setting_is_tried_on_the_trace() -> None:
    rows = trace(range(600), lambda at: 300 <= at < 330)
    assert accusations(rows, TARGET, CONFIGURATION) == 1
    assert accusations(rows, under(replace(PLAIN, unhealthy_threshold=100)), CONFIGURATION) == 0


def test_silence_between_two_recordings_ends_a_bad_spell() -> None:
    rows = trace([*range(100), *range(10_000, 10_100)], lambda at: 50 <= at < 100)
    found = measured(rows, TARGET)
    assert found.loss == Share(0.0, None)
    assert found.lost == 50
