"""Recorded lines: what is told of them is what was recorded."""

from __future__ import annotations

import json
import random
from itertools import pairwise

import pytest

from bench.decisions.contestants import in_a_row, score
from bench.decisions.recorded import RECORDED, Line, accusations, against, chance_of_more, line_of, recorded


def test_each_recording_names_its_source_and_counts_every_loss_once() -> None:
    for entry in json.loads(RECORDED.read_text()):
        assert entry["source"].startswith("https://")
        assert all(before < after for before, after in pairwise(entry["lost"]))
        assert entry["lost"][0] >= 0
        assert entry["lost"][-1] < entry["probes"]


def test_a_line_tells_its_loss_on_average_at_its_worst_and_after_a_loss() -> None:
    line = line_of({"name": "some", "probes": 100, "lost": [3, 40, 41, 42, 77]})
    assert line.share == 0.05
    assert line.worst_share == 0.3
    assert line.share_after_loss == 2 / 5


def test_a_rule_begins_anew_after_each_accusation() -> None:
    assert accusations(in_a_row(2), (True,) * 5 + (False,) + (True,) * 2) == 3
    assert accusations(score(3, 1, 4), (True, False, False, True, False, True)) == 1


def test_the_chance_of_rare_events_is_poissons() -> None:
    assert chance_of_more(0, 3.0) == 1.0
    assert chance_of_more(1, 2.0) == pytest.approx(1 - 2.718281828**-2)
    assert chance_of_more(3, 2.0) == pytest.approx(0.3233, abs=1e-4)


def test_on_a_line_whose_losses_come_one_by_one_the_promise_is_kept() -> None:
    lots = random.Random(7)  # noqa: S311 - a simulation
    line = Line("made up", tuple(lots.random() < 0.02 for _ in range(50_000)))
    told = against(line, 0.02)
    assert 5 < told["promised"] <= 10
    assert told["chance"] > 0.01


@pytest.mark.parametrize("line", [line for line in recorded() if sum(line.fates) > 150], ids=lambda line: line.name)
def test_a_promise_made_for_less_loss_is_found_broken(line: Line) -> None:
    assert against(line, line.share / 10)["chance"] < 0.001
