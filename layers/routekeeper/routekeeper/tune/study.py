"""One target's settings beside their neighbours, as values that table and plot show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from routekeeper.config.summary import seconds_to_loss
from routekeeper.domain.cusum import Loss
from routekeeper.domain.health import Detection
from routekeeper.domain.settings import Configuration, Target
from routekeeper.replay import Row
from routekeeper.tune.expected import Expected, expected
from routekeeper.tune.measured import Measured, accusations, measured
from routekeeper.tune.neighbours import GREY_SHARE, neighbours

ASSUMED = Loss(0.01, 0.1)
"""What a line loses where neither the trace nor the configuration says."""


@dataclass(frozen=True, slots=True)
class Choice:
    setting: str
    rule: Detection
    expected: Expected
    accusations: int | None
    """Verdicts on the trace, where there is one."""


@dataclass(frozen=True, slots=True)
class Study:
    """A target with its choices, the present one first."""

    target: Target
    usual: Loss
    source: str
    """Where usual loss is known from, in words."""
    grey_share: float
    choices: tuple[Choice, ...]
    measured: Measured | None


def studies(configuration: Configuration, rows: Sequence[Row] | None) -> tuple[Study, ...]:
    """Every target of the configuration, by what a trace tells of it where there is one."""
    return tuple(_study(target, rows) for target in configuration.targets.values())


def _study(target: Target, rows: Sequence[Row] | None) -> Study:
    rule, found = target.detection, None if rows is None else measured(rows, target)
    if found is not None:
        usual, source = found.usual, "measured in the trace"
    elif rule.loss is not None:
        usual, source = Loss(rule.loss.usual, rule.loss.burst_seconds), "as configured"
    else:
        usual, source = ASSUMED, "assumed; a trace or `loss` in the configuration would tell"
    share = GREY_SHARE if rule.loss is None else rule.loss.unacceptable
    timeout = seconds_to_loss(target)
    choices = tuple(
        Choice(
            setting,
            neighbour,
            expected(neighbour, timeout, usual, share),
            None if rows is None or found is None else accusations(rows, target, neighbour),
        )
        for setting, neighbour in neighbours(rule, usual)
    )
    return Study(target, usual, source, share, choices, found)
