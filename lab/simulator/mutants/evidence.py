"""Laws 1, 2, 3 and 5: what counts as evidence, and what may be done on it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from lab.simulator import store
from lab.simulator.mutants.mutant import Mutant, Swap, always
from routekeeper.domain import (
    grey,
    health,
    ladder,
    quorum,
    vantage,
)
from routekeeper.domain.decision import Move, Stay
from routekeeper.domain.group_state import TransitionKind
from routekeeper.domain.health import Health, observe
from routekeeper.domain.quorum import Verdict
from routekeeper.monitor import watcher
from routekeeper.router import group_pass
from routekeeper.router.scope import Scope
from routekeeper.store import items, writes
from routekeeper.telemetry.measurements import Metric


def _unsent_is_lost() -> tuple[Swap, ...]:
    def mutated(state: Any, seen: Any, rule: Any) -> Any:
        lost = replace(seen, health=Health.UNHEALTHY) if seen.health is Health.UNKNOWN else seen
        return observe(state, lost, rule)

    return ((watcher, "observe", mutated),)


def _the_dead_vote() -> tuple[Swap, ...]:
    def mutated(self: Any, *when: float) -> Any:
        del when
        return {name: self.health.get(name, {}) for name in self.vantages}

    return ((vantage.Board, "fresh", mutated),)


def _nine_are_ten() -> tuple[Swap, ...]:
    def mutated(state: Any, seen: Any, rule: Any) -> Any:
        return observe(state, seen, replace(rule, unhealthy_threshold=4, unhealthy_for_seconds=0.2))

    return ((watcher, "observe", mutated),)


def _unknown_is_loss() -> tuple[Swap, ...]:
    def mutated(state: Any, seen: Any, rule: Any) -> Any:
        if seen.health is Health.UNKNOWN and rule.loss is not None:
            return health._weigh_loss(state, replace(seen, health=Health.UNHEALTHY), rule, rule.loss)
        return observe(state, seen, rule)

    return ((watcher, "observe", mutated),)


def _half_is_enough() -> tuple[Swap, ...]:
    def mutated(*asked: Any) -> Any:
        standard = before(*asked)
        alarm = replace(standard.alarm, threshold=standard.alarm.threshold // 2)
        return replace(standard, alarm=alarm)

    before = grey.loss_standard
    return ((grey, "loss_standard", mutated),)


def _grey_goes_unseen() -> tuple[Swap, ...]:
    def mutated(tally: Any, standard: Any, **outcome: Any) -> Any:
        after, turn = before(tally, standard, **outcome)
        return (after, turn) if turn is None or not turn.raised else (grey.Tally(), None)

    before = grey.tally_up
    return ((grey, "tally_up", mutated),)


def _grey_never_clears() -> tuple[Swap, ...]:
    def mutated(tally: Any, standard: Any, **outcome: Any) -> Any:
        return (tally, None) if tally.raised else before(tally, standard, **outcome)

    before = grey.tally_up
    return ((grey, "tally_up", mutated),)


def _answers_clear_grey() -> tuple[Swap, ...]:
    return ((health.TargetHealth, "grey", False),)


def _the_last_to_arrive_is_right() -> tuple[Swap, ...]:
    def mutated(self: Any, signal: Any) -> bool:
        self._put("save_signal", [writes.Put(items.signal_item(signal), writes.IfEpochAtMost(10**15))])
        return True

    return ((store.PassedStore, "save_signal", mutated),)


def _unknown_will_do() -> tuple[Swap, ...]:
    able = Verdict(Health.HEALTHY, "UNKNOWN will do", since=0.0)

    def mutated(view: Any) -> Any:
        seen = replace(view)
        health = {name: able if told.health is Health.UNKNOWN else told for name, told in view.health.items()}
        object.__setattr__(seen, "health", health)
        return before(view) or before(seen)

    before = ladder._best
    return ((ladder, "_best", mutated),)


def _drift_goes_anywhere() -> tuple[Swap, ...]:
    return ((group_pass, "left_alone", always(())),)


def _silent_when_stranded() -> tuple[Swap, ...]:
    def mutated(self: Any, metric: Metric, value: float) -> None:
        if metric is not Metric.NO_HEALTHY_PATH:
            before(self, metric, value)

    before = Scope.emit
    return ((Scope, "emit", mutated),)


def _anywhere_but_here() -> tuple[Swap, ...]:
    def mutated(view: Any, current: Any, best: Any) -> Any:
        found = before(view, current, best)
        if isinstance(found, Stay):
            other = next(path.name for path in view.group.paths if path.name != current)
            return Move(other, TransitionKind.FAILOVER, "anything is better than this")
        return found

    before = ladder._leave
    return ((ladder, "_leave", mutated),)


def _every_vantage_is_trusted() -> tuple[Swap, ...]:
    return ((quorum, "suspected_vantages", always(frozenset())),)


MUTANTS: Final = (
    Mutant("unsent-is-lost", 1, "a probe that could not be sent counts as a loss", _unsent_is_lost, bitten_by=6),
    Mutant("the-dead-vote", 1, "a vantage that is not run keeps its vote", _the_dead_vote, bitten_by=10),
    Mutant("four-are-ten", 1, "four losses make a verdict", _nine_are_ten, bitten_by=0),
    Mutant(
        "unknown-is-loss", 1, "a probe that could not be sent counts for the loss rate", _unknown_is_loss, bitten_by=9
    ),
    Mutant("half-is-enough", 1, "half the evidence makes a verdict on loss or latency", _half_is_enough, bitten_by=2),
    Mutant("grey-goes-unseen", 1, "no verdict on loss or latency is ever made", _grey_goes_unseen, bitten_by=8),
    Mutant("grey-never-clears", 1, "no verdict on loss or latency is ever taken back", _grey_never_clears, bitten_by=2),
    Mutant(
        "answers-clear-grey", 1, "ten answers in a row take a verdict on loss back", _answers_clear_grey, bitten_by=2
    ),
    Mutant(
        "the-last-to-arrive-is-right",
        1,
        "a signal that is late overwrites a newer one",
        _the_last_to_arrive_is_right,
        bitten_by=2,
    ),
    Mutant("unknown-will-do", 2, "traffic leaves an UNHEALTHY path for an UNKNOWN one", _unknown_will_do, bitten_by=19),
    Mutant("drift-goes-anywhere", 2, "drift is put right onto whatever is desired", _drift_goes_anywhere, bitten_by=98),
    Mutant("silent-when-stranded", 3, "no alarm if no path is HEALTHY", _silent_when_stranded, bitten_by=8),
    Mutant("anywhere-but-here", 3, "if no path is HEALTHY, any other is taken", _anywhere_but_here, bitten_by=2),
    Mutant(
        "every-vantage-is-trusted",
        5,
        "a vantage whose every target fails keeps its vote",
        _every_vantage_is_trusted,
        bitten_by=34,
    ),
)
