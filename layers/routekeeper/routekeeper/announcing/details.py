"""What programs are told: an event with its detail for each transition, each restart that is told, and the brake."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from routekeeper.announcing.fitting import MOST_OCTETS, cut_reason, how_many_fit, octets
from routekeeper.domain.brake import Engagement
from routekeeper.domain.group_state import Transition
from routekeeper.domain.restart_event import RestartEvent
from routekeeper.telemetry import json_form

SCHEMA_VERSION: Final = 1
"""Of the details of events. It grows when a field is removed or changes its meaning, and not when one is added."""


@dataclass(frozen=True, slots=True)
class Event:
    detail_type: str
    detail: str
    """JSON of at most `MOST_OCTETS` octets."""


def of_transition(transition: Transition, deployment: str) -> Event:
    """The event always has the counts of changes. If there are too many for one event, it lists only the first."""
    known = json_form.record(transition)
    changes = known["changes"]
    detail = {
        **known,
        "reason": cut_reason(transition.reason),
        "changes": [],
        "changes_failed": sum(change.refusal is not None for change in transition.changes),
        "changes_left_out": len(changes),
        "detection_seconds": transition.detection_seconds,
        "steering_seconds": transition.steering_seconds,
    }
    room = MOST_OCTETS - octets(_detail(detail, deployment))
    fitting = how_many_fit(map(json_form.dumps, changes), room)
    listed = {"changes": changes[:fitting], "changes_left_out": len(changes) - fitting}
    return Event("Route Transition", _detail({**detail, **listed}, deployment))


def of_engagement(engagement: Engagement, deployment: str) -> Event:
    return Event("Brake Engaged", _detail(json_form.record(engagement), deployment))


def of_restart(event: RestartEvent, deployment: str) -> Event:
    detail = {**json_form.record(event), "reason": cut_reason(event.reason)}
    return Event("Instance Restart", _detail(detail, deployment))


def _detail(detail: Mapping[str, object], deployment: str) -> str:
    return json_form.dumps({"schema_version": SCHEMA_VERSION, "deployment": deployment, **detail})
