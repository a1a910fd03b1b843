"""One target's settings beside their neighbours, as values that table and plot show."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, replace

from routekeeper.domain.detection import Detection
from routekeeper.domain.settings import BURST_INTERVAL_SECONDS, Configuration, Target, WatchMode
from routekeeper_cli.replay import Row
from routekeeper_cli.tune.expected import Expected, Line, expected
from routekeeper_cli.tune.measured import Measured, accusations, measured
from routekeeper_cli.tune.neighbours import GREY_SHARE, PRESENT, Document, neighbours
from routekeeper_cli.tune.rounds import Round, by_vantage
from routekeeper_cli.tune.usual import ASSUMED, Usual, usual_lateness, usual_loss

Tell = Callable[[str], None]
_ALIKE = 0.001
"""Means that differ by less than this, in absolute terms or as a share, count as the same."""


@dataclass(frozen=True, slots=True)
class Choice:
    setting: str
    expected: Expected
    accusations: int | None
    """Verdicts on the trace, if it has rounds of the target."""


@dataclass(frozen=True, slots=True)
class Study:
    """A target with its choices, the present one first."""

    target: Target
    usual: Usual
    late: Usual | None
    """None if `latency` is off."""
    grey_share: float
    choices: tuple[Choice, ...]
    measured: Measured | None
    """None if there is no trace."""


def studies(
    configuration: Configuration, document: Document, rows: Sequence[Row] | None, tell: Tell
) -> Iterator[Study]:
    """Every target of the configuration that `document` describes, with what a trace tells about it if there is one.

    `tell` is called with what is being worked on.
    """
    of_target = defaultdict[str, list[Row]](list)
    for row in rows or ():
        of_target[row.target].append(row)
    for target in configuration.targets.values():
        held = by_vantage(of_target[target.name], target)
        found = None if rows is None else measured(held, target.detection)
        yield _study(configuration, document, target, found, held, tell)


def _study(
    configuration: Configuration,
    document: Document,
    target: Target,
    found: Measured | None,
    held: Mapping[str, Sequence[Round]],
    tell: Tell,
) -> Study:
    rule, choices = target.detection, dict[str, Choice]()
    usual, late = usual_loss(rule, found), usual_lateness(rule, found)
    share = GREY_SHARE if rule.loss is None else rule.loss.unacceptable
    line = Line(usual.line, ASSUMED if late is None else late.line, share)
    for setting, neighbour in neighbours(document, target, usual.line):
        looked_at = _as_watched(neighbour.detection, configuration.watch)
        means = expected(looked_at, neighbour.seconds_to_loss, line)
        if setting != PRESENT and _alike(means, choices[PRESENT].expected):
            continue  # another setting binds
        tell(f"{target.name}: {setting}")
        verdicts = accusations(held, neighbour, configuration) if found and found.rounds else None
        choices[setting] = Choice(setting, means, verdicts)
    return Study(target, usual, late, share, tuple(choices.values()), found)


def _alike(means: Expected, others: Expected) -> bool:
    pairs = zip(astuple(means), astuple(others), strict=True)
    return all(math.isclose(one, other, rel_tol=_ALIKE, abs_tol=_ALIKE) for one, other in pairs)


def _as_watched(rule: Detection, watch: WatchMode) -> Detection:
    """With bursts a minute passes between two looks at a HEALTHY target, and a loss is followed up within the burst."""
    return rule if watch is WatchMode.CONTINUOUS else replace(rule, probe_interval_seconds=BURST_INTERVAL_SECONDS)
