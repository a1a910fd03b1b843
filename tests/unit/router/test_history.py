"""One change of routes is one event of history, whoever writes or dies meanwhile (law 7)."""

from __future__ import annotations

from dataclasses import replace

from routekeeper.domain.errors import StoreError
from routekeeper.domain.group_state import Pause
from routekeeper.domain.health import Health
from tests.unit.router.stage import ASKED, CONFIGURATION, DENIED, SILENT, Stage, write_before_the_change_of


def test_law_7_changes_made_before_a_refused_record_are_part_of_the_event(stage: Stage) -> None:
    write_before_the_change_of(stage, "rtb-2")
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    [event] = stage.history()
    assert [(c.resource, c.before, c.after, c.refusal) for c in event.changes] == [
        ("rtb-1", "i-a", "i-b", None),
        ("rtb-2", "i-a", "i-b", None),
    ]


def test_law_7_a_pause_while_routes_are_moved_hides_nothing_of_it(stage: Stage) -> None:
    def pause_once(table: str) -> None:
        if table == "rtb-2" and stage.state().pause is None:
            stage.save(stage.state(), pause=Pause(stage.now + 7200, ASKED))

    stage.routes.before_change = pause_once
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    [event] = stage.history()
    assert [(c.resource, c.refusal) for c in event.changes] == [("rtb-1", None), ("rtb-2", None)]
    assert event in stage.people.told
    assert stage.state().pending is None


def test_law_7_what_a_pass_changed_before_it_died_is_recorded_though_ec2_refuses_the_rest_for_good(
    stage: Stage,
) -> None:
    stage.configuration = replace(CONFIGURATION, groups={"one": CONFIGURATION.groups["one"]})
    store = stage.store
    store.fail("record", StoreError("it died"))
    stage.routes.refusals["rtb-2"] = [DENIED] * 10
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run(store)
    assert stage.history() == ()
    stage.now += 60
    stage.run()
    [event] = stage.history()
    assert {change.resource: change.refusal is None for change in event.changes} == {"rtb-1": True, "rtb-2": False}
    stage.run()
    assert stage.history() == (event,), "the rest is tried again, and is no news"


def test_a_move_that_overtakes_an_unrecorded_one_puts_both_into_history(stage: Stage) -> None:
    stage.routes.refusals = {"rtb-1": [*SILENT], "rtb-2": [*SILENT]}
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    stage.see("nat-b", Health.UNHEALTHY)
    stage.see("nat-a", Health.HEALTHY)
    stage.run()
    newer, older = stage.history()
    assert (newer.to_path, older.to_path) == ("nat-a", "nat-b")
    assert "overtaken" in older.reason
