"""Law 4: leaving does not wait, returning does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from lab.simulator.mutants.mutant import Mutant, Swap, always
from routekeeper.domain import (
    deciding,
    flaps,
    ladder,
    remembering,
    returning,
    windows,
)
from routekeeper.domain.decision import Move, Stay
from routekeeper.domain.group_state import TransitionKind
from routekeeper.domain.health import Health
from routekeeper.domain.verdicts import Verdicts
from routekeeper.router import carrying_out, evidence, group_pass


def _leaving_waits() -> tuple[Swap, ...]:
    def mutated(view: Any) -> Any:
        found, state = before(view), view.state
        if isinstance(found, Move) and view.now - state.since < 300 and found.asked is None and state.path is not None:
            return Stay("moved lately")
        return found

    before = deciding.decide
    return ((group_pass, "decide", mutated), (carrying_out, "decide", mutated))


def _signals_are_ignored() -> tuple[Swap, ...]:
    def mutated(configuration: Any, verdicts: Any, *told: Any) -> Any:
        del configuration, told
        return Verdicts(verdicts)

    return ((evidence, "with_signals", mutated),)


def _returning_does_not_wait() -> tuple[Swap, ...]:
    def mutated(view: Any, current: str) -> Any:
        at_once = replace(view.group.failback, after_seconds=0.0)
        return before(replace(view, group=replace(view.group, failback=at_once)), current)

    before = ladder._return
    return ((ladder, "_return", mutated),)


def _flaps_are_forgiven() -> tuple[Swap, ...]:
    return ((returning, "reusable_at", always(None)),)


def _damping_holds_on() -> tuple[Swap, ...]:
    def mutated(view: Any) -> Any:
        found = before(view)
        if found is None or (returning.reusable_at(view.group, view.state, found) or view.now) <= view.now:
            return found
        return None

    before = ladder._best
    return ((ladder, "_best", mutated),)


def _flaps_never_fade() -> tuple[Swap, ...]:
    def mutated(self: Any, rule: Any) -> Any:
        return None if before(self, rule) is None else self.at + 30 * 86_400

    before = flaps.Flaps.reusable_at
    return ((flaps.Flaps, "reusable_at", mutated),)


def _windows_never_close() -> tuple[Swap, ...]:
    def mutated(self: Any, at: float) -> float:
        del self
        return at

    return ((windows.Windows, "open_at", mutated),)


def _windows_are_missed() -> tuple[Swap, ...]:
    def mutated(self: Any, at: float) -> float:
        return before(self, at + 300.0)

    before = windows.Windows.open_at
    return ((windows.Windows, "open_at", mutated),)


def _any_move_leaves_a_blackhole() -> tuple[Swap, ...]:
    def mutated(state: Any, move: Any, now: float) -> Any:
        return before(state, replace(move, blackhole=move.kind is TransitionKind.FAILOVER), now)

    before = remembering.moved
    return ((group_pass, "moved", mutated),)


def _brief_flaps_do_not_count() -> tuple[Swap, ...]:
    def mutated(view: Any) -> Any:
        now, told = view.now, view.verdicts.targets
        long = {name: v for name, v in told.items() if now - (v.since or now) > 75 or v.health is Health.HEALTHY}
        return before(replace(view, verdicts=Verdicts(long)))

    before = remembering.counted
    return ((group_pass, "counted", mutated),)


MUTANTS: Final = (
    Mutant(
        "any-move-leaves-a-blackhole",
        4,
        "every path that is left counts as a blackhole",
        _any_move_leaves_a_blackhole,
        bitten_by=1,
    ),
    Mutant("brief-flaps-do-not-count", 4, "a failure of a minute is no flap", _brief_flaps_do_not_count),
    Mutant(
        "leaving-waits", 4, "a group that has moved stays for five minutes, whatever comes", _leaving_waits, bitten_by=3
    ),
    Mutant("signals-are-ignored", 4, "nobody asks what AWS has said", _signals_are_ignored, bitten_by=2),
    Mutant("returning-does-not-wait", 4, "no hold-down before failback", _returning_does_not_wait, bitten_by=2),
    Mutant(
        "flaps-are-forgiven",
        4,
        "traffic returns to a path however often it has failed",
        _flaps_are_forgiven,
        bitten_by=8,
    ),
    Mutant(
        "damping-holds-on",
        4,
        "traffic does not leave an UNHEALTHY path for a suppressed one",
        _damping_holds_on,
        bitten_by=8,
    ),
    Mutant("flaps-never-fade", 4, "a suppressed path stays suppressed for a month", _flaps_never_fade, bitten_by=15),
    Mutant("windows-never-close", 4, "windows are open all the time", _windows_never_close, bitten_by=37),
    Mutant(
        "windows-are-missed", 4, "traffic does not return while a window is open", _windows_are_missed, bitten_by=15
    ),
)
