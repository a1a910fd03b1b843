"""Whether a story has ended right: everything where it should be, in history and told; an outage alarmed and borne."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from lab.simulator.every.stories import Story
from lab.simulator.laws.court import Court
from lab.simulator.laws.raw import number, part, parts, text
from lab.simulator.laws.rest import ALARMING, CHANNELS
from lab.simulator.simulation import Simulation
from lab.simulator.strikes import EC2, Call
from routekeeper.store.codec import Item
from routekeeper.store.items import restart_key
from routekeeper.telemetry.measurements import Metric

RESTART_OUTCOMES: Final = ("begun", "recovered")
REFUSED: Final = "EC2 does not stop it"
"""What history says of a restart that EC2 does not allow, at once or at each attempt: it is given up, and told."""
GIVEN_UP_OUTCOMES: Final = ("begun", "failed")
OWED_OUTCOMES: Final = ("begun", "not-started", "runs-again")
"""What history says of a restart whose start EC2 refuses for longer than an instance may take to boot."""
MOST_PER_MINUTE: Final = {"monitor": 200}
"""How often an operation that is refused for good may be asked for within a minute. Of a monitor there may be three
invocations at once, each of which asks every second: until it has the lease, nobody may be watching."""
MOST_OF_OTHERS: Final = 60
CHANGING: Final = ("Create", "Replace", "Modify", "Delete")
"""How the operations begin that change routes."""
UNFELT: Final = ("save_pass",)
"""What nothing depends on: that a function has passed is shown by `status` with its age, and needs no alarm."""


@dataclass(frozen=True, slots=True)
class Ending:
    simulation: Simulation
    story: Story
    alarms: Sequence[float]
    """When an invocation failed, or a person was told that something did."""

    def hold_to_story(self, refused: Call | None) -> None:
        """`refused`: what was refused for good."""
        for name, way in self.story.ways.items():
            if not (self.story.mended and _changes_routes(refused) and self._is_at_home(name)):
                self._hold_to_place(name, way[-1])
                self._hold_to_history(name, way)
        for target in self.story.restarted:
            self._hold_to_restart(target)
        if self.story.engaged:
            ledger = self.simulation.brakes.ledger
            held = ledger is not None and number(ledger, "engaged_at") > 0
            self.court.hold(12, "the story ends right", held, "the brake has not engaged")

    def hold_to_outage(self, call: Call, hits: Sequence[float], seconds: float) -> None:
        """People hear of what lasts, and nobody asks in vain without a pause."""
        began, told = hits[0], f"{call} was refused for {seconds:.0f} s, {len(hits)} times"
        emitted = self.simulation.rest.emitted_at
        alarmed = [emitted.get((metric, ""), 0.0) for metric in ALARMING] + [*self.alarms]
        heard = any(began <= at for at in alarmed) or call.operation in UNFELT
        self.court.hold(3, "an outage is alarmed", heard or len(hits) < 2, told)
        if _changes_routes(call):
            events = [event for name in self.story.ways for event in self._events(f"EVENT#{name}")]
            said = any("refusal" in change["M"] for event in events for change in parts(event, "changes"))
            self.court.hold(7, "an outage is in history", said, told)
        busiest = max(sum(at <= other < at + 60.0 for other in hits) for at in hits)
        story = f"{told}; {busiest} of them within a minute"
        most = MOST_PER_MINUTE.get(call.function, MOST_OF_OTHERS)
        self.court.hold(10, "what is refused is not asked for without a pause", busiest <= most, story)

    @property
    def court(self) -> Court:
        return self.simulation.court

    def _is_at_home(self, name: str) -> bool:
        group = self.simulation.plan.configuration.groups[name]
        home = group.paths[0].name
        return self.simulation.world.path_of(group) == text(self.simulation.world.table.group(name), "path") == home

    def _hold_to_place(self, name: str, path: str) -> None:
        world = self.simulation.world
        held, really = world.table.group(name), world.path_of(world.plan.configuration.groups[name])
        desired = text(held, "path")
        told = f"{name} should be on {path}; its routes are on {really}, and {desired} is desired"
        self.court.hold(10, "the story ends right", really == desired == path, told)
        pending = text(part(held, "pending"), "id")
        self.court.hold(10, "the story ends right", pending is None, f"{pending} is still pending")
        left = parts(held, "unannounced")
        self.court.hold(7, "the story is told", not left, f"{name} has {len(left)} transitions to tell")

    def _hold_to_history(self, name: str, way: Sequence[str]) -> None:
        """The groups's events lead over these paths in this order, and whatever EC2 has done is in one of them."""
        events = self._events(f"EVENT#{name}")
        paths = [text(event, "to_path") for event in events]
        told = f"{name} should have gone over {', '.join(way)}; its history has {paths}"
        self.court.hold(7, "the story is in history", _leads_over(paths, way), told)
        kinds = {text(event, "kind") for event in events}
        wanted = self.story.kinds.get(name, ())
        self.court.hold(7, "the story is in history", kinds.issuperset(wanted), f"{name} has {kinds} in its history")
        untold = {f"{text(event, 'id')} {channel}" for event in events for channel in CHANNELS} - self._announced
        self.court.hold(7, "the story is told", not untold, f"nobody was told of {sorted(untold)}")
        for resource, hop in self._changed(name).items():
            well = any(_says(event, resource, hop) for event in events)
            self.court.hold(
                7, "the story is in history", well, f"{name}: no event says that {resource} was led to {hop}"
            )

    def _hold_to_restart(self, target: str) -> None:
        simulation = self.simulation
        rule = simulation.plan.configuration.targets[target]
        assert rule.restart is not None
        assert rule.instance is not None
        held = simulation.world.table.get(restart_key(rule.restart.group))
        active = text(part(held, "active"), "phase")
        self.court.hold(10, "the story ends right", active is None, f"the restart of {target} is still {active}")
        machine = simulation.world.ec2.machines[rule.instance]
        events = self._events(f"EVENT#RESTART#{rule.restart.group}")
        given_up = any(one.get("S") == target for one in parts(held, "given_up"))
        never = given_up and any(REFUSED in (text(event, "reason") or "") for event in events)
        well = machine.state == "running" and (never or not machine.hung)
        told = f"{rule.instance} is {machine.state}, and {'hangs' if machine.hung else 'does not hang'}"
        self.court.hold(8, "the story ends right", well, told)
        outcomes = [text(event, "outcome") for event in events]
        told = f"the history of {target} has {outcomes}"
        owed = OWED_OUTCOMES[1] in outcomes
        wanted = GIVEN_UP_OUTCOMES if never else OWED_OUTCOMES if owed else RESTART_OUTCOMES
        self.court.hold(7, "the story is in history", _leads_over(outcomes, wanted), told)
        failed_at = max([simulation.rest.emitted_at.get((Metric.TELLING_FAILURES, ""), 0.0), *self.alarms])
        news = [event for event in events if text(event, "outcome") in wanted]
        untold = {
            f"{text(event, 'id')} {channel}"
            for event in news
            if number(event, "at") > failed_at
            for channel in CHANNELS
        } - self._announced
        self.court.hold(7, "the story is told", not untold, f"nobody was told of {sorted(untold)}, nor of a failure")

    @property
    def _announced(self) -> set[str]:
        return self.simulation.rest.announced

    def _events(self, pk: str) -> list[Item]:
        return self.simulation.world.table.query(pk)

    def _changed(self, name: str) -> dict[str, str]:
        """What EC2 was last told about each resource of the group."""
        resources = self.simulation.world.resources(self.simulation.plan.configuration.groups[name])
        return {one: hop for one, hop in self.simulation.led_to.items() if one in resources}


def _changes_routes(call: Call | None) -> bool:
    return call is not None and call.service == EC2.name and call.operation.startswith(CHANGING)


def _leads_over(found: Sequence[str | None], wanted: Sequence[str]) -> bool:
    """Whether all that is wanted is there in its order, with whatever else between."""
    rest = iter(found)
    return all(any(one == other for other in rest) for one in wanted)


def _says(event: Item, resource: str, hop: str) -> bool:
    changes = [change["M"] for change in parts(event, "changes")]
    return any(
        text(change, "resource") == resource and text(change, "after") == hop and "refusal" not in change
        for change in changes
    )
