"""The digest of what is decided and done in a handful of worlds: equal before and after a change that only tidies up.

A digest tells the verdicts, the signals, the moves and the changes of routes and instances with their times, by what
they say and not by how the table stores them. So a change of code, of names or of stored shapes leaves it as it was;
what decides otherwise, or sooner or later, does not.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from multiprocessing import get_context

from lab.simulator.crew import uninterrupted
from lab.simulator.draw import draw
from lab.simulator.scenarios import SCENARIOS
from lab.simulator.simulation import Simulation

SEEDS = 34
"""Drawn worlds beside the scenarios; every eighth of them is watched by the real Monitor."""


def worlds() -> tuple[str, ...]:
    """The names of the scenarios, then the seeds."""
    return (*SCENARIOS, *map(str, range(SEEDS)))


def digest(world: str) -> str:
    """The digest of one world, and the rule or error that ended it where something did."""
    plan = SCENARIOS[world].plan() if world in SCENARIOS else draw(int(world))
    outcome = Simulation(plan).run()
    return outcome.digest if outcome.fault is None else f"{outcome.digest} {outcome.fault}"


def digests(workers: int | None = None) -> Iterator[str]:
    """A line for each world, `<digest>  <world>`, and one over all of them."""
    whole = hashlib.sha256()
    with uninterrupted():
        processes = get_context("spawn").Pool(workers or os.cpu_count())
    with processes as pool:
        for world, told in zip(worlds(), pool.imap(digest, worlds()), strict=True):
            whole.update(f"{told}\n".encode())
            yield f"{told}  {world}"
    yield f"{whole.hexdigest()}  all {len(worlds())}"
