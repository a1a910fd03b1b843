"""Other systems' rules, told as rounds: what each concludes, and when."""

from __future__ import annotations

import pytest

from bench.blackout.rules import ALTERNAT, BFD, DX_SCRIPT, HAPROXY, NAT_MONITOR, Counter, RiseFall, Silence, Turn


def heard(judge: Counter | RiseFall, rounds: str) -> list[Turn | None]:
    """What follows from each round; x is a lost one."""
    return [judge.heard(one != "x") for one in rounds]


def test_the_counter_concludes_at_the_eleventh_loss_and_never_again() -> None:
    assert heard(Counter(10), "x" * 12 + "." * 30 + "x" * 30) == [None] * 10 + [Turn.DOWN] + [None] * 61


def test_an_answer_takes_one_loss_back_and_no_more_than_there_are() -> None:
    assert heard(Counter(2), ".....xx.xx") == [None] * 9 + [Turn.DOWN]


def test_losses_have_to_be_in_a_row_and_so_have_answers() -> None:
    assert heard(RiseFall(fall=3, rise=2), "xx.xxx") == [None] * 5 + [Turn.DOWN]
    judge = RiseFall(fall=1, rise=2)
    assert heard(judge, "x.x..") == [Turn.DOWN, None, None, None, Turn.UP]


def test_a_rule_without_a_rise_never_returns() -> None:
    assert heard(RiseFall(fall=1, rise=None), "x........") == [Turn.DOWN] + [None] * 8


def test_silence_is_judged_by_the_time_since_the_newest_answer() -> None:
    session = Silence(0.9, rise=3, now=0.0)
    assert session.answered(0.5) is None
    assert session.due_at == pytest.approx(1.4)
    assert session.passed(1.39) is None
    assert session.passed(1.4) is Turn.DOWN
    assert session.passed(9.0) is None
    assert session.due_at == float("inf")


def test_a_session_returns_after_answers_in_a_row() -> None:
    session = Silence(0.9, rise=3, now=0.0)
    assert session.passed(1.0) is Turn.DOWN
    assert [session.answered(at) for at in (2.0, 2.3, 4.0, 4.3, 4.6)] == [None, None, None, None, Turn.UP]
    assert session.due_at == pytest.approx(5.5)


def test_the_published_parameters_are_the_ones_in_use() -> None:
    assert (DX_SCRIPT.timeout_seconds, DX_SCRIPT.pause_seconds) == (1.0, 1.0)
    assert (NAT_MONITOR.probes, NAT_MONITOR.timeout_seconds, NAT_MONITOR.pause_seconds) == (3, 1.0, 2.0)
    assert (ALTERNAT.probes, ALTERNAT.timeout_seconds, ALTERNAT.pause_seconds) == (2, 5.0, 5.0)
    assert (HAPROXY.period_seconds, HAPROXY.timeout_seconds) == (2.0, 2.0)
    assert heard(HAPROXY.judge(), "xxx..") == [None, None, Turn.DOWN, None, Turn.UP]  # type: ignore[arg-type]
    assert BFD.interval_seconds * BFD.multiplier == pytest.approx(0.9)
