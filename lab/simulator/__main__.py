"""`python -m lab.simulator simulate|hunt|every|prove|digests|laws`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from functools import partial
from typing import Final

from rich.console import Console

from lab.simulator import hunt as hunting
from lab.simulator.crew import Crew
from lab.simulator.digests import digests
from lab.simulator.draw import draw
from lab.simulator.every.aim import Aim
from lab.simulator.every.report import every
from lab.simulator.every.runs import Part, aims, some
from lab.simulator.every.stage import staged
from lab.simulator.every.stories import STORIES
from lab.simulator.laws.index import table as laws
from lab.simulator.mutants import MUTANTS
from lab.simulator.prove import prove
from lab.simulator.scenarios import SCENARIOS
from lab.simulator.shrink import Cut
from lab.simulator.simulation import Simulation
from lab.simulator.timeline import show


class Piped(Console):
    """A console that says so when nobody reads it any more. Its base class ends the process as if a law was broken."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


CONSOLE = Piped(highlight=False, soft_wrap=True)
EXAMPLE: Final = "4713:keep=2,5"
FAILING: Final = "failover:9:timed-out-after"


def main(arguments: list[str] | None = None) -> int:
    """0 where every law held, 1 where one was broken or nothing was run, 2 where the question makes no sense.

    130 after Ctrl-C, 141 where nobody reads the output any more.
    """
    parser = argparse.ArgumentParser(prog="python -m lab.simulator", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("simulate", help="play a scenario, a seed that a hunt has printed, or a call that fails")
    one.add_argument("scenario", nargs="?", default="list")
    many = commands.add_parser("hunt", help="play seeds until a law is broken")
    many.add_argument("--seconds", type=float, default=60.0)
    many.add_argument("--first", type=int, default=0, help="the first seed")
    many.add_argument("--workers", type=int, default=None, help="processes; as many as there are cores")
    for command in (one, many):
        command.add_argument("--strict", action="store_true", help="hold it also to what it is known not to keep")
    calls = commands.add_parser("every", help="play stories again for each call in them, and each way it can fail")
    calls.add_argument("stories", nargs="*", metavar="STORY", help=f"without any, all: {', '.join(STORIES)}")
    calls.add_argument("--part", default="1/1", help="the k-th of n parts: 1/4, say")
    calls.add_argument("--some", action="store_true", help="of calls that are alike only the first")
    calls.add_argument("--workers", type=int, default=None, help="processes; as many as there are cores")
    bugs = commands.add_parser("prove", help="put bugs in and see how soon the hunter finds them")
    bugs.add_argument("--seconds", type=float, default=180.0, help="for each bug, at most")
    bugs.add_argument("bugs", nargs="*", metavar="BUG", help="their names; without any, all of them")
    commands.add_parser("digests", help="print the digests of 52 worlds, to be compared before and after a change")
    commands.add_parser("laws", help="print which checks hold each law, as docs/hunting.md shows them")
    chosen = parser.parse_args(arguments)
    try:
        code = _run(chosen)
        sys.stdout.flush()
    except KeyboardInterrupt:
        CONSOLE.print("interrupted")
        return 130
    except BrokenPipeError:  # what is left in the buffer would fail again at exit ("Note on SIGPIPE", module `signal`)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    return code


def _run(chosen: argparse.Namespace) -> int:
    match chosen.command:
        case "simulate":
            return _simulate(chosen.scenario, strict=chosen.strict)
        case "hunt":
            return _hunt(chosen.seconds, chosen.first, chosen.workers, strict=chosen.strict)
        case "every":
            return _every(tuple(chosen.stories) or tuple(STORIES), chosen.part, chosen.workers, whole=not chosen.some)
        case "digests":
            for line in digests():
                print(line)
            return 0
        case "laws":
            print(laws())
            return 0
        case _:
            return _prove(chosen.seconds, tuple(chosen.bugs))


def _prove(seconds: float, names: tuple[str, ...]) -> int:
    strange = sorted(set(names) - {mutant.name for mutant in MUTANTS})
    if strange:
        CONSOLE.print(f"[red]there is no bug {', '.join(strange)}; docs/hunting.md lists them[/]")
        return 2
    return 0 if prove(CONSOLE, seconds, names) else 1


def _every(stories: tuple[str, ...], part: str, workers: int | None, *, whole: bool) -> int:
    strange = sorted(set(stories) - set(STORIES))
    if strange:
        CONSOLE.print(f"[red]there is no story {', '.join(strange)}; there are {', '.join(STORIES)}[/]")
        return 2
    try:
        chosen = Part.parse(part)
    except ValueError as error:
        CONSOLE.print(f"[red]{error}[/]")
        return 2
    return 0 if every(CONSOLE, stories, aims if whole else some, chosen, workers) else 1


def _simulate(name: str, *, strict: bool) -> int:
    if name.partition(":")[0] in STORIES:
        return _strike(name)
    if name in SCENARIOS:
        plan = SCENARIOS[name].plan()
    else:
        try:
            cut = Cut.parse(name)
            plan = cut.of(draw(cut.seed))
        except ValueError as error:
            if name != "list":
                CONSOLE.print(f"[red]{name} is neither a scenario nor a seed as a hunt prints it: {error}[/]")
            for known, scenario in SCENARIOS.items():
                CONSOLE.print(f"  [cyan]{known:22}[/] {scenario.story}")
            CONSOLE.print(f"  or a seed, as a hunt prints it: 4711, {EXAMPLE}")
            CONSOLE.print(f"  or a story and a call of it that fails, as `every` prints it: {FAILING}")
            return 0 if name == "list" else 2
    return show(partial(Simulation, strict=strict), plan, CONSOLE)


def _strike(name: str) -> int:
    story, _, struck = name.partition(":")
    try:
        aim = Aim.parse(name) if struck else None
    except ValueError as error:
        CONSOLE.print(f"[red]{name}: {error}[/]")
        return 2
    longer = staged(story, aim).simulation.plan
    return show(lambda _, tell: staged(story, aim, tell).simulation, longer, CONSOLE)


def _hunt(seconds: float, first: int, workers: int | None, *, strict: bool) -> int:
    began = time.monotonic()
    play = partial(hunting.play, strict=strict)
    tally, finds = hunting.hunt(Crew(play, first, workers or os.cpu_count() or 1, began + seconds), CONSOLE)
    CONSOLE.print(hunting.table(tally, time.monotonic() - began))
    for found in finds:
        CONSOLE.print(f"[red]{found}[/]")
        CONSOLE.print(f"watch it: make simulate SCENARIO={found.cut}")
    if not tally.runs:
        CONSOLE.print(f"[red]nothing was run: {seconds:g} s were over before the processes were up[/]")
    return 0 if tally.runs and not finds else 1


if __name__ == "__main__":
    sys.exit(main())
