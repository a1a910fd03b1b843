"""What one invocation knows of health, and what it does with it while the table does not answer."""

from __future__ import annotations

import pytest

from routekeeper.domain.errors import StoreError
from routekeeper.domain.health import Health
from routekeeper.ec2_errors import refused
from routekeeper.router.braking import Braking
from routekeeper.router.group_pass import GroupPass
from routekeeper.router.judging import Judging
from tests.unit.router.stage import CONFIGURATION, Stage

SILENT = StoreError("the table does not answer")


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_health_is_read_anew_where_the_table_answers(stage: Stage) -> None:
    judging = Judging(CONFIGURATION, stage.router(stage.store).means)
    assert judging.at_best()["nat-a"].health is Health.HEALTHY
    stage.see("nat-a", Health.UNHEALTHY)
    assert judging.at_best()["nat-a"].health is Health.UNHEALTHY


def test_while_the_table_does_not_answer_what_was_read_last_is_known(stage: Stage) -> None:
    store = stage.store
    judging = Judging(CONFIGURATION, stage.router(store).means)
    stage.see("nat-a", Health.UNHEALTHY)
    judging.anew()
    store.fail("load_signals", SILENT, times=2)
    assert judging.at_best()["nat-a"].health is Health.UNHEALTHY
    with pytest.raises(StoreError, match="does not answer"):
        judging.anew()


def test_who_was_slow_to_read_does_not_make_others_forget_what_is_newer(stage: Stage) -> None:
    store = stage.store
    judging = Judging(CONFIGURATION, stage.router(store).means)

    def meanwhile() -> None:
        stage.sleep(1)
        stage.see("nat-a", Health.UNHEALTHY)
        judging.anew()

    store.before("load_signals", meanwhile)
    assert judging.anew()["nat-a"].health is Health.HEALTHY, "it read the table before"
    store.fail("load_board", SILENT)
    assert judging.at_best()["nat-a"].health is Health.UNHEALTHY


def test_who_knows_nothing_yet_says_so(stage: Stage) -> None:
    store = stage.store
    store.fail("load_board", SILENT)
    with pytest.raises(StoreError, match="does not answer"):
        Judging(CONFIGURATION, stage.router(store).means).at_best()


def test_law_2_what_others_here_have_seen_counts_while_the_table_does_not_answer(stage: Stage) -> None:
    """EC2 is silent at first; meanwhile the standby dies, another group's pass sees it, and the table falls silent."""
    store = stage.store
    means = stage.router(store).means
    judging = Judging(CONFIGURATION, means)
    asked: list[str] = []

    def silence(table: str) -> None:
        asked.append(table)
        stage.sleep(5)
        if len(asked) == 1:
            stage.see("nat-b", Health.UNHEALTHY)
            judging.anew()
            store.fail("load_signals", SILENT, times=100)
        if len(asked) <= 2:
            raise refused("no answer", "Timeout")

    stage.routes.before_change = silence
    stage.see("nat-a", Health.UNHEALTHY)
    group, until = CONFIGURATION.groups["one"], stage.now + 60
    braking = Braking(CONFIGURATION.brake, means, "router/1")
    with pytest.raises(StoreError, match="does not answer"):
        GroupPass(group, judging.anew(), judging, means, braking, until).run()
    assert stage.routes.changes == []
