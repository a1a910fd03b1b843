"""Status: health and votes, what comes next and when, and what cannot be read, in its place."""

import json
from dataclasses import replace

import pytest

from routekeeper.domain.flaps import Flaps
from routekeeper.domain.group_state import RouteChange, Transition, TransitionKind
from routekeeper.domain.health import TargetHealth
from routekeeper.domain.path_memory import PathMemory
from routekeeper.domain.refusal import Refusal
from routekeeper.domain.restart import Active, Phase, RestartState
from routekeeper.domain.signals import maintenance, state_change
from routekeeper.domain.vantage import Vantage
from tests.unit.operator.desk import DOWN, NOON, UP, Desk


def test_status_tells_path_health_votes_and_what_comes_next(desk: Desk) -> None:
    desk.on("vpn", since=NOON - 20)
    desk.healths("b", dx=DOWN, vpn=UP)
    answer = desk.ask("status")
    assert (answer["ok"], answer["at"], sorted(answer["groups"])) == (
        True,
        "2026-01-01T12:00:00.000Z",
        ["idc", "private-a"],
    )
    idc = answer["groups"]["idc"]
    assert (idc["path"], idc["preferred"], idc["since"]) == ("vpn", "dx", "2026-01-01T11:59:40.000Z")
    assert idc["paths"]["dx"]["health"] == "UNKNOWN"
    assert idc["paths"]["dx"]["reason"] == "vantages disagree: a says HEALTHY, b says UNHEALTHY"
    assert idc["paths"]["dx"]["votes"]["b"]["health"] == "UNHEALTHY"
    assert idc["paths"]["dx"]["votes"]["b"]["counts"] is True
    assert idc["next"]["reason"].startswith("dx is UNKNOWN: vantages disagree")


def test_status_tells_what_aws_says_of_a_path_and_what_it_has_announced(desk: Desk) -> None:
    desk.on("nat-a", "private-a")
    desk.others.save_signal(state_change("i-00000000", "stopping", NOON - 5))
    desk.others.save_signal(state_change("i-00000001", "running", NOON - 5))
    desk.others.save_signal(maintenance("i-00000001", "EVENT_1", "REBOOT", NOON - 60, (NOON + 3600, NOON + 7200)))
    told = desk.ask("status")["groups"]["private-a"]
    a, b = told["paths"]["nat-a"], told["paths"]["nat-b"]
    assert (a["health"], a["reason"]) == ("UNHEALTHY", a["signals"][0]["says"])
    assert told["next"]["to"] == "nat-b"
    assert b["health"] == "HEALTHY"
    assert b["signals"] == [
        {
            "resource": "i-00000001",
            "kind": "maintenance",
            "says": "AWS has planned maintenance of i-00000001 from 2026-01-01 13:00Z to 2026-01-01 14:00Z (REBOOT)",
            "at": "2026-01-01T11:59:00.000Z",
            "from": "2026-01-01T12:55:00.000Z",
            "until": "2026-01-01T14:00:00.000Z",
            "upcoming": True,
        }
    ]


def test_status_tells_when_failback_is_due(desk: Desk) -> None:
    desk.on("vpn", since=NOON - 20)
    assert desk.ask("status")["groups"]["idc"]["next"]["failback_at"] == "2026-01-01T12:00:40.000Z"


def test_status_tells_how_a_path_stands_with_damping_and_when_failback_will_be_allowed(desk: Desk) -> None:
    desk.on("vpn", since=NOON - 900)
    desk.others.save_group(
        replace(desk.store.load_group("idc"), paths={"dx": PathMemory(flaps=Flaps(3000.0, NOON - 900, 3000.0))})
    )
    idc = desk.ask("status")["groups"]["idc"]
    assert idc["paths"]["dx"]["damping"] == {
        "penalty": 1500,
        "suppressed": True,
        "failback_allowed_at": "2026-01-01T12:15:00.000Z",
    }
    assert idc["paths"]["vpn"]["damping"] == {"penalty": 0, "suppressed": False, "failback_allowed_at": None}
    assert idc["next"]["failback_at"] == "2026-01-01T12:15:00.000Z"
    assert idc["next"]["reason"].startswith("dx is HEALTHY; failback suppressed for 15 min: it has flapped")
    assert idc["failback"]["damping"] == {
        "half_life_seconds": 900.0,
        "suppress": 2000.0,
        "reuse": 750.0,
        "longest_seconds": 3600.0,
    }


def test_status_tells_windows_and_when_the_next_one_opens(desk: Desk) -> None:
    private = desk.ask("status")["groups"]["private-a"]
    assert private["paths"]["nat-a"]["damping"] is None
    assert private["failback"] == {
        "mode": "window",
        "after_seconds": 60.0,
        "damping": None,
        "time_zone": "Europe/Berlin",
        "windows": [{"days": ["sat", "sun"], "from": "23:00", "to": "05:00"}],
        "open": False,
        "opens_at": "2026-01-03T22:00:00.000Z",
    }
    desk.now = NOON + 2.5 * 86_400
    private = desk.ask("status")["groups"]["private-a"]
    assert (private["failback"]["open"], private["failback"]["opens_at"]) == (True, None)


