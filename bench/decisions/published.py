"""The rules as their authors publish them, each at its own pace: how soon they notice, how often they are wrong."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Final

from bench.decisions.chains import Gap, Line, Rule, at_pace, seconds
from bench.decisions.compared import BURSTY, USUAL, YEAR_SECONDS, ours
from bench.decisions.contestants import counter, in_a_row, remembering, rounds_of
from routekeeper.domain.cusum import Cadence, Loss
from routekeeper.domain.detection import Detection

SHARES: Final = (0.1, 0.3, 0.5, 1.0)
_PHI: Final = 8.0


@dataclass(frozen=True)
class Published:
    name: str
    rule: Rule
    gap: Gap
    patience_seconds: float
    """From the sending of the deciding probe to the verdict."""

    def figures(self) -> dict[str, Any]:
        first = self.gap(self.rule.start)
        between = seconds(self.rule, Line(Loss(USUAL)), self.gap)
        return {
            "name": self.name,
            "seconds": [
                seconds(self.rule, Line(Loss(share)), self.gap) - first / 2 + self.patience_seconds for share in SHARES
            ],
            "false_alarms_a_year": YEAR_SECONDS / between,
        }


def all_published() -> Iterator[Published]:
    """Parameters: the table of other controllers' figures that this project started from."""
    # A lost ping costs its second of patience before the second of sleep, an answered one only the sleep.
    slow_after_loss: Gap = lambda state: 2.0 if state[1] else 1.0  # noqa: E731
    yield Published("DX script: counter above 10", remembering(counter(10)), slow_after_loss, 1.0)
    yield Published("HAProxy: fall 3, inter 2 s", in_a_row(3), lambda _: 2.0, 2.0)
    yield Published("nat_monitor: 3 pings", rounds_of(3), lambda state: 1.0 if state[0] else 3.0, 1.0)
    yield Published("BFD: 3 x 300 ms", in_a_row(3), lambda _: 0.3, 0.3)
    missed, patience = missed_until(_PHI)
    yield Published(f"phi accrual, phi {_PHI:g}, 1 s: {missed} missed", in_a_row(missed), lambda _: 1.0, patience)
    rule = Detection()
    pace, timeout = Cadence(rule.probe_interval_seconds, rule.suspect_interval_seconds), rule.probe_timeout_seconds
    plain = in_a_row(rule.unhealthy_threshold)
    yield Published("routekeeper, defaults", plain, at_pace(plain, pace), timeout)
    lossy = ours(BURSTY, rule.unhealthy_threshold)
    yield Published("routekeeper, with `loss`", lossy, at_pace(lossy, pace), timeout)


def missed_until(phi: float) -> tuple[int, float]:
    """Heartbeats missed in a row until phi is reached, where the window holds usual loss (Hayashibara 2004).

    And the seconds from the last of them until then, at one heartbeat a second.

    The time between heartbeats is taken as normal with the mean and deviation of the window, here those of a beat a
    second of which the usual share is lost. The window is frozen: as it fills with the loss that is to be noticed, phi
    only becomes slower.
    """
    mean, deviation = 1 / (1 - USUAL), math.sqrt(USUAL) / (1 - USUAL)
    silence = mean - deviation * NormalDist().inv_cdf(10**-phi)
    missed = max(1, math.ceil(silence) - 1)
    return missed, silence - missed


def phi_for(missed: int) -> float:
    """The phi that waits for so many missed heartbeats in a row."""
    mean, deviation = 1 / (1 - USUAL), math.sqrt(USUAL) / (1 - USUAL)
    far = (missed + 1 - mean) / deviation
    # The normal tail beyond what floating point holds: its leading term.
    return (far**2 / 2 + math.log(far * math.sqrt(2 * math.pi))) / math.log(10)
