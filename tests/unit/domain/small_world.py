"""A small world for decisions: a group with the paths dx, vpn and lte, and what is known of them at one moment."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from routekeeper.domain.damping import Damping
from routekeeper.domain.deciding import decide
from routekeeper.domain.decision import Decision, Move
from routekeeper.domain.flaps import Flaps
from routekeeper.domain.group_state import Asker, GroupState, Pin
from routekeeper.domain.health import Health
from routekeeper.domain.path_memory import PathMemory
from routekeeper.domain.quorum import Verdict
from routekeeper.domain.routes import Actual
from routekeeper.domain.settings import FailbackMode, FailbackPolicy, Group, Path
from routekeeper.domain.steering import VpcRoute
from routekeeper.domain.verdicts import Verdicts
from routekeeper.domain.view import View
from routekeeper.domain.windows import Window, Windows

UP, DOWN, NO_IDEA = Health.HEALTHY, Health.UNHEALTHY, Health.UNKNOWN
NOW = 1000.0
HOLD_DOWN = 60.0
NAMES = ("dx", "vpn", "lte")
ASKED = Asker("mia", NOW - 10.0, "line work")


def group(*names: str, mode: FailbackMode = FailbackMode.AUTO, after: float = HOLD_DOWN) -> Group:
    paths = tuple(Path(name, target=f"{name}-target") for name in names or NAMES[:2])
    return Group("idc", (VpcRoute(("rtb-1",), "0.0.0.0/0"),), paths, FailbackPolicy(mode, after))


def told(since: float = 0.0, **health: Health) -> dict[str, Verdict]:
    return {
        f"{name}-target": Verdict(
            one, f"{name} was {one.value}", since, first_loss_at=since - 2 if one is DOWN else None
        )
        for name, one in health.items()
    }


def on(path: str | None, since: float = 0.0) -> GroupState:
    return GroupState("idc", 7, path, since)


def choose(
    state: GroupState,
    verdicts: dict[str, Verdict],
    *,
    of: Group | None = None,
    actual: Actual | None = None,
    now: float = NOW,
) -> Decision:
    there = actual if actual is not None else (Actual(state.path) if state.path is not None else None)
    return decide(View(of or group(), state, Verdicts(verdicts), now, there))


def to(decision: Decision) -> str | None:
    return decision.to if isinstance(decision, Move) else None


def pinned(path: str, *, until: float = NOW + 60, forced: bool = False) -> Pin:
    return Pin(path, until, ASKED, forced)


def flapped(path: str = "dx", *, until: float = NOW + 600) -> dict[str, PathMemory]:
    """Flaps that suppress the path until a moment, with the standard settings."""
    rule = Damping()
    penalty = 2400.0
    at = until - rule.half_life_seconds * math.log2(penalty / rule.reuse)
    return {path: PathMemory(flaps=Flaps(penalty, at, penalty))}


def opening(at: float) -> Windows:
    """A window of half an hour that opens at this instant, every day."""
    opens = datetime.fromtimestamp(at, UTC)
    return Windows(UTC, (Window(opens.time(), (opens + timedelta(minutes=30)).time()),))


def windowed(at: float) -> Group:
    return replace(group(), failback=FailbackPolicy(FailbackMode.WINDOW, HOLD_DOWN, windows=opening(at)))
