"""Bugs put in on purpose, to see that the hunter finds them: each law broken at least once. docs/hunting.md lists them.

A mutant is put in by replacing attributes of the loaded application, and taken out again; no file is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

from lab.simulator import pool, store
from routekeeper.domain import (
    brake,
    damping,
    grey,
    health,
    patients,
    quorum,
    restart,
    returning,
    routing,
    steering,
    vantage,
    windows,
)
from routekeeper.domain.group_state import GroupState
from routekeeper.domain.health import Health, observe
from routekeeper.domain.restart import Action
from routekeeper.domain.routing import Move, Stay
from routekeeper.instances import Ec2Instances
from routekeeper.measurements import Metric
from routekeeper.monitor import watcher
from routekeeper.monitor.tenure import Tenure
from routekeeper.operator.fields import Fields
from routekeeper.restarter import visit
from routekeeper.router import applying, group_pass, router
from routekeeper.router.braking import Braking
from routekeeper.router.group_pass import GroupPass
from routekeeper.steering.vpc_route import VpcRouteSteering
from routekeeper.store import items, writes

Swap = tuple[Any, str, Any]
"""Owner, attribute, and what stands there while the mutant lives."""


@dataclass(frozen=True, slots=True)
class Mutant:
    name: str
    law: int
    """The law that it breaks."""
    story: str
    swaps: Callable[[], tuple[Swap, ...]]
    bitten_by: int = 0
    """A seed that catches it soon, for those who cannot wait."""


@contextmanager
def alive(mutant: Mutant) -> Iterator[None]:
    swaps = mutant.swaps()
    before = [getattr(owner, name) for owner, name, _ in swaps]
    for owner, name, stand_in in swaps:
        setattr(owner, name, stand_in)
    try:
        yield
    finally:
        for (owner, name, _), found in zip(swaps, before, strict=True):
            setattr(owner, name, found)


def _always(answer: object) -> Callable[..., object]:
    def mutated(*asked: object) -> object:
        del asked
        return answer

    return mutated


# --- law 1


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


# --- laws 2 and 3


def _unknown_will_do() -> tuple[Swap, ...]:
    def mutated(group: Any, state: Any, health: Any, now: float) -> Any:
        able = {n: replace(v, health=Health.HEALTHY) if v.health is Health.UNKNOWN else v for n, v in health.items()}
        return before(group, state, health, now) or before(group, state, able, now)

    before = routing._best
    return ((routing, "_best", mutated),)


def _silent_when_stranded() -> tuple[Swap, ...]:
    def mutated(self: Any, metric: Metric, value: float) -> None:
        if metric is not Metric.NO_HEALTHY_PATH:
            before(self, metric, value)

    before = GroupPass._emit
    return ((GroupPass, "_emit", mutated),)


def _anywhere_but_here() -> tuple[Swap, ...]:
    def mutated(group: Any, current: Any, health: Any, best: Any, *, blackhole: bool) -> Any:
        found = before(group, current, health, best, blackhole=blackhole)
        if isinstance(found, Stay):
            other = next(path.name for path in group.paths if path.name != current)
            return Move(other, routing.TransitionKind.FAILOVER, "anything is better than this")
        return found

    before = routing._leave
    return ((routing, "_leave", mutated),)


def _drift_goes_anywhere() -> tuple[Swap, ...]:
    return ((group_pass, "left_alone", _always(())),)


# --- law 4


def _leaving_waits() -> tuple[Swap, ...]:
    def mutated(group: Any, state: Any, verdicts: Any, actual: Any, now: float) -> Any:
        found = before(group, state, verdicts, actual, now)
        if isinstance(found, Move) and now - state.since < 300 and found.asked is None and state.path is not None:
            return Stay("moved lately")
        return found

    before = routing.decide
    return ((group_pass, "decide", mutated),)


def _signals_are_ignored() -> tuple[Swap, ...]:
    def mutated(configuration: Any, verdicts: Any, *told: Any) -> Any:
        del configuration, told
        return verdicts

    return ((router, "judged", mutated),)


def _returning_does_not_wait() -> tuple[Swap, ...]:
    def mutated(group: Any, current: str, state: Any, health: Any, now: float) -> Any:
        return before(replace(group, failback=replace(group.failback, after_seconds=0.0)), current, state, health, now)

    before = routing._return
    return ((routing, "_return", mutated),)


def _flaps_are_forgiven() -> tuple[Swap, ...]:
    return ((returning, "reusable_at", _always(None)),)


def _damping_holds_on() -> tuple[Swap, ...]:
    def mutated(group: Any, state: Any, health: Any, now: float) -> Any:
        found = before(group, state, health, now)
        return None if found is not None and (returning.reusable_at(group, state, found) or now) > now else found

    before = routing._best
    return ((routing, "_best", mutated),)


def _flaps_never_fade() -> tuple[Swap, ...]:
    def mutated(self: Any, rule: Any) -> Any:
        return None if before(self, rule) is None else self.at + 30 * 86_400

    before = damping.Flaps.reusable_at
    return ((damping.Flaps, "reusable_at", mutated),)


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


# --- law 5


def _every_vantage_is_trusted() -> tuple[Swap, ...]:
    return ((quorum, "suspected_vantages", _always(frozenset())),)


# --- law 6


def _pauses_are_ignored() -> tuple[Swap, ...]:
    return ((GroupState, "paused_at", _always(None)),)


def _pins_get_lost() -> tuple[Swap, ...]:
    def mutated(state: Any, move: Any, now: float) -> Any:
        return replace(before(state, move, now), pin=None)

    before = routing.moved
    return ((group_pass, "moved", mutated),)


def _pins_last_for_ever() -> tuple[Swap, ...]:
    def mutated(self: Any, now: float, default: float) -> float:
        del self, default
        return now + 3650 * 86_400

    return ((Fields, "expiry", mutated),)


def _restarter_ignores_pauses() -> tuple[Swap, ...]:
    return ((patients, "_held", _always(None)),)


# --- law 7


def _history_is_forgotten() -> tuple[Swap, ...]:
    def mutated(self: Any, state: Any, transition: Any) -> Any:
        del transition
        return self.save_group(state)

    return ((store.PassedStore, "record", mutated),)


def _every_try_is_an_event() -> tuple[Swap, ...]:
    def mutated(self: Any, state: Any, transition: Any) -> Any:
        saved = before(self, state, transition)
        again = replace(transition, decided_at=transition.decided_at + 0.001)
        return before(self, replace(saved), again)

    before = store.PassedStore.record
    return ((store.PassedStore, "record", mutated),)


def _changes_before_commit() -> tuple[Swap, ...]:
    def mutated(self: Any, state: Any, routes: Any) -> Any:
        path = self.group.path(state.path) if state.path is not None else None
        todo = steering.differing(routes, path) if path is not None else ()
        if path is not None and state.pending is None and todo:
            applying.put_in_place(self.group, todo, path, self.means, self.deadline_at)
            return "drift put right"
        return before(self, state, routes)

    before = GroupPass._converge
    return ((GroupPass, "_converge", mutated),)


# --- law 8


def _traffic_does_not_matter() -> tuple[Swap, ...]:
    return ((patients, "_carries", _always(False)),)


def _attempts_are_not_counted() -> tuple[Swap, ...]:
    return ((restart, "_recent", _always(())),)


def _all_at_once() -> tuple[Swap, ...]:
    def mutated(state: Any, known: Any, now: float) -> Any:
        return before(replace(state, active=None), known, now)

    def decide(self: Any, state: Any, judged: Any) -> Any:
        found = mutated(state, self._patients(None, judged), self.means.clock())
        return found if not isinstance(found, restart.Wait) else decide_before(self, state, judged)

    before, decide_before = restart.begin, visit.Visit._decide
    return ((visit.Visit, "_decide", decide),)


# --- law 9


def _others_routes() -> tuple[Swap, ...]:
    def mutated(self: Any, table: str, destination: str, found: Any, next_hop: Any) -> None:
        before(self, table, destination, found, next_hop)
        self._ec2.replace_route(RouteTableId="rtb-others", DestinationCidrBlock=destination, NatGatewayId=next_hop.id)

    before = VpcRouteSteering._act
    return ((VpcRouteSteering, "_act", mutated),)


def _others_instances() -> tuple[Swap, ...]:
    def mutated(self: Any, instance: str, action: Action) -> None:
        before(self, "i-others" if action is Action.FORCE_STOP else instance, action)

    before = Ec2Instances._ask
    return ((Ec2Instances, "_ask", mutated),)


# --- law 10


def _the_dead_hold_their_claim() -> tuple[Swap, ...]:
    def mutated(self: Any) -> Any:
        state = self.means.store.load_group(self.group.name)
        if state.worker not in (None, self.worker):
            raise group_pass.Busy(f"group {self.group.name} is {state.worker}'s")
        return state, False

    return ((GroupPass, "_wait_for_turn", mutated),)


def _half_done_is_done() -> tuple[Swap, ...]:
    def mutated(self: Any, state: Any, routes: Any) -> Any:
        if state.pending is not None and state.worker != self.worker:
            return None
        return before(self, state, routes)

    before = GroupPass._converge
    return ((GroupPass, "_converge", mutated),)


def _leases_are_not_granted() -> tuple[Swap, ...]:
    async def mutated(self: Any) -> None:
        del self

    return ((Tenure, "grant", mutated),)


def _last_writer_wins() -> tuple[Swap, ...]:
    def mutated(condition: Any, stored: Any) -> bool:
        return isinstance(condition, writes.IfVersion) or before(condition, stored)

    before = writes.holds
    return ((writes, "holds", mutated),)


# --- law 11


def _one_group_after_another() -> tuple[Swap, ...]:
    def mutated(self: Any, function: Any, /, *arguments: Any) -> Any:
        promise = before(self, function, *arguments)
        self.kernel.join([promise.task])
        return promise

    before = pool.CooperativePool.submit
    return ((pool.CooperativePool, "submit", mutated),)


# --- law 12


def _the_brake_is_ignored() -> tuple[Swap, ...]:
    def mutated(ledger: Any, rule: Any, transition: str, now: float) -> Any:
        granted = before(replace(ledger, engaged_at=None), replace(rule, moves=1000), transition, now)
        return replace(granted, moves=granted.moves[-rule.moves :], engaged_at=ledger.engaged_at)

    before = brake.admit
    return ((brake, "admit", mutated),)


def _leaving_is_braked() -> tuple[Swap, ...]:
    def mutated(group: Any, current: Any, health: Any, best: Any, *, blackhole: bool) -> Any:
        found = before(group, current, health, best, blackhole=blackhole)
        return replace(found, brakable=True) if isinstance(found, Move) else found

    before = routing._leave
    return ((routing, "_leave", mutated),)


def _leaving_does_not_count() -> tuple[Swap, ...]:
    def mutated(self: Any, done: Any) -> frozenset[str]:
        del self
        return frozenset(one.id for one in done)

    return ((Braking, "count", mutated),)


def _the_brake_lets_go() -> tuple[Swap, ...]:
    def mutated(ledger: Any, rule: Any, transition: str, now: float) -> Any:
        if ledger.engaged_at is not None and len(ledger.recent(rule, now)) < rule.moves:
            ledger = replace(ledger, engaged_at=None)
        return before(ledger, rule, transition, now)

    before = brake.admit
    return ((brake, "admit", mutated),)


MUTANTS: Final = (
    Mutant("unsent-is-lost", 1, "a probe that could not be sent counts as a loss", _unsent_is_lost, bitten_by=4),
    Mutant("the-dead-vote", 1, "a vantage that is not run keeps its vote", _the_dead_vote, bitten_by=4),
    Mutant("four-are-ten", 1, "four losses make a verdict", _nine_are_ten, bitten_by=0),
    Mutant("unknown-is-loss", 1, "what could not be sent counts for the loss rate", _unknown_is_loss, bitten_by=4),
    Mutant("half-is-enough", 1, "half the evidence makes a verdict on loss or latency", _half_is_enough, bitten_by=1),
    Mutant("grey-goes-unseen", 1, "no verdict on loss or latency is ever made", _grey_goes_unseen, bitten_by=4),
    Mutant("grey-never-clears", 1, "no verdict on loss or latency is ever taken back", _grey_never_clears, bitten_by=1),
    Mutant(
        "answers-clear-grey", 1, "ten answers in a row take a verdict on loss back", _answers_clear_grey, bitten_by=1
    ),
    Mutant(
        "the-last-to-arrive-is-right",
        1,
        "a signal that is late overwrites a newer one",
        _the_last_to_arrive_is_right,
        bitten_by=5,
    ),
    Mutant("unknown-will-do", 2, "an UNHEALTHY path is left for one that is UNKNOWN", _unknown_will_do, bitten_by=16),
    Mutant("drift-goes-anywhere", 2, "drift is put right onto whatever is desired", _drift_goes_anywhere, bitten_by=41),
    Mutant("silent-when-stranded", 3, "no alarm where no path is HEALTHY", _silent_when_stranded, bitten_by=13),
    Mutant("anywhere-but-here", 3, "where no path is HEALTHY, any other is taken", _anywhere_but_here, bitten_by=1),
    Mutant(
        "leaving-waits", 4, "a group that has moved stays for five minutes, whatever comes", _leaving_waits, bitten_by=3
    ),
    Mutant("signals-are-ignored", 4, "nobody asks what AWS has said", _signals_are_ignored, bitten_by=2),
    Mutant("returning-does-not-wait", 4, "no hold-down before failback", _returning_does_not_wait, bitten_by=1),
    Mutant(
        "flaps-are-forgiven", 4, "a path is returned to however often it has failed", _flaps_are_forgiven, bitten_by=8
    ),
    Mutant(
        "damping-holds-on",
        4,
        "an UNHEALTHY path is not left for one that is suppressed",
        _damping_holds_on,
        bitten_by=28,
    ),
    Mutant("flaps-never-fade", 4, "whoever is suppressed stays so for a month", _flaps_never_fade, bitten_by=15),
    Mutant("windows-never-close", 4, "windows are open all the time", _windows_never_close, bitten_by=1),
    Mutant("windows-are-missed", 4, "nobody returns while a window is open", _windows_are_missed, bitten_by=15),
    Mutant(
        "every-vantage-is-trusted",
        5,
        "a vantage whose every target fails keeps its vote",
        _every_vantage_is_trusted,
        bitten_by=28,
    ),
    Mutant("pauses-are-ignored", 6, "nobody looks at pauses", _pauses_are_ignored, bitten_by=0),
    Mutant("pins-get-lost", 6, "a move forgets the pin that asked for it", _pins_get_lost, bitten_by=9),
    Mutant("pins-last-for-ever", 6, "a pin or a pause may last ten years", _pins_last_for_ever, bitten_by=0),
    Mutant(
        "restarter-ignores-pauses",
        6,
        "instances of paused groups are restarted",
        _restarter_ignores_pauses,
        bitten_by=34,
    ),
    Mutant(
        "history-is-forgotten",
        7,
        "the end of a transition is saved without its event",
        _history_is_forgotten,
        bitten_by=0,
    ),
    Mutant("every-try-is-an-event", 7, "a transition is recorded under two times", _every_try_is_an_event, bitten_by=0),
    Mutant("changes-before-commit", 7, "drift is put right without a transition", _changes_before_commit, bitten_by=0),
    Mutant(
        "traffic-does-not-matter",
        8,
        "instances are restarted while traffic goes through them",
        _traffic_does_not_matter,
        bitten_by=28,
    ),
    Mutant("attempts-are-not-counted", 8, "restarts are not limited", _attempts_are_not_counted, bitten_by=0),
    Mutant("all-at-once", 8, "a restart begins while another is under way", _all_at_once, bitten_by=0),
    Mutant("others-routes", 9, "a route table that is not configured is written, too", _others_routes, bitten_by=1),
    Mutant("others-instances", 9, "the wrong instance is stopped by force", _others_instances, bitten_by=5),
    Mutant(
        "the-dead-hold-their-claim",
        10,
        "the claim of an invocation that died never runs out",
        _the_dead_hold_their_claim,
        bitten_by=16,
    ),
    Mutant("half-done-is-done", 10, "nobody goes on with what a dead invocation left", _half_done_is_done, bitten_by=4),
    Mutant(
        "leases-are-not-granted",
        10,
        "a monitor leaves without handing its lease on",
        _leases_are_not_granted,
        bitten_by=7,
    ),
    Mutant("last-writer-wins", 10, "versions are not compared", _last_writer_wins, bitten_by=12),
    Mutant("one-group-after-another", 11, "groups wait for each other", _one_group_after_another, bitten_by=77),
    Mutant("the-brake-is-ignored", 12, "what can wait is moved beyond the limit", _the_brake_is_ignored, bitten_by=4),
    Mutant(
        "leaving-is-braked", 12, "the brake holds what leaves an UNHEALTHY path, too", _leaving_is_braked, bitten_by=33
    ),
    Mutant(
        "leaving-does-not-count", 12, "only what the brake may hold is counted", _leaving_does_not_count, bitten_by=8
    ),
    Mutant(
        "the-brake-lets-go", 12, "the brake releases itself once the moves are old", _the_brake_lets_go, bitten_by=38
    ),
)
