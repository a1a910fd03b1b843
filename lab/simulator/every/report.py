"""Every call, every failure, told: the runs of each story as a table, and each find by a name that plays it again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from lab.simulator.every.aim import Aim
from lab.simulator.every.runs import Made, Part, Tally, calls, played

HEAD: Final = (
    "| story | calls | runs | failed | seconds of a core |",
    "| --- | ---: | ---: | ---: | ---: |",
)

Choose = Callable[[Made], Sequence[Aim]]
"""Which runs to play: `runs.aims` or `runs.some`."""


def every(console: Console, stories: Sequence[str], choose: Choose, part: Part, workers: int | None = None) -> bool:
    """Play the runs on every core; whether all were played and ended right. Finds are printed as they are met."""
    began = time.monotonic()
    made = {story: calls(story) for story in stories}
    tallies = {story: Tally(calls=len(made[story])) for story in stories}
    planned = part.of_all(choose(made))
    columns = (TextColumn("every failure"), BarColumn(), TextColumn("{task.completed} of {task.total}"))
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=not console.is_terminal) as progress:
        bar = progress.add_task("runs", total=len(planned))
        for ended in played(planned, workers):
            if ended is None:
                continue
            aim, outcome = ended
            progress.advance(bar)
            tally, call = tallies[aim.story], made[aim.story][aim.number - 1]
            tally.runs += 1
            tally.seconds += outcome.cost
            if outcome.fault is None:
                continue
            tally.failed.append((aim, call, outcome))
            console.print(f"[red]{aim}[/] {call}: {escape(str(outcome.violation or outcome.error))}")
            console.print(f"watch it: make simulate SCENARIO={aim}")
    for line in table(tallies):
        console.print(line)
    console.print(f"{time.monotonic() - began:.0f} s by the clock")
    left_out = len(planned) - sum(tally.runs for tally in tallies.values())
    if left_out:
        console.print(f"[red]{left_out} runs were not played[/]")
    return not left_out and not any(tally.failed for tally in tallies.values())


def table(tallies: dict[str, Tally]) -> list[str]:
    """As docs/hunting.md shows it."""
    lines = list(HEAD)
    whole = Tally()
    for story, tally in tallies.items():
        lines.append(_row(story, tally))
        whole.calls += tally.calls
        whole.runs += tally.runs
        whole.seconds += tally.seconds
        whole.failed += tally.failed
    return [*lines, _row("all", whole)]


def _row(name: str, tally: Tally) -> str:
    counts = f"{tally.calls:,} | {tally.runs:,} | {len(tally.failed):,}"
    return f"| {name} | {counts} | {tally.seconds:.0f} |"
