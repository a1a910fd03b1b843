"""One run of a story with one failure: who is struck, what people do about it, and whether the story ends right."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from lab.simulator.every.aim import Aim
from lab.simulator.every.stories import STORIES, Story
from lab.simulator.full_watch import FullWatch
from lab.simulator.invocation import Invocation
from lab.simulator.kernel import START
from lab.simulator.laws.ending import Ending
from lab.simulator.simulation import Outcome, Simulation, Tell
from lab.simulator.strikes import Call, Failure

OUTAGE_SECONDS: Final = 300.0
"""How long an operation is refused for good before somebody gives it back."""
AFTERWARDS_SECONDS: Final = 600.0
"""How much longer such a run is: what slows down may take its time."""
ASK_AGAIN_SECONDS: Final = 20.0
ASKED_AT_MOST: Final = 30


@dataclass(slots=True)
class Marksman:
    """Counts the calls of a story, and strikes where he aims."""

    simulation: Simulation
    story: Story
    aim: Aim | None
    calls: list[Call] = field(default_factory=list)
    struck: Call | None = None
    hits: list[float] = field(default_factory=list)
    """When calls were struck."""
    errors: list[float] = field(default_factory=list)
    """When an invocation ended with an error: there are alarms on these."""

    def strike(self, call: Call) -> Failure | None:
        now = self.simulation.kernel.now
        if self.story.since <= now - START <= self.story.until:
            self.calls.append(call)
        aim = self.aim
        if aim is None:
            return None
        if self.struck is None and len(self.calls) == aim.number:
            self.struck = call
            self.simulation.world.tell("failure", f"{aim.failure.value} befalls call {aim.number}: {call}")
            if aim.for_good:
                self._withhold()
        elif not aim.for_good or call != self.struck or now > self.hits[0] + OUTAGE_SECONDS:
            return None
        self.hits.append(now)
        return aim.failure

    def _withhold(self) -> None:
        world = self.simulation.world
        concerned = ("*", *world.ec2.machines)
        world.ec2.faults.withheld.update(dict.fromkeys(concerned, 1.0))

        def give_back() -> None:
            world.tell("failure", "the operation is given back")
            world.ec2.faults.withheld.clear()
            world.troubled.update(dict.fromkeys(concerned, self.simulation.kernel.now))

        self.simulation.kernel.at(self.simulation.kernel.now + OUTAGE_SECONDS, give_back, planned=True)

    def ended(self, invocation: Invocation) -> None:
        if invocation.died is not None:
            self.errors.append(self.simulation.kernel.now)


@dataclass(slots=True)
class Person:
    """Asks the operator, and asks again if it fails or refuses."""

    simulation: Simulation
    refusals: list[float] = field(default_factory=list)
    """When it was told to have failed."""
    asked: int = 0

    def ask(self, payload: dict[str, object]) -> None:
        self.asked += 1

        def ended(well: bool) -> None:
            if not well:
                self._refused(payload)

        self.simulation.functions.invoke("operator", payload, ended)

    def answered(self, payload: dict[str, object], answer: dict[str, Any]) -> None:
        if not answer["ok"]:
            self._refused(payload)

    def _refused(self, payload: dict[str, object]) -> None:
        kernel = self.simulation.kernel
        self.refusals.append(kernel.now)
        if self.asked < ASKED_AT_MOST:
            kernel.after(ASK_AGAIN_SECONDS, lambda: self.ask(payload))


@dataclass(slots=True)
class Stage:
    """A story set up, with everybody in place."""

    simulation: Simulation
    marksman: Marksman
    person: Person

    def play(self) -> Outcome:
        return self.simulation.run()


def staged(story: str, aim: Aim | None = None, tell: Tell | None = None) -> Stage:
    """Raises ValueError where there is no such story."""
    if story not in STORIES:
        raise ValueError(f"there is no story {story!r}; there are {', '.join(STORIES)}")
    told = STORIES[story]
    plan = told.plan(OUTAGE_SECONDS + AFTERWARDS_SECONDS if aim is not None and aim.for_good else 0.0)
    simulation = Simulation(plan, tell)
    marksman, person = Marksman(simulation, told, aim), Person(simulation)
    simulation.world.strike = marksman.strike
    simulation.world.on_ask = person.ask
    simulation.functions.hooks.ended = marksman.ended
    simulation.functions.hooks.answered = person.answered

    def end() -> None:
        watches = [watch for watch in simulation.watches.values() if isinstance(watch, FullWatch)]
        alarms = [*marksman.errors, *person.refusals, *(at for watch in watches for at in watch.failures)]
        ending = Ending(simulation, told, alarms)
        ending.hold_to_story(marksman.struck if aim is not None and aim.for_good else None)
        if aim is None:
            return
        if marksman.struck is None:
            raise ValueError(f"{story} has no call {aim.number}")
        if aim.for_good:
            ending.hold_to_outage(marksman.struck, marksman.hits, OUTAGE_SECONDS)

    simulation.kernel.at(START + plan.seconds - 1.0, end, planned=True)
    return Stage(simulation, marksman, person)
