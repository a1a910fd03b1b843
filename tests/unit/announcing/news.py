"""One piece of news of each kind, as the router and the restarter would tell it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from routekeeper.domain.brake import Counted, Engagement
from routekeeper.domain.group_state import Asker, RouteChange, Transition, TransitionKind
from routekeeper.domain.refusal import About, Refusal
from routekeeper.domain.restart import Action, RestartOutcome
from routekeeper.domain.restart_event import RestartEvent
from routekeeper.domain.routes import Traffic

DEPLOYMENT: Final = "routekeeper-prod"
AT: Final = 1_795_168_985.0  # 2026-11-20T10:03:05Z

NO_INSTANCE: Final = Refusal(
    "InvalidInstanceID.NotFound",
    "replace_route rtb-0b0b0b0b 0.0.0.0/0: The instance ID 'i-0bbbbbbbb' does not exist",
    About.NEXT_HOP,
    final=True,
)
THROTTLED: Final = Refusal("RequestLimitExceeded", "EC2 throttled so many calls that this one had no turn")
CHANGED: Final = (
    RouteChange("rtb-0a0a0a0a 0.0.0.0/0", "i-0aaaaaaaa", "i-0bbbbbbbb"),
    RouteChange("rtb-0b0b0b0b 0.0.0.0/0", "i-0aaaaaaaa (blackhole)", "i-0bbbbbbbb"),
    RouteChange("rtb-0c0c0c0c 0.0.0.0/0", "none", "i-0bbbbbbbb"),
)
PARTLY: Final = (CHANGED[0], replace(CHANGED[1], refusal=NO_INSTANCE), CHANGED[2])
NOT_AT_ALL: Final = tuple(replace(change, refusal=THROTTLED) for change in CHANGED)

FAILOVER: Final = Transition(
    "private-a-41",
    "private-a",
    TransitionKind.FAILOVER,
    "nat-a",
    "nat-b",
    "nat-a is UNHEALTHY (2 of 2 vantages: a: 3 probes lost in a row; b: 3 probes lost in a row)",
    AT + 1.75,
    first_loss_at=AT,
    verdict_at=AT + 1.5,
    applied_at=AT + 2.31,
    changes=CHANGED,
    traffic=Traffic(("nat-b",)),
)
ASKER: Final = Asker("mia", AT - 2.0, "the carrier replaces the module tonight")
MANUAL: Final = Transition(
    "private-a-44",
    "private-a",
    TransitionKind.MANUAL,
    "nat-a",
    "nat-b",
    "asked by mia: the carrier replaces the module tonight",
    AT,
    applied_at=AT + 0.42,
    asked=ASKER,
    changes=CHANGED,
)
COMPLETION: Final = replace(
    FAILOVER,
    id="private-a-42",
    kind=TransitionKind.COMPLETION,
    reason=f"the rest of private-a-41: {FAILOVER.reason}",
    first_loss_at=None,
    verdict_at=None,
    decided_at=AT + 3.0,
    applied_at=AT + 63.0,
    changes=CHANGED[1:2],
)

TRANSITIONS: Final[Mapping[str, Transition]] = {
    "initial": Transition(
        "private-a-1",
        "private-a",
        TransitionKind.INITIAL,
        None,
        "nat-b",
        "the routes are on no single path of the group; nat-b is HEALTHY",
        AT,
        applied_at=AT + 0.5,
        changes=CHANGED,
    ),
    "failover": FAILOVER,
    "failover-partial": replace(FAILOVER, changes=PARTLY, traffic=Traffic(("nat-a", "nat-b"))),
    "failover-refused": replace(
        FAILOVER,
        applied_at=None,
        changes=tuple(replace(change, refusal=NO_INSTANCE) for change in CHANGED),
        traffic=Traffic(("nat-a",), astray=1),
    ),
    "failover-all-failed": replace(FAILOVER, changes=NOT_AT_ALL),
    "failover-none-left": replace(FAILOVER, changes=()),
    "failover-not-applied": replace(FAILOVER, applied_at=None, changes=NOT_AT_ALL),
    "failback": Transition(
        "private-a-43",
        "private-a",
        TransitionKind.FAILBACK,
        "nat-a",
        "nat-b",
        "nat-b has been HEALTHY for 600 s (2 of 2 vantages: a: answers; b: answers)",
        AT,
        applied_at=AT + 0.4,
        changes=CHANGED,
    ),
    "manual": MANUAL,
    "manual-identity": replace(
        MANUAL, asked=replace(ASKER, identity="arn:aws:sts::123456789012:assumed-role/operator/mia")
    ),
    "manual-forced": replace(MANUAL, forced=True),
    "manual-first": replace(MANUAL, from_path=None),
    "drift": Transition(
        "private-a-45",
        "private-a",
        TransitionKind.DRIFT,
        "nat-b",
        "nat-b",
        "somebody else changed the routes: rtb-0a0a0a0a 0.0.0.0/0 is on i-0aaaaaaaa",
        AT,
        applied_at=AT + 0.4,
        changes=CHANGED[:1],
    ),
    "completion": COMPLETION,
    "completion-partial": replace(COMPLETION, changes=PARTLY),
}

ENGAGEMENT: Final = Engagement(
    AT, 3, 3600.0, (Counted("private-a-39", AT - 600.0), Counted("private-b-7", AT - 30.5), Counted("private-a-41", AT))
)

BEGUN: Final = RestartEvent(
    "nat-12",
    "nat",
    "nat-a",
    "i-0aaaaaaaa",
    AT,
    RestartOutcome.BEGUN,
    "attempt 1 of 3: 2 of 2 vantages: a: 3 probes lost in a row; b: 3 probes lost in a row",
    Action.STOP,
)
_RESTARTS: Final[Mapping[RestartOutcome, str]] = {
    RestartOutcome.RECOVERED: "HEALTHY 74 s after the stop",
    RestartOutcome.FAILED: "still pending 300 s after its start",
    RestartOutcome.STUCK: "still stopping 120 s after a forced stop; no other of its group is restarted",
    RestartOutcome.GAVE_UP: "still UNHEALTHY after 3 restarts within 24 h: a: 3 probes lost in a row",
    RestartOutcome.NOT_STARTED: "still stopped 301 s after its start: StartInstances on i-0aaaaaaaa was refused: "
    "InsufficientInstanceCapacity: there is none; its start is asked for until it runs",
    RestartOutcome.RUNS_AGAIN: "i-0aaaaaaaa is running 1801 s after its restart had ended without it",
    RestartOutcome.ABANDONED: "nat-a on i-0aaaaaaaa is no longer configured; it is running",
}
RESTARTS: Final[Mapping[str, RestartEvent]] = {
    "restart-begun": BEGUN,
    **{
        f"restart-{outcome.value}": replace(BEGUN, outcome=outcome, reason=reason, action=None)
        for outcome, reason in _RESTARTS.items()
    },
}
