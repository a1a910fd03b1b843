"""What one invocation knows of health, and what it does with it while the table does not answer."""

from __future__ import annotations

import pytest

from routekeeper.domain.errors import StoreError
from routekeeper.domain.health import Health
from routekeeper.ec2.errors import refused
from routekeeper.router.braking import Braking
from routekeeper.router.evidence import Evidence
from routekeeper.router.group_pass import GroupPass
from routekeeper.router.scope import Scope
from tests.unit.router.stage import CONFIGURATION, Stage

SILENT = StoreError("the table does not answer")


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_health_is_read_anew_where_the_table_answers(stage: Stage) -> None:
    evidence = Evidence(CONFIGURATION, stage.router(stage.store).dependencies)
    assert evidence.at_best().of("nat-a").health is Health.HEALTHY
    stage.see("nat-a", Health.UNHEALTHY)
    assert evidence.at_best().of("nat-a").health is Health.UNHEALTHY


def test_while_the_table_does_not_answer_what_was_read_last_is_known(stage: Stage) -> None:
    store = stage.store
    evidence = Evidence(CONFIGURATION, stage.router(store).dependencies)
    stage.see("nat-a", Health.UNHEALTHY)
    evidence.anew()
    store.fail("load_signals", SILENT, times=2)
    assert evidence.at_best().of("nat-a").health is Health.UNHEALTHY
    with pytest.raises(StoreError, match="does not answer"):
        evidence.anew()


def test_who_was_slow_to_read_does_not_make_others_forget_what_is_newer(stage: Stage) -> None:
    store = stage.store
    evidence = Evidence(CONFIGURATION, stage.router(store).dependencies)

    def meanwhile() -> None:
        stage.sleep(1)
        stage.see("nat-a", Health.UNHEALTHY)
        evidence.anew()

    store.before("load_signals", meanwhile)
    assert evidence.anew().of("nat-a").health is Health.HEALTHY, "it read the table before"
    store.fail("load_board", SILENT)
    assert evidence.at_best().of("nat-a").health is Health.UNHEALTHY


def test_who_knows_nothing_yet_says_so(stage: Stage) -> None:
    store = stage.store
    store.fail("load_board", SILENT)
    with pytest.raises(StoreError, match="does not answer"):
        Evidence(CONFIGURATION, stage.router(store).dependencies).at_best()


def test_law_2_what_others_here_have_seen_counts_while_the_table_does_not_answer(stage: Stage) -> None:
    """EC2 is silent at first; meanwhile the standby dies, another group's pass sees it, and the table falls silent."""
    store = stage.store
    dependencies = stage.router(store).dependencies
    evidence = Evidence(CONFIGURATION, dependencies)
    asked: list[str] = []

    def silence(table: str) -> None:
        asked.append(table)
        stage.sleep(5)
        if len(asked) == 1:
            stage.see("nat-b", Health.UNHEALTHY)
            evidence.anew()
            store.fail("load_signals", SILENT, times=100)
        if len(asked) <= 2:
            raise refused("no answer", "Timeout")

    stage.routes.before_change = silence
    stage.see("nat-a", Health.UNHEALTHY)
    group, until = CONFIGURATION.groups["one"], stage.now + 60
    braking = Braking(CONFIGURATION.brake, dependencies, "router/1")
    with pytest.raises(StoreError, match="does not answer"):
        GroupPass(Scope(group, dependencies, evidence, braking, until), evidence.anew()).run()
    assert stage.routes.changes == []
