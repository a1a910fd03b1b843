"""The operator on a table in memory: what people ask for, what they are told, what is stored."""

from dataclasses import replace
from typing import Any

import pytest

from lab.memory_store import MemoryStore, MemoryTable
from routekeeper.config import from_document
from routekeeper.domain.brake import Counted, Ledger
from routekeeper.domain.damping import Flaps
from routekeeper.domain.deciding import decide
from routekeeper.domain.decision import Move
from routekeeper.domain.errors import StoreError, VersionConflict
from routekeeper.domain.group_state import GroupState, RouteChange, Transition, TransitionKind
from routekeeper.domain.health import Health, TargetHealth
from routekeeper.domain.lease import Lease
from routekeeper.domain.path_memory import PathMemory
from routekeeper.domain.remembering import moved
from routekeeper.domain.restart import Action, Active, Phase, RestartOutcome, RestartState
from routekeeper.domain.restart_event import RestartEvent
from routekeeper.domain.settings import Configuration
from routekeeper.domain.signals import maintenance, state_change
from routekeeper.domain.vantage import Vantage
from routekeeper.domain.view import View
from routekeeper.operator import Caller, Operator
from routekeeper.operator.scene import scene
from routekeeper.store.items import brake_key
from routekeeper.store.writes import Key

UP, DOWN, NO_IDEA = Health.HEALTHY, Health.UNHEALTHY, Health.UNKNOWN
NOON = 1_767_268_800.0  # 2026-01-01T12:00:00Z
Json = dict[str, Any]


def configuration() -> Configuration:
    probe = {"type": "tcp", "host": "10.0.0.1", "port": 22}
    restart = {"after": "60s", "stop_timeout": "120s", "attempts": 3, "per": "24h", "group": "nat"}
    nats = {
        name: {"instance": f"i-0000000{place}", "probes": [probe], "restart": restart}
        for place, name in enumerate(("nat-a", "nat-b"))
    }
    attachment = "tgw-attach-00000001"
    idc = {
        "steering": {"type": "tgw-prefix-list", "route_table": "tgw-rtb-00000001", "prefix_list": "pl-00000001"},
        "paths": [
            {"name": "dx", "target": "dx-router"},
            {"name": "vpn", "target": "vpn-host", "attachment": attachment},
        ],
        "failback": {"mode": "auto", "after": "60s"},
    }
    private = {
        "steering": {"type": "vpc-route", "route_tables": ["rtb-00000001"], "destination": "0.0.0.0/0"},
        "paths": [
            {"name": "nat-a", "target": "nat-a", "instance": "i-00000000"},
            {"name": "nat-b", "target": "nat-b", "instance": "i-00000001"},
        ],
        "failback": {
            "mode": "window",
            "damping": "off",
            "time_zone": "Europe/Berlin",
            "windows": [{"days": ["sat", "sun"], "from": "23:00", "to": "05:00"}],
        },
    }
    targets = {"dx-router": {"probes": [probe]}, "vpn-host": {"probes": [probe]}, **nats}
    return from_document({"version": 1, "targets": targets, "groups": {"idc": idc, "private-a": private}})


