"""Laws 4, 7, 12, 13 and 14: what EC2 refuses for good, and what it shows late or as a blackhole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from lab.simulator.mutants.mutant import Mutant, Swap, always
from routekeeper.domain import barring, deciding, ladder, path_health, view
from routekeeper.domain.decision import Move
from routekeeper.domain.group_state import TransitionKind
from routekeeper.domain.health import Health
from routekeeper.domain.routes import Traffic
from routekeeper.operator import operator
from routekeeper.router import transitions
from routekeeper.router.braking import Braking
from routekeeper.router.group_pass import GroupPass
from routekeeper.router.recording import Recording

DAY_SECONDS: Final = 86_400.0


# --- bars


def _nothing_is_barred() -> tuple[Swap, ...]:
    return ((barring, "why_barred", always(None)),)


def _bars_do_not_slow_down() -> tuple[Swap, ...]:
    def mutated(known: Any, refusal: Any, now: float) -> float:
        del known
        return before(None, refusal, now)

    before = barring._pause
    return ((barring, "_pause", mutated),)


def _bars_last_a_day() -> tuple[Swap, ...]:
    return ((barring, "_pause", always(DAY_SECONDS)), (barring, "LONGEST_PAUSE_SECONDS", DAY_SECONDS))


def _traffic_is_moved_to_find_out() -> tuple[Swap, ...]:
    def mutated(view: Any, current: str) -> Any:
        for path in view.better(current):
            barred = view.state.memory(path.name).bar is not None
            if barred and view.health[path.name].health is Health.HEALTHY:
                return Move(path.name, TransitionKind.FAILBACK, "its bar is over", brakable=True)
        return before(view, current)

    before = ladder._return
    return ((ladder, "_return", mutated),)


def _bars_are_not_heeded() -> tuple[Swap, ...]:
    return ((barring.Bar, "holds", always(False)),)


def _one_route_bars_the_path() -> tuple[Swap, ...]:
    def mutated(refusals: Any, *, moves: bool, none_taken: bool) -> Any:
        final = next((refusal for refusal in refusals if refusal.final), None)
        return final if moves and final is not None else before(refusals, moves=moves, none_taken=none_taken)

    before = barring.why_barred
    return ((barring, "why_barred", mutated),)


def _acknowledging_lifts_no_bar() -> tuple[Swap, ...]:
    def mutated(state: Any, asked: Any) -> Any:
        del asked
        return state

    return ((operator, "without_bars", mutated),)


# --- what could not begin


def _what_could_not_begin_stays_pending() -> tuple[Swap, ...]:
    def mutated(state: Any, pending: Any, *what: Any) -> Any:
        *_, bar, _now = what
        return replace(transitions.barred(state, pending.to_path, bar), worker=None)

    return ((transitions, "withdrawn", mutated),)


def _refusals_are_no_history() -> tuple[Swap, ...]:
    def mutated(self: Any, state: Any, *what: Any) -> None:
        del what
        self.scope.save(state)

    return ((Recording, "_withdraw", mutated),)


def _what_has_recovered_is_left() -> tuple[Swap, ...]:
    def mutated(view: Any, actual: Any) -> Any:
        why = before(view, actual)
        return None if why is not None and why.endswith("is HEALTHY again") else why

    before = deciding._why_not_begin
    return ((deciding, "_why_not_begin", mutated),)


def _slots_are_not_given_back() -> tuple[Swap, ...]:
    return ((Braking, "give_back_slot", always(None)),)


# --- what the routes show


def _blackholes(otherwise: Callable[[Any, Any], Any]) -> tuple[Swap, ...]:
    """With other blackholes counted: `otherwise` says which, of a state and of what the routes say."""

    def mutated(group: Any, state: Any, verdicts: Any, actual: Any, now: float) -> Any:
        return before(group, state, verdicts, actual if actual is None else otherwise(state, actual), now)

    before = path_health.health_of_paths
    return ((view, "health_of_paths", mutated),)


def _one_route_is_no_blackhole() -> tuple[Swap, ...]:
    return _blackholes(lambda _, actual: replace(actual, blackholes=actual.blackholes & {actual.path}))


def _what_is_not_desired_is_no_blackhole() -> tuple[Swap, ...]:
    return _blackholes(lambda state, actual: replace(actual, blackholes=actual.blackholes & {state.path}))


def _stale_reads_are_drift() -> tuple[Swap, ...]:
    return ((GroupPass, "_wait_out_stale_reads", always(None)),)


def _traffic_is_where_it_should_be() -> tuple[Swap, ...]:
    def mutated(state: Any, group: Any, routes: Any, now: float) -> Any:
        seen = before(state, group, routes, now)
        return seen if seen.path is None else replace(seen, traffic=Traffic((seen.path,)))

    before = transitions.with_routes
    return ((transitions, "with_routes", mutated),)


MUTANTS: Final = (
    Mutant(
        "one-route-is-no-blackhole",
        4,
        "a path is a blackhole only if all routes are",
        _one_route_is_no_blackhole,
        bitten_by=5,
    ),
    Mutant(
        "what-is-not-desired-is-no-blackhole",
        4,
        "blackholes count on the desired path only",
        _what_is_not_desired_is_no_blackhole,
        bitten_by=20,
    ),
    Mutant(
        "what-has-recovered-is-left",
        4,
        "a move that had to wait begins although its origin is HEALTHY again",
        _what_has_recovered_is_left,
        bitten_by=365,
    ),
    Mutant(
        "refusals-are-no-history", 7, "a refusal of EC2's is no line of history", _refusals_are_no_history, bitten_by=27
    ),
    Mutant(
        "stale-reads-are-drift",
        7,
        "what is read soon after a change is taken as it is",
        _stale_reads_are_drift,
        bitten_by=206,
    ),
    Mutant(
        "slots-are-not-given-back",
        12,
        "a return that could not begin keeps its slot",
        _slots_are_not_given_back,
        bitten_by=340,
    ),
    Mutant(
        "nothing-is-barred",
        13,
        "a refusal of EC2's bars nothing",
        _nothing_is_barred,
        bitten_by=27,
    ),
    Mutant(
        "bars-are-not-heeded",
        13,
        "a barred path counts as any other",
        _bars_are_not_heeded,
        bitten_by=27,
    ),
    Mutant(
        "bars-do-not-slow-down", 13, "the pause before the next try never grows", _bars_do_not_slow_down, bitten_by=27
    ),
    Mutant(
        "bars-last-a-day",
        13,
        "the next try is a day away",
        _bars_last_a_day,
        bitten_by=27,
    ),
    Mutant(
        "traffic-is-moved-to-find-out",
        13,
        "a path is returned to once its bar is over",
        _traffic_is_moved_to_find_out,
        bitten_by=73,
    ),
    Mutant(
        "one-route-bars-the-path", 13, "a refusal of one route bars the path", _one_route_bars_the_path, bitten_by=58
    ),
    Mutant(
        "acknowledging-lifts-no-bar", 13, "an acknowledgement lifts no bar", _acknowledging_lifts_no_bar, bitten_by=27
    ),
    Mutant(
        "what-could-not-begin-stays-pending",
        14,
        "the desired path stays the one that EC2 has refused",
        _what_could_not_begin_stays_pending,
        bitten_by=48,
    ),
    Mutant(
        "traffic-is-where-it-should-be",
        14,
        "the desired path is stored as where traffic is",
        _traffic_is_where_it_should_be,
        bitten_by=73,
    ),
)
