"""What is usual on a line, and how that is known: from the trace, from the configuration, or not at all."""

from __future__ import annotations

from dataclasses import dataclass

from routekeeper.config.durations import render
from routekeeper.domain.cusum import Loss
from routekeeper.domain.detection import Detection
from routekeeper_cli.tune.measured import Measured, Share
from routekeeper_cli.words.figures import percent

_MEASURED = "measured in the trace"
_CONFIGURED = "as configured"
_ASSUMED = "assumed; a trace or `loss` in the configuration would tell"
ASSUMED = Loss(0.01, 0.1)
"""What a line loses if neither the trace nor the configuration says."""


@dataclass(frozen=True, slots=True)
class Usual:
    """A share with its bursts, each with its source in words."""

    line: Loss
    share_from: str
    burst_from: str

    def __str__(self) -> str:
        share = percent(self.line.share)
        if not self.line.share:
            return f"{share} ({self.share_from})"
        bursts = f"in bursts of {render(self.line.burst_seconds)}" if self.line.burst_seconds else "one by one"
        if self.share_from == self.burst_from:
            return f"{share}{'' if self.line.burst_seconds else ','} {bursts} ({self.share_from})"
        return f"{share} ({self.share_from}) {bursts} ({self.burst_from})"


def usual_loss(rule: Detection, found: Measured | None) -> Usual:
    """What is usually lost."""
    share = None if found is None else found.loss
    if rule.loss is None:
        return _known(share, ASSUMED, _ASSUMED)
    return _known(share, Loss(rule.loss.usual, rule.loss.burst_seconds), _CONFIGURED)


def usual_lateness(rule: Detection, found: Measured | None) -> Usual | None:
    """The usual share of late answers, as configured the most that there can be; None if `latency` is off."""
    if rule.latency is None:
        return None
    most = Loss(rule.latency.usual_seconds / rule.latency.unacceptable_seconds, rule.latency.burst_seconds)
    return _known(None if found is None else found.late, most, _CONFIGURED)


def _known(found: Share | None, otherwise: Loss, source: str) -> Usual:
    if found is None:
        return Usual(otherwise, source, source)
    if found.burst_seconds is None:
        told = f"{source.partition(';')[0]}: the trace does not tell"
        return Usual(Loss(found.share, otherwise.burst_seconds), _MEASURED, told)
    return Usual(Loss(found.share, found.burst_seconds), _MEASURED, _MEASURED)
