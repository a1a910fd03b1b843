"""One group's part in an invocation: what deciding, reading and carrying out share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from routekeeper.domain.errors import RoutekeeperError
from routekeeper.domain.group_state import GroupState
from routekeeper.domain.settings import Group
from routekeeper.router.braking import Braking
from routekeeper.router.dependencies import Dependencies
from routekeeper.router.evidence import Evidence
from routekeeper.telemetry.measurements import Measurement, Metric

DEADLINE_MARGIN_SECONDS: Final = 3.0
"""A change that is begun no later than this before Lambda ends the invocation can still be recorded."""
VERDICT_SECONDS: Final = 2.0
"""If a read takes EC2 longer than this, health is read again: nothing moves onto a path that was HEALTHY before
(law 2)."""


class Late(RoutekeeperError):
    """The decision rests on old or incomplete evidence: decide again."""


class Barred(RoutekeeperError):
    """EC2 refuses the path, and that is remembered: decide again."""


@dataclass(frozen=True, slots=True)
class Scope:
    group: Group
    dependencies: Dependencies
    evidence: Evidence
    """To read again when the verdicts that a pass began with have grown old."""
    braking: Braking
    deadline_at: float
    """When Lambda ends the invocation, in epoch seconds."""

    @property
    def worker(self) -> str:
        """The invocation's name."""
        return self.braking.worker

    @property
    def act_until(self) -> float:
        """From then on nothing more is begun."""
        return self.deadline_at - DEADLINE_MARGIN_SECONDS

    def now(self) -> float:
        return self.dependencies.clock()

    def save(self, state: GroupState) -> GroupState:
        """Raises VersionConflict and StoreError."""
        return self.dependencies.store.save_group(state)

    def emit(self, metric: Metric, value: float) -> None:
        """For the deployment, which has the alarms, and for the group."""
        self.dependencies.emit(Measurement(metric, value))
        self.dependencies.emit(Measurement(metric, value, {"group": self.group.name}))

    def late(self, why: str) -> Late:
        return Late(f"group {self.group.name}: {why}")
