"""Values that the tests of the contract store."""

from __future__ import annotations

from typing import Any

from routekeeper.domain.brake import Counted, Ledger
from routekeeper.domain.group_state import Asker, Channel, GroupState, Pin, RouteChange, Transition, TransitionKind
from routekeeper.domain.health import Health, TargetHealth
from routekeeper.domain.restart import Action, Active, Phase, RestartOutcome, RestartState
from routekeeper.domain.restart_event import RestartEvent
from routekeeper.domain.signals import state_change

NOW = 1_790_000_000.25
DOWN = TargetHealth(Health.UNHEALTHY, NOW, "10 failures in a row", failures=10, first_loss_at=NOW - 2.125)
UP = TargetHealth(Health.HEALTHY, NOW, "10 answers in a row", successes=10, answered_at=NOW)
STOPPING = state_change("i-0a", "stopping", NOW, "event 1")
ASKED = Asker("ada", NOW, "maintenance of the line", identity="arn:aws:iam::123456789012:user/ada")
PINNED = GroupState("idc", path="dx", since=NOW, reason="the routes are on dx", pin=Pin("dx", NOW + 3600, ASKED))
RESTARTING = RestartState(
    "nat",
    active=Active("nat-a", "i-0a", Phase.STOPPING, NOW, NOW, 1),
    attempts={"nat-a": (NOW - 7200.5, NOW)},
    given_up=frozenset({"nat-b"}),
)
ENGAGED = Ledger(
    moves=(Counted("idc-7", NOW - 60.5), Counted("idc-9", NOW)),
    engaged_at=NOW,
    acknowledged=ASKED,
    untold=(Channel.EVENTS,),
    teller="router/1",
    teller_until=NOW + 60,
)


def transition(number: int, *, group: str = "idc", at: float | None = None, **more: Any) -> Transition:
    return Transition(
        id=f"{group}-{number}",
        group=group,
        kind=TransitionKind.FAILOVER,
        from_path="dx",
        to_path="vpn",
        reason="dx is UNHEALTHY",
        decided_at=NOW + number if at is None else at,
        verdict_at=NOW,
        changes=(RouteChange("tgw-rtb-0d pl-0d", "none", "tgw-attach-0f"),),
        **more,
    )


def restart_event(number: int, *, at: float | None = None) -> RestartEvent:
    moment = NOW + number if at is None else at
    return RestartEvent(
        f"nat-{number}", "nat", "nat-a", "i-0a", moment, RestartOutcome.BEGUN, "it is dead", Action.STOP
    )
