"""What operators see of paths that EC2 refuses and of where traffic is, and how they have EC2 asked again."""

from __future__ import annotations

from dataclasses import replace

from routekeeper.domain.barring import Bar
from routekeeper.domain.path_memory import PathMemory
from routekeeper.domain.routes import Traffic
from tests.unit.operator.desk import DOWN, NOON, UP, Desk, acknowledge

BAR = Bar("InvalidInstanceID", "it has several interfaces", NOON - 600, NOON - 60, NOON + 180, refusals=3)


def barred(desk: Desk, path: str = "vpn", traffic: Traffic | None = None) -> None:
    state = desk.others.load_group("idc")
    desk.others.save_group(replace(state, paths={path: PathMemory(bar=BAR)}, traffic=traffic))


def test_law_13_status_tells_what_ec2_said_since_when_and_when_it_is_asked_again(desk: Desk) -> None:
    barred(desk)
    path = desk.ask("status")["groups"]["idc"]["paths"]["vpn"]
    assert path["health"] == "UNHEALTHY"
    assert path["reason"] == "EC2 refuses to put routes onto it: it has several interfaces"
    assert path["bar"] == {
        "code": "InvalidInstanceID",
        "says": "it has several interfaces",
        "since": "2026-01-01T11:50:00.000Z",
        "refused_at": "2026-01-01T11:59:00.000Z",
        "refusals": 3,
        "next_try_at": "2026-01-01T12:03:00.000Z",
        "holds": True,
    }
    assert desk.ask("status")["groups"]["idc"]["paths"]["dx"]["bar"] is None


def test_law_13_a_failover_onto_it_is_refused_with_ec2s_words_unless_forced(desk: Desk) -> None:
    barred(desk)
    answer = desk.ask("failover", group="idc", to="vpn", by="mia", reason="line work")
    assert "it has several interfaces" in answer["error"]["message"]
    forced = desk.ask("failover", group="idc", to="vpn", force=True, by="mia", reason="line work")
    assert forced["groups"]["idc"]["next"]["action"] == "move"


def test_law_14_status_and_answers_say_where_traffic_is_beside_where_it_should_be(desk: Desk) -> None:
    barred(desk, traffic=Traffic(("dx", "vpn"), 1))
    status = desk.ask("status")["groups"]["idc"]
    assert (status["path"], status["traffic"]) == ("dx", {"paths": ["dx", "vpn"], "astray": 1})
    answer = desk.ask("pause", group="idc", by="mia", reason="line work")
    assert "its traffic is on dx and vpn, and 1 route elsewhere" in answer["groups"]["idc"]["message"]


def test_law_13_an_acknowledgement_has_ec2_asked_again_and_is_on_record(desk: Desk) -> None:
    barred(desk)
    answer = acknowledge(desk)
    assert (answer["changed"], answer["asked_again"]) == (True, {"idc": ["vpn"]})
    assert "EC2 is asked again for what it had refused (idc: vpn)" in answer["message"]
    state = desk.others.load_group("idc")
    assert state.memory("vpn").bar is None
    assert [intent.what for intent in state.intents] == ["ask EC2 again for vpn"]
    assert acknowledge(desk)["changed"] is False


def test_law_11_a_group_that_cannot_be_read_keeps_no_other_from_being_asked_again(desk: Desk) -> None:
    barred(desk)
    desk.table.place({"pk": {"S": "GROUP"}, "sk": {"S": "private-a"}, "version": {"S": "poison"}})
    answer = acknowledge(desk)
    assert answer["asked_again"] == {"idc": ["vpn"]}
    assert answer["failed"]["private-a"].startswith("GROUP/private-a: ")


def test_a_path_that_is_unhealthy_says_so_first(desk: Desk) -> None:
    desk.healths(dx=UP, vpn=DOWN)
    barred(desk)
    path = desk.ask("status")["groups"]["idc"]["paths"]["vpn"]
    assert path["reason"].startswith("1 of 1 vantages")


def test_law_14_before_the_first_path_is_taken_status_says_what_ec2_refuses(desk: Desk) -> None:
    why = "vpn was wanted (the routes are on no single path of the group; vpn is HEALTHY), and EC2 refuses"
    state = replace(desk.others.load_group("idc"), path=None, reason=why, traffic=Traffic(("dx",), 1))
    desk.others.save_group(replace(state, paths={"vpn": PathMemory(bar=BAR)}))
    assert desk.ask("status")["groups"]["idc"]["next"]["reason"] == why