class Desk:
    """The operator, a clock that stands still until told, and what the other functions would have written."""

    def __init__(self) -> None:
        self.now = NOON
        self.table = MemoryTable()
        self.store = MemoryStore(self.table, writer="operator/test")
        self.others = MemoryStore(self.table, writer="router/test")
        self.configuration = configuration()
        self.operator = Operator(self.store, self.configuration, lambda: self.now)
        self.others.save_lease(Lease("a", owner="one", epoch=1, expires_at=NOON + 60))
        self.healths(dx=UP, vpn=UP)
        self.on("dx")

    def healths(self, vantage: str = "a", *, dx: Health, vpn: Health, since: float = NOON - 3600) -> None:
        held = {
            target: TargetHealth(health=health, since=since, reason=f"it looks {health.value}")
            for target, health in {"dx-router": dx, "vpn-host": vpn, "nat-a": UP, "nat-b": UP}.items()
        }
        self.others.save_vantage(Vantage(vantage, 1, self.now - 4.0, held))
        for target, health in held.items():
            self.others.save_health(vantage, 1, target, health)

    def on(self, path: str, group: str = "idc", since: float = NOON - 600) -> None:
        state = self.others.load_group(group)
        self.others.save_group(GroupState(group, state.version, path, since, "it was so"))

    def router_passes(self, group: str = "idc") -> str | None:
        """What the router would save, the routes being where they should be."""
        state = self.others.load_group(group)
        seen = scene(self.configuration, self.others.load_board(), self.others.load_signals(), self.now)
        decision = decide(View(self.configuration.groups[group], state, seen.verdicts, self.now, None))
        if isinstance(decision, Move):
            state = self.others.save_group(moved(state, decision, self.now))
        return state.path

    def ask(self, action: str, **fields: object) -> Json:
        return self.operator.answer({"action": action, **fields})

    def wish(self, action: str, group: str = "idc", **fields: object) -> Json:
        """A changing request by somebody for some reason, that must be granted."""
        answer = self.ask(action, group=group, by="mia", reason="line work", **fields)
        assert answer["ok"] is True, answer
        told: Json = answer["groups"][group] if group != "*" else answer["groups"]
        return told

    def refused(self, action: str, **fields: object) -> tuple[str, str]:
        """The field at fault and the message; nothing may have been written."""
        before = self.table.writes
        answer = self.ask(action, **{"group": "idc", "by": "mia", "reason": "line work", **fields})
        assert answer["ok"] is False, answer
        assert self.table.writes == before, "a refused request changes nothing"
        return answer["error"]["field"], answer["error"]["message"]

    def group(self, name: str = "idc") -> GroupState:
        return self.others.load_group(name)


@pytest.fixture
def desk() -> Desk:
    return Desk()


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


# --- pin, unpin, pause, resume


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


# --- the record


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


def test_looking_writes_nothing(desk: Desk) -> None:
    before = desk.table.writes
    desk.ask("status")
    desk.ask("history")
    assert desk.table.writes == before


# --- status


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


def test_an_operators_failback_waits_for_no_damping(desk: Desk) -> None:
    desk.on("vpn", since=NOON - 900)
    desk.others.save_group(
        replace(desk.store.load_group("idc"), paths={"dx": PathMemory(flaps=Flaps(3000.0, NOON - 900, 3000.0))})
    )
    assert desk.wish("failback")["next"]["action"] == "move"


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


def test_status_of_one_group_shows_that_one(desk: Desk) -> None:
    assert list(desk.ask("status", group="idc")["groups"]) == ["idc"]


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


def test_law_7_a_line_of_history_says_what_was_seen_decided_and_changed_and_how_fast(desk: Desk) -> None:
    some_history(desk)
    line = desk.ask("history", group="idc")["events"][0]
    assert (line["kind"], line["from"], line["to"], line["reason"]) == ("failover", "dx", "vpn", "dx is UNHEALTHY")
    assert (line["detection_seconds"], line["steering_seconds"]) == (2.2, 0.5)
    assert line["changes"] == [{"resource": "tgw-rtb-1 pl-1", "before": "none", "after": "tgw-attach-1", "error": None}]
    restart = desk.ask("history", restart_group="nat")["events"][0]
    assert (restart["outcome"], restart["action"]) == ("begun", "stop")


def test_the_operator_writes_groups_and_the_brake_only(desk: Desk) -> None:
    engaged(desk)
    before = len(desk.table.writes)
    desk.wish("failover")
    desk.wish("failback")
    acknowledge(desk)
    keys = [key for write in desk.table.writes[before:] for key in write.keys]
    assert keys == [Key("GROUP", "idc")] * 2 + [Key("BRAKE", "deployment")]


# --- the brake


def engaged(desk: Desk) -> None:
    """The limit of two groups was reached a minute ago."""
    moves = tuple(Counted(f"idc-{number}", NOON - 60 - number) for number in range(11, -1, -1))
    desk.others.save_brake(replace(desk.others.load_brake(), moves=moves, engaged_at=NOON - 60))


def acknowledge(desk: Desk) -> Json:
    answer = desk.ask("acknowledge", by="mia", reason="the line is quiet")
    assert answer["ok"] is True, answer
    return answer


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
