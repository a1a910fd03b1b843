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
"""What is begun no later than this before Lambda ends the invocation can still be recorded."""
VERDICT_SECONDS: Final = 2.0
"""Where EC2 takes longer over a read, health is judged anew: nothing moves onto what was HEALTHY before (law 2)."""


class Late(RoutekeeperError):
    """What was decided on has grown old, or was not all that there was to know: decide again."""


@dataclass(frozen=True, slots=True)
class Scope:
    group: Group
    dependencies: Dependencies
    evidence: Evidence
    """For when the verdicts that a pass began with have grown old."""
    braking: Braking
    deadline_at: float
    """When Lambda ends the invocation, in epoch seconds."""

    @property
    def worker(self) -> str:
        """The invocation's name."""
        return self.braking.worker

    @property
    def act_until(self) -> float:
        """From when on nothing is begun any more."""
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
