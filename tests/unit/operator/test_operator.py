"""The operator on a table in memory: traffic moved by hand (law 2), all groups at once (law 11), history (law 7)."""

from dataclasses import replace

import pytest

from routekeeper.domain.flaps import Flaps
from routekeeper.domain.group_state import RouteChange, Transition, TransitionKind
from routekeeper.domain.health import Health
from routekeeper.domain.path_memory import PathMemory
from routekeeper.domain.restart import Action, RestartOutcome
from routekeeper.domain.restart_event import RestartEvent
from tests.unit.operator.desk import DOWN, NO_IDEA, NOON, UP, Desk

# --- failover


def test_failover_pins_the_other_healthy_path_for_an_hour_and_says_what_comes(desk: Desk) -> None:
    told = desk.wish("failover")
    assert told["changed"] is True
    assert told["message"] == "moving idc from dx to vpn; pinned to vpn until 2026-01-01T13:00:00.000Z"
    assert told["next"]["action"] == "move"
    assert (told["next"]["from"], told["next"]["to"], told["next"]["kind"]) == ("dx", "vpn", "manual")
    assert told["pin"]["until"] == "2026-01-01T13:00:00.000Z"
    then = told["next"]["then"]
    assert (then["at"], then["from"], then["to"], then["kind"]) == (told["pin"]["until"], "vpn", "dx", "failback")
    assert desk.router_passes() == "vpn"


def test_automatic_failback_does_not_undo_a_failover_before_it_expires(desk: Desk) -> None:
    desk.wish("failover", to="vpn", **{"for": "30m"})
    desk.router_passes()
    desk.now += 1799
    desk.healths(dx=UP, vpn=UP)
    assert desk.router_passes() == "vpn"
    desk.now += 1
    assert desk.router_passes() == "dx"


@pytest.mark.parametrize("health", [DOWN, NO_IDEA])
def test_law_2_failover_to_a_path_that_is_not_healthy_is_refused_unless_forced(desk: Desk, health: Health) -> None:
    desk.healths(dx=UP, vpn=health)
    field, message = desk.refused("failover", to="vpn")
    assert field == "to"
    assert message.startswith(f"to: vpn is {health.value} (")
    assert message.endswith("expected a HEALTHY path, or force: true")
    assert desk.wish("failover", to="vpn", force=True)["pin"]["forced"] is True
    assert desk.router_passes() == "vpn"


def test_law_1_a_path_whose_vantages_are_silent_is_not_failed_over_to(desk: Desk) -> None:
    desk.now += 60
    assert "vpn is UNKNOWN (no fresh vantage has an opinion)" in desk.refused("failover", to="vpn")[1]


def test_failover_without_a_path_is_refused_where_no_other_is_healthy(desk: Desk) -> None:
    desk.healths(dx=UP, vpn=DOWN)
    assert desk.refused("failover")[1].startswith("to: no path beside dx is HEALTHY: vpn is UNHEALTHY")


def test_a_failover_that_arrives_twice_does_not_go_back(desk: Desk) -> None:
    """The AWS CLI repeats an invocation whose answer it did not get."""
    desk.wish("failover")
    desk.router_passes()
    field, message = desk.refused("failover")
    assert field == "to"
    assert "already pinned to vpn until 2026-01-01T13:00:00.000Z" in message
    assert desk.wish("failover", to="vpn")["next"]["action"] == "stay"


def test_failover_without_a_path_needs_a_present_path(desk: Desk) -> None:
    fields = {"by": "mia", "reason": "r", "group": "private-a"}
    assert desk.refused("failover", **fields)[1].startswith("to: missing, and private-a has no present path yet")
    assert desk.wish("failover", "private-a", to="nat-b")["message"].startswith("moving private-a to nat-b")


def test_a_present_path_that_is_no_longer_configured_has_to_be_named(desk: Desk) -> None:
    desk.on("satellite")
    for action, field in (("failover", "to"), ("pin", "path")):
        assert desk.refused(action)[1].startswith(f"{field}: missing, and idc has no present path yet")


# --- failback


def test_failback_drops_the_pin_and_skips_the_hold_down(desk: Desk) -> None:
    desk.wish("failover")
    desk.router_passes()
    desk.now += 5
    told = desk.wish("failback")
    assert told["message"] == "moving idc from vpn to dx"
    assert (told["pin"], told["returning"]["until"]) == (None, "2026-01-01T12:10:05.000Z")
    assert desk.router_passes() == "dx"
    assert desk.group().returning is None


def test_law_2_failback_to_a_path_that_is_not_healthy_is_refused_unless_forced(desk: Desk) -> None:
    desk.on("vpn")
    desk.healths(dx=DOWN, vpn=UP)
    assert desk.refused("failback")[0] == "force"


def test_a_forced_failback_onto_a_dead_path_is_held_there_or_it_would_be_left_at_once(desk: Desk) -> None:
    desk.on("vpn")
    desk.healths(dx=DOWN, vpn=UP)
    told = desk.wish("failback", force=True)
    assert (told["pin"]["path"], told["pin"]["until"]) == ("dx", "2026-01-01T12:10:00.000Z")
    assert told["next"]["to"] == "dx"
    assert desk.router_passes() == "dx"
    assert desk.router_passes() == "dx"
    desk.now += 600
    desk.healths(dx=DOWN, vpn=UP)
    assert desk.router_passes() == "vpn"


def test_failback_on_the_preferred_path_changes_nothing(desk: Desk) -> None:
    before = desk.group()
    assert desk.wish("failback")["changed"] is False
    assert desk.group() == before


def test_failback_before_the_router_has_failed_over_just_drops_the_pin(desk: Desk) -> None:
    desk.wish("failover")
    told = desk.wish("failback")
    assert (told["changed"], told["pin"], told["returning"]) == (True, None, None)
    assert desk.router_passes() == "dx"


