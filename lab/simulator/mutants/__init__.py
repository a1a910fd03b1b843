"""Bugs put in on purpose, to see that the hunter finds them: each law broken at least once. docs/hunting.md lists them.

A mutant is put in by replacing attributes of the loaded application, and taken out again; no file is touched.
"""

from __future__ import annotations

from typing import Final

from lab.simulator.mutants import braking, evidence, instances, leaving, people, refusing, starting, telling, together
from lab.simulator.mutants.mutant import Mutant, alive

__all__ = ["MUTANTS", "Mutant", "alive"]

MUTANTS: Final = tuple(
    sorted(
        (
            *evidence.MUTANTS,
            *leaving.MUTANTS,
            *people.MUTANTS,
            *telling.MUTANTS,
            *instances.MUTANTS,
            *starting.MUTANTS,
            *refusing.MUTANTS,
            *together.MUTANTS,
            *braking.MUTANTS,
        ),
        key=lambda mutant: mutant.law,
    )
)
