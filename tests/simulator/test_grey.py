"""Rules on loss and latency in made-up worlds, and the court's own arithmetic about them."""

from __future__ import annotations

import math
from random import Random

import pytest

from lab.simulator.draw import configure
from lab.simulator.grey import LATENCY, LOSS, Chart, clear_seconds, with_rules
from lab.simulator.lines import FLICKER_SECONDS, Bursts, Line
from routekeeper.domain.detection import Detection
from routekeeper.domain.grey import Standard

RULE = Detection()
RULES: list[tuple[Chart, float, float, Standard]] = [
    *((chart, rule.usual, rule.unacceptable, RULE.loss_standard(rule)) for rule, chart in LOSS.items()),
    *(
        (chart, rule.usual_seconds / rule.unacceptable_seconds, 0.5, RULE.latency_standard(rule))
        for rule, chart in LATENCY.items()
    ),
]


@pytest.mark.parametrize(("chart", "usual", "unacceptable", "standard"), RULES)
def test_the_court_measures_by_what_the_rules_come_to(
    chart: Chart, usual: float, unacceptable: float, standard: Standard
) -> None:
    """Where the thresholds were changed on purpose, put the new ones into `lab/simulator/grey.py`."""
    assert chart.rise == round(math.log(unacceptable / usual) / math.log((1 - usual) / (1 - unacceptable)))
    assert (chart.enough, chart.clears) == (standard.alarm.threshold, standard.clear.threshold)


def test_a_score_never_falls_below_nothing() -> None:
    chart = Chart(10, 45, 100)
    assert chart.score([False] * 50 + [True, True] + [False] * 5) == 15


def test_what_loses_all_is_found_after_as_many_losses_as_it_takes() -> None:
    assert Chart(10, 45, 100).even_probes(1.0) == pytest.approx(4.5)


def test_a_flickering_line_loses_its_share_and_is_never_dark_for_long() -> None:
    line = Line(Random(1), bursts=Bursts(0.3, Random(2), FLICKER_SECONDS, loss=1.0))  # noqa: S311 - a test replays
    lost = [line.bursts is not None and line.bursts.loses(tick / 10) for tick in range(50_000)]
    assert line.share == pytest.approx(0.3)
    assert sum(lost) / len(lost) == pytest.approx(0.3, rel=0.1)
    assert all(not all(lost[at : at + 40]) for at in range(len(lost) - 40))


def test_some_worlds_have_rules_and_only_as_many_as_the_court_knows() -> None:
    drawn = [with_rules(configure(Random(seed)), Random(seed)) for seed in range(200)]  # noqa: S311
    rules = [target.detection for world in drawn for target in world.targets.values()]
    assert 20 < sum(any(t.detection.loss for t in world.targets.values()) for world in drawn) < 100
    assert {rule.loss for rule in rules if rule.loss} == set(LOSS)
    assert {rule.latency for rule in rules if rule.latency} == set(LATENCY)
    assert max(clear_seconds(rule) for rule in rules) < 600, (
        "a verdict is taken back long before the world must be at rest"
    )


def test_the_rules_are_such_as_the_configuration_allows() -> None:
    assert all(rule.unacceptable >= 3 * rule.usual for rule in LOSS)
    assert all(4 * rule.usual_seconds <= rule.unacceptable_seconds < RULE.probe_timeout_seconds for rule in LATENCY)
