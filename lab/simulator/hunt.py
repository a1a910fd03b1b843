"""Seed after seed on every core, until a law is broken or the time is up."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from lab.simulator.crew import LOST, Crew, Play
from lab.simulator.draw import draw
from lab.simulator.laws.court import Violation
from lab.simulator.shrink import Cut, shrink
from lab.simulator.simulation import Outcome, Simulation

YEAR_MINUTES = 365.25 * 24 * 60


@dataclass(slots=True)
class Tally:
    """What a hunt has gone through."""

    runs: int = 0
    seconds: float = 0.0
    busy: float = 0.0
    """Seconds of these that were played step by step: the rest was calm, and left out."""
    moves: int = 0
    restarts: int = 0
    faults: int = 0
    invocations: int = 0
    checks: Counter[str] = field(default_factory=Counter)

    def add(self, outcome: Outcome) -> None:
        self.runs += 1
        self.seconds += outcome.seconds
        self.busy += outcome.seconds - outcome.leapt
        self.moves += outcome.moves
        self.restarts += outcome.restarts
        self.faults += outcome.faults
        self.invocations += outcome.invocations
        self.checks.update(outcome.checks)

    def __str__(self) -> str:
        return f"{self.runs} runs, {self.minutes / YEAR_MINUTES:.2f} years, {self.moves} moves, {self.faults} faults"

    @property
    def minutes(self) -> float:
        return self.seconds / 60


@dataclass(frozen=True, slots=True)
class Find:
    cut: Cut
    violation: Violation | None
    error: str | None = None

    def __str__(self) -> str:
        return f"seed {self.cut}: {self.violation or self.error}"


def outcomes(seeds: Iterator[int]) -> Iterator[tuple[Cut, Outcome]]:
    """Run seed after seed."""
    for seed in seeds:
        yield Cut(seed), play(Cut(seed))


def play(cut: Cut, *, strict: bool = False) -> Outcome:
    """Run one seed. That it cannot be drawn, or its world not be built, is an error of the outcome, too."""
    try:
        return Simulation(cut.of(draw(cut.seed)), strict=strict).run()
    except Exception as error:  # noqa: BLE001 - a hunter that cannot hunt is a find
        return Outcome.failed(error)


def find(cut: Cut, outcome: Outcome) -> Find | None:
    return None if outcome.fault is None else Find(cut, outcome.violation, outcome.error)


def hunt(crew: Crew, console: Console) -> tuple[Tally, list[Find]]:
    """Hunt for as long as the crew goes on; the finds are shrunk afterwards. Ends early on the first find.

    A run that raises, hangs or takes its process down is a find, too.
    """
    tally, found = Tally(), list[tuple[Cut, Outcome]]()
    began = time.monotonic()
    columns = (TextColumn("hunting"), BarColumn(), TimeElapsedColumn(), TextColumn("{task.fields[seen]}"))
    with crew, Progress(*columns, console=console, transient=not console.is_terminal) as progress:
        bar = progress.add_task("hunt", total=crew.until - began, seen="")
        for ended in crew.outcomes():
            if ended is not None:
                tally.add(ended[1])
                if ended[1].fault is not None:
                    found.append(ended)
                    break
            progress.update(bar, completed=min(time.monotonic(), crew.until) - began, seen=str(tally))
    return tally, [_shrunk(cut, outcome, crew.play, console) for cut, outcome in found]


def _shrunk(cut: Cut, outcome: Outcome, play: Play, console: Console) -> Find:
    if outcome.fault != LOST:
        with console.status(f"{outcome.fault}: making seed {cut} smaller"), suppress(Exception):
            cut, outcome = shrink(cut, draw(cut.seed), outcome, play)  # what cannot be drawn is as small as it gets
    return Find(cut, outcome.violation, outcome.error)


def table(tally: Tally, wall_seconds: float) -> Table:
    shown = Table(show_header=False, box=None)
    minutes = tally.minutes
    rows = {
        "runs": f"{tally.runs:,}",
        "simulated": f"{minutes:,.0f} minutes ({minutes / YEAR_MINUTES:.2f} years)",
        "played": f"{tally.busy / 60:,.0f} minutes of them step by step; the rest was calm",
        "a minute": f"{minutes / wall_seconds * 60:,.0f} minutes simulated, {tally.busy / wall_seconds:,.0f} played",
        "faults": f"{tally.faults:,}",
        "moves": f"{tally.moves:,}",
        "asked of instances": f"{tally.restarts:,}",
        "invocations": f"{tally.invocations:,}",
        "checks": f"{sum(tally.checks.values()):,}",
    }
    for name, value in rows.items():
        shown.add_row(name, value)
    return shown
