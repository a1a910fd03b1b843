"""From packets and moves to figures."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from bench.blackout.results import Fault, Move, figures, spread, summary
from lab.network.record import Packet

FAULT = Fault(struck_at=10.0, mended_at=40.0, watched_until=40.0)


def packets(*dark: tuple[float, float], until: float = 100.0) -> list[Packet]:
    """Ten packets a second, lost while it is dark."""
    return [
        Packet(n, n / 10, None if any(start <= n / 10 < end for start, end in dark) else n / 10 + 0.001)
        for n in range(int(until * 10))
    ]


def test_detection_ends_with_the_verdict_and_steering_with_the_first_answer() -> None:
    found = figures(packets((10.0, 12.5)), FAULT, [Move(True, 12.0, 12.4)])
    assert (found.blackout_seconds, found.detection_seconds, found.steering_seconds) == (2.5, 2.0, 0.5)
    assert (found.seen, found.moves_away, found.moves_back, found.packets_lost) == (True, 1, 0, 25)


def test_a_fault_that_nobody_answers_lasts_until_it_is_mended() -> None:
    found = figures(packets((10.0, 40.0)), FAULT, [])
    assert not found.seen
    assert found.detection_seconds is None
    assert found.blackout_seconds == pytest.approx(30.0, abs=0.2)


def test_moves_after_the_watch_do_not_count() -> None:
    found = figures(packets((10.0, 11.0)), FAULT, [Move(True, 41.0, 41.1)])
    assert (found.seen, found.moves_away) == (False, 0)


def test_a_move_without_a_blackout_has_no_detection_to_measure() -> None:
    found = figures(packets(), FAULT, [Move(True, 20.0, 20.1), Move(False, 25.0, 25.1)])
    assert (found.blackout_seconds, found.detection_seconds) == (0.0, None)
    assert (found.moves_away, found.moves_back) == (1, 1)


def test_what_a_failback_loses_is_counted_around_it_only() -> None:
    found = figures(packets((10.0, 12.0), (69.8, 70.1), (80.0, 81.0)), FAULT, [], failback_at=70.0)
    assert found.failback_lost_packets == 3


def test_runs_are_summed_up_by_median_and_range() -> None:
    runs = [
        asdict(figures(packets((10.0, 10.0 + dark)), FAULT, [Move(True, 10.0 + dark - 0.1, 40.0)], failback_at=70.0))
        for dark in (2.0, 3.0, 2.2)
    ]
    told = summary(runs)
    assert told["blackout_seconds"] == {"median": 2.2, "least": 2.0, "most": 3.0}
    assert (told["runs"], told["runs_seen"], told["failbacks"], told["failback_lost_packets"]) == (3, 3, 3, 0)


def test_nothing_measured_has_no_median() -> None:
    assert spread([None, None]) is None
