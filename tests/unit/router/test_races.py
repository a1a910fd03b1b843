"""Others who write to a group or change its routes at the same time."""

from __future__ import annotations

from dataclasses import replace

from routekeeper.domain.group_state import Pause
from routekeeper.domain.health import Health
from tests.unit.router.stage import ASKED, CONFIGURATION, Stage


def test_who_loses_the_race_on_the_version_decides_again(stage: Stage) -> None:
    stage.see("nat-a", Health.UNHEALTHY)
    store = stage.store
    store.before("save_group", lambda: stage.save(stage.state(), pause=Pause(stage.now + 600, ASKED)))
    only_one = replace(CONFIGURATION, groups={"one": CONFIGURATION.groups["one"]})
    stage.configuration = only_one
    stage.run(store)
    assert stage.routes.changes == []  # the pause that was written in between is honoured


def test_two_routers_never_change_a_groups_routes_at_once(stage: Stage) -> None:
    stage.configuration = replace(CONFIGURATION, groups={"one": CONFIGURATION.groups["one"]})
    stage.see("nat-a", Health.UNHEALTHY)
    second: list[str | None] = []

    def run_another(_: str) -> None:
        stage.routes.before_change = lambda _: None
        second.append(stage.router(stage.store).run("another", stage.now + 5)[0].error)

    stage.routes.before_change = run_another
    stage.run(worker="first")
    assert second == ["group one: first is changing its routes"]
    assert len(stage.routes.changes) == 2


def test_who_had_to_wait_decides_on_what_is_known_by_then(stage: Stage) -> None:
    stage.configuration = replace(CONFIGURATION, groups={"one": CONFIGURATION.groups["one"]})
    stage.see("nat-a", Health.UNHEALTHY)
    stage.save(stage.state(), worker="another", worker_until=stage.now + 5)
    store = stage.store
    store.before("load_group", lambda: None)
    store.before("load_group", lambda: stage.see("nat-a", Health.HEALTHY))
    stage.run(store)
    assert stage.routes.changes == []


def test_a_router_that_died_while_changing_holds_others_up_no_longer_than_it_could_live(stage: Stage) -> None:
    stage.see("nat-a", Health.UNHEALTHY)
    stage.save(stage.state(), worker="dead", worker_until=stage.now + 12)
    stage.run()
    assert stage.state().path == "nat-b"
    assert stage.now >= 12
