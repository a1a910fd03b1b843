"""A configuration in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from routekeeper.domain.detection import Detection
from routekeeper.domain.grey import LatencyRule, LossRule
from routekeeper_cli import config_file
from routekeeper_cli.words.grey import grey_lines
from routekeeper_cli.words.summary import summarize
from tests.unit.config.documents import EXAMPLE, HERE


def test_the_summary_says_everything_that_is_configured() -> None:
    assert (
        summarize(config_file.load(HERE / "good" / "every-key.yaml")) + "\n"
        == Path(__file__).with_name("summary.golden").read_text()
    )


def test_the_example_notices_a_cut_in_1_5_seconds() -> None:
    assert "a cut is noticed 1.5s after the first lost probe, so at most 2.5s after it happened" in summarize(
        config_file.load(EXAMPLE)
    )


LOSS = LossRule(usual=0.01, unacceptable=0.3)


def test_what_losses_in_a_row_make_of_a_good_line_is_told_beside_the_rule_on_loss() -> None:
    told = "\n".join(grey_lines(Detection(loss=LOSS), 0.6))
    assert "a line that is as usual, with losses in bursts of 100ms, is accused by this rule once in 370 days" in told
    assert "NOTE: 10 losses in a row accuse the same line, too; together: one false alarm every 8.05 days" in told
    assert "with `unhealthy_threshold: 14` or `unhealthy_for: 1.9s`: one false alarm every 249 days;" in told


@pytest.mark.parametrize("rule", [{"unhealthy_threshold": 14}, {"unhealthy_for_seconds": 1.9}])
def test_who_follows_the_advice_is_given_none(rule: dict[str, Any]) -> None:
    told = "\n".join(grey_lines(Detection(loss=LOSS, **rule), 0.6))
    assert "NOTE: 14 losses in a row accuse the same line, too; together: one false alarm every 249 days" in told
    assert "unhealthy_threshold" not in told


@pytest.mark.parametrize("rule", [LOSS, replace(LOSS, burst_seconds=0.0)])
def test_losses_in_a_row_that_add_next_to_nothing_are_not_mentioned(rule: LossRule) -> None:
    enough = 15 if rule.burst_seconds else 10
    assert "NOTE" not in "\n".join(grey_lines(Detection(loss=rule, unhealthy_threshold=enough), 0.6))


def test_what_latency_promises_depends_on_bursts_and_says_so() -> None:
    rule = LatencyRule(0.005, 0.08)
    assert "a line whose mean is 5ms, with late answers in bursts of 100ms, is accused" in "\n".join(
        grey_lines(Detection(latency=rule), 0.6)
    )
    assert "with late answers one by one" in "\n".join(
        grey_lines(Detection(latency=replace(rule, burst_seconds=0.0)), 0.6)
    )
