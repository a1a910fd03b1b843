"""How a target is judged: what people set for it, and what follows from that.

Why: docs/decisions/detection-defaults.md
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from routekeeper.domain import grey
from routekeeper.domain.cusum import Cadence
from routekeeper.domain.grey import LatencyRule, LossRule, Standard, WorkedOut


@dataclass(frozen=True, slots=True)
class Detection:
    """How eagerly a target is judged.

    Counts are consecutive observations. A duration runs from the sending of the first to the end of the last.
    """

    probe_interval_seconds: float = 1.0
    suspect_interval_seconds: float = 0.1
    probe_timeout_seconds: float = 0.6
    """The longest of the probes' timeouts: what was sent this long ago has been answered or is lost."""
    unhealthy_threshold: int = 10
    unhealthy_for_seconds: float = 1.4
    healthy_threshold: int = 10
    healthy_for_seconds: float = 30.0
    unknown_after_seconds: float = 30.0
    loss: LossRule | None = None
    latency: LatencyRule | None = None
    worked_out: tuple[WorkedOut, ...] = field(default=(), compare=False, repr=False)
    """What the two rules come to, as far as that is known already."""

    @property
    def rules(self) -> dict[str, LossRule]:
        """What loss and latency are judged by, by the key of the configuration."""
        loss = {} if self.loss is None else {"loss": self.loss}
        return loss if self.latency is None else {**loss, "latency": grey.late(self.latency)}

    @property
    def pace(self) -> Cadence:
        return Cadence(self.probe_interval_seconds, self.suspect_interval_seconds)

    def losses_needed(self, timeout_seconds: float) -> int:
        """How many losses in a row, one every `suspect_interval_seconds`, fulfil both the count and the span."""
        further = math.ceil((self.unhealthy_for_seconds - timeout_seconds) / self.suspect_interval_seconds - 1e-9)
        return max(self.unhealthy_threshold, 1 + further)

    def seconds_to_notice(self, timeout_seconds: float) -> float:
        """From the sending of the first lost probe to UNHEALTHY, if every probe of a target is lost.

        The probes after the first follow at `suspect_interval_seconds`. The verdict comes with the timeout of the probe
        that fulfils both the count and the span (`health.observe`).
        """
        return (self.losses_needed(timeout_seconds) - 1) * self.suspect_interval_seconds + timeout_seconds

    def loss_standard(self, loss: LossRule) -> Standard:
        return grey.loss_standard(
            loss, self.pace, self.probe_timeout_seconds, self.healthy_for_seconds, self.worked_out
        )

    def latency_standard(self, latency: LatencyRule) -> Standard:
        return grey.latency_standard(
            latency, self.pace, self.probe_timeout_seconds, self.healthy_for_seconds, self.worked_out
        )
