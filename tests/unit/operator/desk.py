"""The desk of an operator: a table in memory, what other functions would have written, a clock that stands still."""

from dataclasses import replace
from typing import Any

from lab.memory_store import MemoryStore, MemoryTable
from routekeeper.config import from_document
from routekeeper.domain.brake import Counted
from routekeeper.domain.deciding import decide
from routekeeper.domain.decision import Move
from routekeeper.domain.group_state import GroupState
from routekeeper.domain.health import Health, TargetHealth
from routekeeper.domain.lease import Lease
from routekeeper.domain.remembering import moved
from routekeeper.domain.settings import Configuration
from routekeeper.domain.vantage import Vantage
from routekeeper.domain.view import View
from routekeeper.operator import Operator
from routekeeper.operator.scene import scene

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
        self.store = MemoryStore(self.table, writer="operator/test", clock=lambda: self.now)
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


def engaged(desk: Desk) -> None:
    """The limit of two groups was reached a minute ago."""
    moves = tuple(Counted(f"idc-{number}", NOON - 60 - number) for number in range(11, -1, -1))
    desk.others.save_brake(replace(desk.others.load_brake(), moves=moves, engaged_at=NOON - 60))


def acknowledge(desk: Desk) -> Json:
    answer = desk.ask("acknowledge", by="mia", reason="the line is quiet")
    assert answer["ok"] is True, answer
    return answer
