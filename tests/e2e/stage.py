"""What the stories share: the laboratory with its witnesses, and the outage that most of them are about."""

from __future__ import annotations

from dataclasses import dataclass

from lab.laboratory import Laboratory
from lab.network.measure import Measurement
from tests.e2e.witnesses import InstanceStates, Sightings


@dataclass(frozen=True, slots=True)
class Stage:
    """The laboratory with the application at work, and who looks on."""

    lab: Laboratory
    instances: InstanceStates
    sightings: tuple[Sightings, ...]


@dataclass(slots=True)
class Outage:
    """Both failures, at the same moment, under traffic from the private host. Times are epoch seconds."""

    dx: Measurement
    nat: Measurement
    struck_at: float
    mended_at: float = 0.0
