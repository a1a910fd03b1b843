"""Rounds of probes as a rule plays them."""

from __future__ import annotations

from bench.blackout.probing import play
from bench.blackout.rules import ALTERNAT, Manner, RiseFall, Rule


class Line:
    """Answers as it was told to, and remembers how long it was waited for."""

    def __init__(self, *answers: bool) -> None:
        self.answers = list(answers)
        self.patience: list[float] = []

    def __call__(self, timeout_seconds: float) -> bool:
        self.patience.append(timeout_seconds)
        return self.answers.pop(0)


THREE = Rule("three", Manner.PING, 1.0, lambda: RiseFall(1, 1), probes=3)


def test_one_answer_in_a_round_is_enough() -> None:
    assert play(THREE, [Line(False, True, False)])
    assert not play(THREE, [Line(False, False, False)])


def test_a_round_is_played_to_its_end_unless_the_first_answer_ends_it() -> None:
    line = Line(True, True, True)
    play(THREE, [line])
    assert line.patience == [1.0, 1.0, 1.0]
    line = Line(True, True)
    play(ALTERNAT, [line])
    assert line.patience == [5.0]