def test_an_operators_failback_waits_for_no_damping(desk: Desk) -> None:
    desk.on("vpn", since=NOON - 900)
    desk.others.save_group(
        replace(desk.store.load_group("idc"), paths={"dx": PathMemory(flaps=Flaps(3000.0, NOON - 900, 3000.0))})
    )
    assert desk.wish("failback")["next"]["action"] == "move"


# --- every group


def test_a_star_means_every_group(desk: Desk) -> None:
    told = desk.wish("pause", "*")
    assert sorted(told) == ["idc", "private-a"]
    assert all(desk.group(name).pause is not None for name in told)
    assert all(one["changed"] for one in desk.wish("resume", "*").values())
    assert not any(one["changed"] for one in desk.wish("resume", "*").values())


def test_law_11_one_broken_group_does_not_keep_the_others_from_being_paused(desk: Desk) -> None:
    desk.table.place({"pk": {"S": "GROUP"}, "sk": {"S": "idc"}, "version": {"S": "seven"}})
    answer = desk.ask("pause", group="*", by="mia", reason="line work")
    assert answer["ok"] is False
    assert list(answer["groups"]) == ["private-a"]
    assert answer["error"]["message"].startswith("not every group was changed: idc: ")
    assert desk.group("private-a").pause is not None


# --- history


def some_history(desk: Desk) -> None:
    for number, at in ((1, NOON - 300), (2, NOON - 100)):
        done = Transition(
            f"idc-{number}", "idc", TransitionKind.FAILOVER, "dx", "vpn", "dx is UNHEALTHY", at,
            first_loss_at=at - 2.3, verdict_at=at - 0.1, applied_at=at + 0.4,
            changes=(RouteChange("tgw-rtb-1 pl-1", "none", "tgw-attach-1"),),
        )  # fmt: skip
        desk.others.record(desk.others.load_group("idc"), done)
    event = RestartEvent(
        "nat-1", "nat", "nat-a", "i-00000000", NOON - 200, RestartOutcome.BEGUN, "attempt 1", Action.STOP
    )
    desk.others.save_restart(desk.others.load_restart("nat"), event)


def test_history_is_newest_first_over_routes_and_restarts(desk: Desk) -> None:
    some_history(desk)
    assert [line["id"] for line in desk.ask("history")["events"]] == ["idc-2", "nat-1", "idc-1"]
    assert [line["id"] for line in desk.ask("history", limit=1)["events"]] == ["idc-2"]
    assert [line["id"] for line in desk.ask("history", group="idc")["events"]] == ["idc-2", "idc-1"]
    assert [line["id"] for line in desk.ask("history", restart_group="nat")["events"]] == ["nat-1"]
    assert desk.ask("history", group="private-a")["events"] == []


def pages(desk: Desk, **asked: object) -> list[list[str]]:
    """The IDs on each page, read until no answer says where to go on."""
    found: list[list[str]] = []
    while len(found) < 20:
        answer = desk.ask("history", **asked)
        found.append([line["id"] for line in answer["events"]])
        if "next" not in answer:
            break
        asked["before"] = answer["next"]
    return found


def test_history_is_read_page_by_page_over_routes_and_restarts(desk: Desk) -> None:
    some_history(desk)
    assert pages(desk) == [["idc-2", "nat-1", "idc-1"]]
    assert pages(desk, limit=3) == [["idc-2", "nat-1", "idc-1"]]
    assert pages(desk, limit=2) == [["idc-2", "nat-1"], ["idc-1"]]
    assert pages(desk, limit=1) == [["idc-2"], ["nat-1"], ["idc-1"]]
    assert pages(desk, limit=1, group="idc") == [["idc-2"], ["idc-1"]]
    assert pages(desk, restart_group="nat", limit=1) == [["nat-1"]]


def test_what_happened_at_the_same_moment_is_on_one_page_or_the_next_and_never_lost(desk: Desk) -> None:
    for number in range(5):
        done = Transition(f"idc-{number}", "idc", TransitionKind.DRIFT, "dx", "dx", "r", NOON + number // 3 * 0.000_1)
        desk.others.record(desk.others.load_group("idc"), done)
    event = RestartEvent("nat-1", "nat", "nat-a", "i-00000000", NOON, RestartOutcome.BEGUN, "r", Action.STOP)
    desk.others.save_restart(desk.others.load_restart("nat"), event)
    read = [name for page in pages(desk, limit=2) for name in page]
    assert read == ["idc-4", "idc-3", "nat-1", "idc-2", "idc-1", "idc-0"]


def test_history_can_be_read_from_any_moment_on(desk: Desk) -> None:
    some_history(desk)
    assert pages(desk, before="2026-01-01T12:58:20+01:00") == [["nat-1", "idc-1"]]  # 100 s before noon, as idc-2 is
    assert pages(desk, before="2025-01-01T00:00:00Z") == [[]]


def test_law_7_a_line_of_history_says_what_was_seen_decided_and_changed_and_how_fast(desk: Desk) -> None:
    some_history(desk)
    line = desk.ask("history", group="idc")["events"][0]
    assert (line["kind"], line["from"], line["to"], line["reason"]) == ("failover", "dx", "vpn", "dx is UNHEALTHY")
    assert (line["detection_seconds"], line["steering_seconds"]) == (2.2, 0.5)
    assert line["changes"] == [{"resource": "tgw-rtb-1 pl-1", "before": "none", "after": "tgw-attach-1", "error": None}]
    restart = desk.ask("history", restart_group="nat")["events"][0]
    assert (restart["outcome"], restart["action"]) == ("begun", "stop")
