"""Does the hunter bite? Each mutant in turn, and how long it lives."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass

from rich.console import Console

from lab.simulator.hunt import find, outcomes
from lab.simulator.laws.court import Violation
from lab.simulator.mutants import MUTANTS, Mutant, alive


@dataclass(frozen=True, slots=True)
class Catch:
    seconds: float
    """Of the processor, on one core: the same on a busy machine."""
    runs: int
    violation: Violation | None
    error: str | None = None

    @property
    def caught(self) -> bool:
        return self.violation is not None or self.error is not None


def catch(mutant: Mutant, seconds: float, first: int = 0) -> Catch:
    """Hunt with the mutant alive until it is caught, at most so many of the processor's seconds, on this core alone."""
    began = time.process_time()
    runs = 0
    with alive(mutant):
        for cut, outcome in outcomes(itertools.count(first)):
            runs += 1
            found = find(cut, outcome)
            spent = time.process_time() - began
            if found is not None:
                return Catch(spent, runs, found.violation, found.error)
            if spent > seconds:
                return Catch(spent, runs, None)
    raise AssertionError("seeds do not run out")


def prove(console: Console, seconds: float, names: tuple[str, ...]) -> bool:
    """Print a table of mutants and catches, as docs/hunting.md has it; whether all were caught."""
    well = True
    console.print("| law | bug | what it does | found by | runs | seconds |\n| --- | --- | --- | --- | --- | --- |")
    for mutant in MUTANTS:
        if names and mutant.name not in names:
            continue
        caught = catch(mutant, seconds)
        well = well and caught.caught
        violation = caught.violation
        by = f"law {violation.law}, {violation.rule}" if violation else caught.error or "NOT FOUND"
        console.print(
            f"| {mutant.law} | {mutant.name} | {mutant.story} | {by} | {caught.runs} | {caught.seconds:.1f} |"
        )
    return well
