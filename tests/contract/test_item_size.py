"""What grows with the configuration fits into its item."""

from __future__ import annotations

from typing import Any

import pytest

from routekeeper.config.brake import MOST_MOVES
from routekeeper.domain.brake import Counted, Ledger
from routekeeper.domain.group_state import Channel
from routekeeper.domain.health import Health
from routekeeper.domain.settings import Configuration
from routekeeper.store.items import brake_item, group_item
from tests.fakes.routes import FakeRoutes
from tests.unit.router.stage import CONFIGURATION, NAT_A, Stage, group


@pytest.mark.long
def test_a_group_of_800_tables_whose_people_are_out_of_reach_still_fits_into_its_item() -> None:
    tables = [f"rtb-{number:017x}" for number in range(800)]
    stage = Stage(
        routes=FakeRoutes(dict.fromkeys(tables, NAT_A)),
        configuration=Configuration(CONFIGURATION.targets, {"one": group("one", *tables)}),
    )
    stage.people.unreachable = set(Channel)
    stage.run()
    for ill, well in [("nat-a", "nat-b"), ("nat-b", "nat-a")] * 5:
        stage.now += 120
        stage.see(well, Health.HEALTHY)
        stage.see(ill, Health.UNHEALTHY)
        stage.run()
    assert len(stage.history()) == 10
    item = group_item(stage.state(), "test")
    assert _octets(item) < 400_000
    stage.people.unreachable = set()
    stage.run()
    assert stage.people.told[-1] == stage.history()[0]


def test_the_most_moves_that_a_brake_may_count_fit_into_its_item() -> None:
    moves = tuple(Counted(f"{'n' * 63}-{number:06d}", 1_800_000_000.123) for number in range(MOST_MOVES))
    assert _octets(brake_item(Ledger(moves=moves), "test")) < 400_000 * 0.3


def _octets(attribute: Any) -> int:
    """As DynamoDB counts them: names and values, and 3 for each list or map ("Item sizes and formats")."""
    if isinstance(attribute, dict):
        return 3 + sum(len(name) + _octets(value) for name, value in attribute.items())
    if isinstance(attribute, list):
        return 3 + sum(map(_octets, attribute))
    return len(str(attribute))
