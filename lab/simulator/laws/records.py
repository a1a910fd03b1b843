"""Law 7 for whether a line of history is there: one for each transition that was begun or carried out, whole."""

from __future__ import annotations

from dataclasses import dataclass, field

from lab.simulator.invocation import Invocation
from lab.simulator.laws.court import Court
from lab.simulator.laws.history import History
from lab.simulator.laws.raw import number, parts, text
from lab.simulator.world import World
from routekeeper.store.codec import Item


@dataclass(slots=True)
class Records:
    world: World
    court: Court
    history: History
    owed: dict[str, dict[str, float]] = field(default_factory=dict)
    """By group: transitions that were begun or carried out and must get into history, and since when."""
    recorded: dict[str, dict[str, Item]] = field(default_factory=dict)
    """By group and transition: what stands in history."""

    def owe(self, group: str, transition: str) -> None:
        """The transition must get into history from now on, if it need not before."""
        self.owed.setdefault(group, {}).setdefault(transition, self.world.kernel.now)

    def on_event(self, pk: str, new: Item, invocation: Invocation | None) -> None:
        """An event was written: for the first time, and with all that it must say."""
        name, identifier = pk.removeprefix("EVENT#"), text(new, "id") or ""
        known = self.recorded.setdefault(name, {})
        self.court.hold(7, "one event a change", identifier not in known, f"{identifier} is in history twice")
        known[identifier] = new
        self.owed.get(name, {}).pop(identifier, None)
        self.world.tell(name, f"history: {text(new, 'kind')} to {text(new, 'to_path')}: {text(new, 'reason')}")
        whole = bool(text(new, "reason") and text(new, "to_path") and text(new, "kind") and number(new, "decided_at"))
        self.court.hold(7, "history says why", whole, f"{identifier} does not")
        if invocation is None:
            return
        told = {text(entry.get("M"), "resource") for entry in parts(new, "changes")}
        missing = invocation.changed.get(identifier, set()) - told
        self.court.hold(7, "history says what", not missing, f"{identifier} leaves out {missing}")
        self.history.judge(self.world.plan.configuration.groups[name], new, self.world.drifted_ago(name))
