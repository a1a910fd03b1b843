"""The brake: what status says of it, and what acknowledging does to it (law 12)."""

from dataclasses import replace

from routekeeper.domain.brake import Counted, Ledger
from routekeeper.domain.errors import VersionConflict
from routekeeper.store.items import brake_key
from tests.unit.operator.desk import DOWN, NOON, UP, Desk, acknowledge, engaged


def test_acknowledging_releases_the_brake_and_keeps_who_and_why(desk: Desk) -> None:
    engaged(desk)
    answer = acknowledge(desk)
    assert (answer["changed"], answer["released"], answer["forgotten"]) == (True, True, 12)
    assert "engaged since 2026-01-01T11:59:00.000Z, is released; 12 of its moves forgotten" in answer["message"]
    status = desk.ask("status")["brake"]
    assert (status["moves"], status["limit"], status["engaged_since"]) == (0, 12, None)
    assert (status["acknowledged"]["by"], status["acknowledged"]["reason"]) == ("mia", "the line is quiet")


def test_acknowledging_before_the_limit_forgets_the_moves_so_far(desk: Desk) -> None:
    desk.others.save_brake(Ledger(moves=(Counted("idc-1", NOON - 5),)))
    answer = acknowledge(desk)
    assert (answer["changed"], answer["released"], answer["forgotten"]) == (True, False, 1)
    assert acknowledge(desk)["changed"] is False


def test_a_move_that_is_counted_while_somebody_acknowledges_is_forgotten_too(desk: Desk) -> None:
    desk.others.save_brake(Ledger(moves=(Counted("idc-1", NOON - 5),)))
    desk.store.before("save_brake", lambda: engaged(desk))
    assert acknowledge(desk)["forgotten"] == 12
    assert desk.others.load_brake().moves == ()


def test_a_brake_that_others_keep_saving_is_given_back(desk: Desk) -> None:
    engaged(desk)
    desk.store.fail("save_brake", VersionConflict("meanwhile"), times=5)
    answer = desk.ask("acknowledge", by="mia", reason="the line is quiet")
    assert (answer["ok"], answer["error"]["field"]) == (False, "brake")


def test_status_tells_what_the_brake_counts_and_what_it_holds(desk: Desk) -> None:
    desk.on("vpn")
    assert desk.ask("status")["groups"]["idc"]["next"]["action"] == "move"
    engaged(desk)
    status = desk.ask("status")
    assert (status["brake"]["moves"], status["brake"]["engaged_since"]) == (12, "2026-01-01T11:59:00.000Z")
    assert status["brake"]["counted"][-1] == {"transition": "idc-0", "at": "2026-01-01T11:59:00.000Z"}
    told = status["groups"]["idc"]["next"]
    assert told["action"] == "stay"
    assert "held by the brake" in told["reason"]
    assert "action acknowledge" in told["reason"]


def test_law_4_status_foresees_that_an_unhealthy_path_is_left_though_the_brake_is_engaged(desk: Desk) -> None:
    engaged(desk)
    desk.healths(dx=DOWN, vpn=UP)
    assert desk.ask("status")["groups"]["idc"]["next"]["to"] == "vpn"


def test_moves_that_are_older_than_the_period_are_not_shown(desk: Desk) -> None:
    desk.others.save_brake(Ledger(moves=(Counted("idc-1", NOON - 3600), Counted("idc-2", NOON - 5))))
    assert desk.ask("status")["brake"]["moves"] == 1


def test_a_brake_that_is_off_is_no_brake(desk: Desk) -> None:
    engaged(desk)
    desk.on("vpn")
    desk.operator = replace(desk.operator, configuration=replace(desk.configuration, brake=None))
    assert desk.ask("status")["brake"] is None
    assert desk.ask("status")["groups"]["idc"]["next"]["action"] == "move"


def test_an_unreadable_brake_says_so_in_its_place(desk: Desk) -> None:
    desk.on("vpn")
    engaged(desk)
    item = desk.table.get(brake_key())
    assert item is not None
    desk.table.place({**item, "moves": {"S": "many"}})
    status = desk.ask("status")
    assert "moves is {'S': 'many'}, expected a list" in status["brake"]["error"]
    assert "cannot be read" in status["groups"]["idc"]["next"]["reason"]
    assert desk.wish("pin", path="vpn")["changed"] is True
