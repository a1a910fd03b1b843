"""Are false alarms as rare as promised? On lines with other bursts than configured; in the monitor's own schedule."""

from __future__ import annotations

import random
from statistics import fmean
from typing import Any, Final

from bench.decisions.chains import Line, at_pace, seconds
from bench.decisions.compared import BURSTY, UNACCEPTABLE, USUAL, YEAR_SECONDS, ours
from bench.decisions.contestants import in_a_row, score
from bench.decisions.lines import GilbertElliott
from bench.decisions.watching import changes
from routekeeper.domain import cusum
from routekeeper.domain.cusum import Cadence, Loss
from routekeeper.domain.detection import Detection
from routekeeper.domain.grey import LossRule

CONFIGURED: Final = (0.0, 0.1, 0.2, 0.5)
ACTUAL: Final = (0.0, 0.05, 0.1, 0.2, 0.5)
_PACE: Final = Cadence(1.0, 0.1)
_RUNS: Final = 300
_HOUR_SECONDS: Final = 3_600.0


def rows() -> list[dict[str, Any]]:
    """False alarms a year by configured bursts and by the line's own, exactly. Its loss is always as usual."""
    lines = {f"{burst * 1000:g} ms" if burst else "none": Line(Loss(USUAL, burst)) for burst in ACTUAL}
    lines["200 ms, half lost in them"] = Line(Loss(2 * USUAL, 0.2), loss_when_bad=0.5)
    lines["none, 3 % lost"] = Line(Loss(3 * USUAL))
    rules = {
        f"`bursts: {burst * 1000:g}ms`": score(alarm.rise, 1, alarm.threshold)
        for burst in CONFIGURED
        for alarm in [cusum.alarm(Loss(USUAL, burst), UNACCEPTABLE, _PACE, YEAR_SECONDS)]
    }
    rules["10 in a row, for comparison"] = in_a_row(10)
    rules["`bursts: 100ms` beside 10 in a row, as deployed"] = ours(BURSTY)
    return [
        {
            "rule": name,
            "false_alarms_a_year": {
                told: YEAR_SECONDS / seconds(rule, line, at_pace(rule, _PACE)) for told, line in lines.items()
            },
        }
        for name, rule in rules.items()
    ]


def simulated() -> list[dict[str, Any]]:
    """Mean time to a false alarm in the monitor's own schedule beside the promise of one an hour."""
    found = []
    for burst, timeout in ((0.0, 0.6), (0.1, 0.6), (0.2, 0.6), (0.1, 2.0), (0.1, 5.0)):
        asked = LossRule(USUAL, UNACCEPTABLE, burst, YEAR_SECONDS / _HOUR_SECONDS)
        rule = Detection(loss=asked, unhealthy_threshold=1000, probe_timeout_seconds=timeout)
        alarm = rule.loss_standard(asked).alarm
        waits = []
        for seed in range(_RUNS):
            line = GilbertElliott(USUAL, burst, random.Random(seed))
            waits.append(next(changes(line.loses, rule, until=1e7)).since)
        exact = cusum.seconds_to_alarm(alarm, Loss(USUAL, burst), _PACE)
        mean = fmean(waits)
        found.append(
            {
                "bursts_seconds": burst,
                "timeout_seconds": timeout,
                "exact_seconds": exact,
                "simulated_seconds": mean,
                "runs": _RUNS,
                "standard_error_seconds": mean / _RUNS**0.5,
            }
        )
    return found
