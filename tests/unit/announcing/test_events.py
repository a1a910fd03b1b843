"""What programs are told, compared with golden files in `events/`. How to write them anew: `test_messages.py`."""

from __future__ import annotations

import json

import pytest

from routekeeper.announcing.details import Event, of_engagement, of_restart, of_transition
from tests.unit.announcing.golden import expected, names
from tests.unit.announcing.news import BEGUN, DEPLOYMENT, ENGAGEMENT, RESTARTS, TRANSITIONS

EVENTS = {
    "brake-engaged": of_engagement(ENGAGEMENT, DEPLOYMENT),
    "instance-restart": of_restart(BEGUN, DEPLOYMENT),
    "instance-restart-gave-up": of_restart(RESTARTS["restart-gave-up"], DEPLOYMENT),
    "route-transition": of_transition(TRANSITIONS["failover"], DEPLOYMENT),
    "route-transition-partial": of_transition(TRANSITIONS["failover-partial"], DEPLOYMENT),
    "route-transition-asked": of_transition(TRANSITIONS["manual-identity"], DEPLOYMENT),
    "route-transition-none-left": of_transition(TRANSITIONS["failover-none-left"], DEPLOYMENT),
}


def shown(event: Event) -> str:
    return json.dumps({"detail-type": event.detail_type, "detail": json.loads(event.detail)}, indent=2) + "\n"


@pytest.mark.parametrize("name", EVENTS)
def test_each_kind_of_event_is_as_in_its_golden_file(name: str) -> None:
    assert shown(EVENTS[name]) == expected(f"events/{name}.json", shown(EVENTS[name]))


def test_every_golden_file_is_of_some_event() -> None:
    assert names("events") == set(EVENTS)


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_says_its_schema_and_its_deployment_first(name: str) -> None:
    detail = json.loads(EVENTS[name].detail)
    assert list(detail.items())[:2] == [("schema_version", 1), ("deployment", DEPLOYMENT)]
