"""What the operator writes: who asked and why, in groups and the brake only, and nothing over what others wrote."""

import pytest

from routekeeper.domain.errors import StoreError, VersionConflict
from routekeeper.operator import Caller
from routekeeper.store.writes import Key
from tests.unit.operator.desk import DOWN, NOON, UP, Desk, acknowledge, engaged


def test_every_intent_is_recorded_with_who_asked_from_where_and_why(desk: Desk) -> None:
    caller = Caller(identity="request 1234")
    desk.operator.answer({"action": "pause", "group": "idc", "by": "mia", "reason": "line work"}, caller)
    desk.now += 60
    desk.operator.answer({"action": "resume", "group": "idc", "by": "tom", "reason": "done"}, caller)
    newest, oldest = desk.group().intents
    assert (oldest.action, oldest.what) == ("pause", "take no action until 2026-01-01T13:00:00.000Z")
    assert (newest.asked.by, newest.asked.at, newest.asked.reason) == ("tom", NOON + 60, "done")
    assert newest.asked.identity == "request 1234"
    shown = desk.ask("status")["groups"]["idc"]["intents"]
    assert [(one["action"], one["by"]) for one in shown] == [("resume", "tom"), ("pause", "mia")]


def test_only_the_newest_intents_are_kept(desk: Desk) -> None:
    for minute in range(30):
        desk.wish("pin", **{"for": f"{minute + 1}m"})
    assert len(desk.group().intents) == 20
    assert desk.group().intents[0].what == "hold dx until 2026-01-01T12:30:00.000Z"


def test_a_name_in_the_client_context_stands_in_for_by(desk: Desk) -> None:
    answer = desk.operator.answer({"action": "unpin", "group": "idc", "reason": "done"}, Caller(name="mia"))
    assert answer["ok"] is True


def test_looking_writes_nothing(desk: Desk) -> None:
    before = desk.table.writes
    desk.ask("status")
    desk.ask("history")
    assert desk.table.writes == before


def test_the_operator_writes_groups_and_the_brake_only(desk: Desk) -> None:
    engaged(desk)
    before = len(desk.table.writes)
    desk.wish("failover")
    desk.wish("failback")
    acknowledge(desk)
    keys = [key for write in desk.table.writes[before:] for key in write.keys]
    assert keys == [Key("GROUP", "idc")] * 2 + [Key("BRAKE", "deployment")]


# --- the version


def test_who_is_overtaken_looks_again_and_keeps_what_the_other_wrote(desk: Desk) -> None:
    desk.store.before("save_group", lambda: desk.on("dx", since=NOON - 1))
    assert desk.wish("pin")["pin"]["path"] == "dx"
    assert (desk.group().since, desk.group().pin is not None) == (NOON - 1, True)


def test_a_request_that_is_no_longer_possible_after_a_lost_race_is_refused(desk: Desk) -> None:
    def line_dies() -> None:
        desk.healths(dx=UP, vpn=DOWN)
        desk.on("dx")

    desk.store.before("save_group", line_dies)
    answer = desk.ask("failover", group="idc", to="vpn", by="mia", reason="line work")
    assert answer["error"]["field"] == "to"
    assert desk.group().pin is None


def test_a_request_that_loses_every_race_is_given_back(desk: Desk) -> None:
    desk.store.fail("save_group", VersionConflict("idc"), times=5)
    field, message = desk.refused("pin")
    assert field == "group"
    assert message.endswith("nothing was changed, ask again")


def test_a_table_that_does_not_answer_is_an_error_and_not_an_answer(desk: Desk) -> None:
    desk.store.fail("save_group", StoreError("throttled"))
    with pytest.raises(StoreError, match="throttled"):
        desk.wish("pin")
