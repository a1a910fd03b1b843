"""Laws 3 and 7: what history says, whom news reaches, and what raises an alarm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from lab.simulator import functions, store
from lab.simulator.mutants.mutant import Mutant, Swap
from routekeeper.domain import deciding
from routekeeper.domain.decision import Stay
from routekeeper.domain.group_state import Channel
from routekeeper.domain.refusal import Refusal
from routekeeper.router import carrying_out, group_pass
from routekeeper.router.scope import Scope
from routekeeper.telemetry.measurements import Measurement, Metric


def _recorded(otherwise: Callable[[Any], Any]) -> tuple[Swap, ...]:
    """With each transition changed on its way into history."""

    def mutated(self: Any, state: Any, transition: Any) -> Any:
        return before(self, state, otherwise(transition))

    before = store.PassedStore.record
    return ((store.PassedStore, "record", mutated),)


def _changes(**otherwise: Any) -> tuple[Swap, ...]:
    return _recorded(lambda t: replace(t, changes=tuple(replace(change, **otherwise) for change in t.changes)))


def _where_from_is_forgotten() -> tuple[Swap, ...]:
    return _recorded(lambda transition: replace(transition, from_path=transition.to_path))


def _what_was_is_forgotten() -> tuple[Swap, ...]:
    return _changes(before="none")


def _what_is_done_has_failed() -> tuple[Swap, ...]:
    return _changes(refusal=Refusal("NotChanged", "not changed"))


def _when_is_forgotten() -> tuple[Swap, ...]:
    return _recorded(lambda transition: replace(transition, applied_at=None))


def _one_channel_will_do() -> tuple[Swap, ...]:
    def mutated(self: Any, transition: Any, channel: Channel) -> None:
        if channel is not Channel.TOPIC:
            before(self, transition, channel)

    before = functions._People.transition
    return ((functions._People, "transition", mutated),)


def _alarms_go_without_metrics() -> tuple[Swap, ...]:
    def mutated(self: Any, metric: Metric, value: float) -> None:
        self.dependencies.emit(Measurement(metric, value, {"group": self.group.name}))

    return ((Scope, "emit", mutated),)


def _not_knowing_is_well() -> tuple[Swap, ...]:
    def mutated(view: Any) -> Any:
        found = before(view)
        return replace(found, stranded=False) if isinstance(found, Stay) and "UNKNOWN" in found.reason else found

    before = deciding.decide
    return ((group_pass, "decide", mutated), (carrying_out, "decide", mutated))


MUTANTS: Final = (
    Mutant("alarms-go-without-metrics", 3, "only each group's metric is written", _alarms_go_without_metrics),
    Mutant(
        "not-knowing-is-well", 3, "no alarm if a path is UNKNOWN and none HEALTHY", _not_knowing_is_well, bitten_by=8
    ),
    Mutant("where-from-is-forgotten", 7, "history names another path as left", _where_from_is_forgotten),
    Mutant("what-was-is-forgotten", 7, "history names other next hops as left", _what_was_is_forgotten),
    Mutant("what-is-done-has-failed", 7, "history calls changes failed", _what_is_done_has_failed),
    Mutant("when-is-forgotten", 7, "history does not say when", _when_is_forgotten),
    Mutant("one-channel-will-do", 7, "nobody gets mail", _one_channel_will_do),
)
