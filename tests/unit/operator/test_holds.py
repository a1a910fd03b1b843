"""Pins and pauses: what they hold, until when, and what comes after (law 6)."""

from tests.unit.operator.desk import DOWN, UP, Desk


def test_pin_holds_the_present_path_and_says_what_comes_after(desk: Desk) -> None:
    desk.on("vpn")
    told = desk.wish("pin", until="2026-01-01T18:00:00+02:00")
    assert told["pin"]["path"] == "vpn"
    assert told["next"]["action"] == "stay"
    assert told["next"]["then"]["at"] == "2026-01-01T16:00:00.000Z"
    assert (told["next"]["then"]["action"], told["next"]["then"]["to"]) == ("move", "dx")


def test_pin_of_a_path_that_is_not_healthy_is_refused_even_if_it_is_the_present_one(desk: Desk) -> None:
    desk.healths(dx=DOWN, vpn=UP)
    assert desk.refused("pin")[0] == "path"
    assert desk.wish("pin", force=True)["next"]["reason"] == "pinned to dx by mia: line work"


def test_unpin_ends_a_pin_and_is_a_no_op_without_one(desk: Desk) -> None:
    desk.on("vpn")
    desk.wish("pin")
    told = desk.wish("unpin")
    assert (told["changed"], told["pin"], told["next"]["to"]) == (True, None, "dx")
    before = desk.group()
    assert desk.wish("unpin")["changed"] is False
    assert desk.group() == before


def test_law_6_a_paused_group_stays_until_the_pause_expires_or_is_ended(desk: Desk) -> None:
    told = desk.wish("pause", **{"for": "10m"})
    assert told["message"].endswith("paused until 2026-01-01T12:10:00.000Z")
    desk.healths(dx=DOWN, vpn=UP)
    assert desk.router_passes() == "dx"
    assert desk.wish("resume")["next"]["to"] == "vpn"
    desk.wish("pause", **{"for": "10m"})
    desk.now += 600
    desk.healths(dx=DOWN, vpn=UP)
    assert desk.router_passes() == "vpn"


def test_of_a_pin_and_a_pause_the_first_to_expire_says_what_comes_then(desk: Desk) -> None:
    desk.on("vpn")
    desk.wish("pin", **{"for": "10m"})
    told = desk.wish("pause", **{"for": "20m"})
    assert told["next"]["then"]["at"] == "2026-01-01T12:10:00.000Z"
    assert told["next"]["then"]["reason"] == "paused by mia: line work"


def test_a_group_without_a_path_yet_stays_on_what_is_there(desk: Desk) -> None:
    message = desk.wish("pause", "private-a")["message"]
    assert message.startswith("private-a stays on what its routes are on: paused by mia")