def test_status_tells_stale_and_suspected_vantages(desk: Desk) -> None:
    desk.now += 40
    desk.healths("b", dx=UP, vpn=UP)
    dead = {target: TargetHealth(DOWN, NOON, "timeout") for target in ("dx-router", "vpn-host", "nat-a", "nat-b")}
    desk.others.save_vantage(Vantage("c", 1, desk.now, dead))
    for target, health in dead.items():
        desk.others.save_health("c", 1, target, health)
    answer = desk.ask("status")
    vantages = answer["vantages"]
    assert {name: (one["stale"], one["suspected"]) for name, one in vantages.items()} == {
        "a": (True, False),
        "b": (False, False),
        "c": (False, True),
    }
    assert vantages["a"]["age_seconds"] == 44.0
    votes = answer["groups"]["idc"]["paths"]["dx"]["votes"]
    assert {name: vote["counts"] for name, vote in votes.items()} == {"a": False, "b": True, "c": False}


def test_status_tells_where_somebody_else_has_put_routes(desk: Desk) -> None:
    desk.others.save_group(replace(desk.store.load_group("idc"), paths={"vpn": PathMemory(drifted=True)}))
    assert desk.ask("status", group="idc")["groups"]["idc"]["drifted"] == ["vpn"]


def test_law_3_status_says_that_no_path_is_healthy(desk: Desk) -> None:
    desk.healths(dx=DOWN, vpn=DOWN)
    assert desk.ask("status", group="idc")["groups"]["idc"]["next"]["no_healthy_path"] is True


def test_status_tells_restarts_under_way_and_given_up(desk: Desk) -> None:
    active = Active("nat-a", "i-00000000", Phase.STOPPING, NOON - 5, NOON - 5, 1)
    desk.others.save_restart(RestartState("nat", 0, active, {"nat-a": (NOON - 5,)}, given_up=frozenset({"nat-b"})))
    told = desk.ask("status")["restarts"]["nat"]
    assert (told["active"]["target"], told["active"]["phase"], told["given_up"]) == ("nat-a", "STOPPING", ["nat-b"])


def test_law_11_an_unreadable_group_is_shown_as_such_beside_the_others(desk: Desk) -> None:
    desk.table.place({"pk": {"S": "GROUP"}, "sk": {"S": "idc"}, "version": {"S": "seven"}})
    desk.table.place({"pk": {"S": "RESTART"}, "sk": {"S": "nat"}, "version": {"S": "seven"}})
    answer = desk.ask("status")
    assert answer["ok"] is True
    assert answer["groups"]["idc"]["error"].startswith("GROUP/idc: ")
    assert answer["restarts"]["nat"]["error"].startswith("RESTART/nat: ")
    assert answer["groups"]["private-a"]["path"] is None


def test_law_11_a_time_that_is_still_to_come_is_its_items_trouble_alone(desk: Desk) -> None:
    desk.on("dx", since=NOON + 86_400)
    answer = desk.ask("status")
    assert answer["groups"]["idc"]["error"] == (
        "GROUP/idc: since is 2026-01-02T12:00:00Z, expected a time no later than 2026-01-01T12:10:00Z"
    )
    assert answer["groups"]["private-a"]["path"] is None


def test_status_shows_which_signals_and_passes_cannot_be_read(desk: Desk) -> None:
    assert desk.ask("status")["unreadable"] == {}
    desk.table.place({"pk": {"S": "SIGNAL"}, "sk": {"S": "i-0a#state"}, "at": {"N": "1790000000123"}})
    desk.table.place({"pk": {"S": "FUNCTION"}, "sk": {"S": "router"}, "at": {"S": "noon"}})
    told = desk.ask("status")["unreadable"]
    assert told.keys() == {"SIGNAL/i-0a#state", "FUNCTION/router"}
    assert all(why.startswith(f"{key}: ") and "expected" in why for key, why in told.items())


def test_status_of_one_group_shows_that_one(desk: Desk) -> None:
    assert list(desk.ask("status", group="idc")["groups"]) == ["idc"]


def test_history_never_outgrows_what_lambda_can_answer_and_says_what_is_left_out(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = Refusal("UnauthorizedOperation", "x" * 400)
    changes = tuple(RouteChange(f"rtb-{number:017x} 0.0.0.0/0", "i-a", "i-b", refusal) for number in range(150))
    monkeypatch.setattr("routekeeper.operator.history.ANSWER_OCTETS", most := 300_000)
    state = desk.group()
    for number in range(10):
        done = Transition(
            f"idc-{number}", "idc", TransitionKind.FAILOVER, "dx", "vpn", "r", NOON + number, changes=changes
        )
        state = desk.others.record(state, done)
    answer = desk.ask("history", limit=10)
    assert len(json.dumps(answer)) < most + 1000
    assert answer["events"][0]["id"] == "idc-9"
    assert len(answer["events"]) + answer["left_out"] == 10
    assert answer["left_out"] > 0
    rest = desk.ask("history", limit=10, before=answer["next"])
    assert rest["events"][0]["id"] == f"idc-{answer['left_out'] - 1}"
    assert "left_out" not in desk.ask("history", limit=2)
