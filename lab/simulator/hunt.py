"""Seed after seed on every core, until a law is broken or the time is up."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.queues import Queue

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

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


def outcomes(seeds: Iterator[int], *, strict: bool = False) -> Iterator[tuple[Cut, Outcome]]:
    """Run seed after seed."""
    for seed in seeds:
        yield Cut(seed), Simulation(draw(seed), strict=strict).run()


def find(cut: Cut, outcome: Outcome) -> Find | None:
    if outcome.error is not None:
        return Find(cut, None, f"{type(outcome.error).__name__}: {outcome.error}")
    return Find(cut, outcome.violation) if outcome.violation is not None else None


def _work(first: int, step: int, until: float, strict: bool, results: Queue[tuple[Cut, Outcome]]) -> None:
    number = first
    while time.monotonic() < until:
        for cut, outcome in outcomes(iter((number,)), strict=strict):
            if outcome.error is not None:
                outcome.error = RuntimeError(f"{type(outcome.error).__name__}: {outcome.error}")  # what can be sent
            results.put((cut, outcome))
        number += step


def hunt(
    seconds: float, first: int, workers: int | None, console: Console, *, strict: bool = False
) -> tuple[Tally, list[Find]]:
    """Hunt for so many seconds; the finds are shrunk afterwards. Ends early on the first find."""
    workers = workers or os.cpu_count() or 1
    context: SpawnContext = multiprocessing.get_context("spawn")
    results: Queue[tuple[Cut, Outcome]] = context.Queue()
    until = time.monotonic() + seconds
    processes = [
        context.Process(target=_work, args=(first + number, workers, until, strict, results), daemon=True)
        for number in range(workers)
    ]
    for process in processes:
        process.start()
    try:
        tally, finds = _gather(results, processes, seconds, until, console)
    finally:
        for process in processes:
            process.terminate()
    return tally, [_shrunk(found, console, strict=strict) for found in finds]


def _gather(
    results: Queue[tuple[Cut, Outcome]],
    processes: list[SpawnProcess],
    seconds: float,
    until: float,
    console: Console,
) -> tuple[Tally, list[Find]]:
    tally, finds = Tally(), list[Find]()
    columns = (TextColumn("hunting"), BarColumn(), TimeElapsedColumn(), TextColumn("{task.fields[seen]}"))
    with Progress(*columns, console=console, transient=not console.is_terminal) as progress:
        bar = progress.add_task("hunt", total=seconds, seen="")
        while not finds:
            left = until - time.monotonic()
            try:
                cut, outcome = results.get(timeout=0.25)
            except Exception:  # noqa: BLE001 - queue.Empty, and what a queue raises while its writers end
                if left <= 0 and not any(process.is_alive() for process in processes):
                    break
                if left < -60:
                    break
            else:
                tally.add(outcome)
                if (found := find(cut, outcome)) is not None:
                    finds.append(found)
            progress.update(bar, completed=min(seconds, seconds - left), seen=str(tally))
    return tally, finds


def _shrunk(found: Find, console: Console, *, strict: bool) -> Find:
    if found.violation is None:
        return found
    with console.status(f"{found.violation.rule}: making seed {found.cut} smaller"):
        cut, violation = shrink(found.cut, draw, found.violation, strict=strict)
    return Find(cut, violation)


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
