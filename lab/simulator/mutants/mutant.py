"""A bug put in on purpose: what stands where while it lives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

Swap = tuple[Any, str, Any]
"""Owner, attribute, and what stands there while the mutant lives."""


@dataclass(frozen=True, slots=True)
class Mutant:
    name: str
    law: int
    """The law that it breaks."""
    story: str
    swaps: Callable[[], tuple[Swap, ...]]
    bitten_by: int = 0
    """A seed that catches it soon, for those who cannot wait."""


@contextmanager
def alive(mutant: Mutant) -> Iterator[None]:
    swaps = mutant.swaps()
    before = [getattr(owner, name) for owner, name, _ in swaps]
    for owner, name, stand_in in swaps:
        setattr(owner, name, stand_in)
    try:
        yield
    finally:
        for (owner, name, _), found in zip(swaps, before, strict=True):
            setattr(owner, name, found)


def always(answer: object) -> Callable[..., object]:
    def mutated(*asked: object) -> object:
        del asked
        return answer

    return mutated
