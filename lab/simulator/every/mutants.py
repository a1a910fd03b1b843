"""Bugs put in on purpose that only show when a certain call fails, each with a run that finds it."""

from __future__ import annotations

from typing import Any, Final

from lab.simulator.mutants import MUTANTS, Mutant
from lab.simulator.mutants.mutant import Swap
from routekeeper.domain.errors import AnnouncementError
from routekeeper.router.telling import Telling


def _what_failed_is_told() -> tuple[Swap, ...]:
    def mutated(self: Any, transition: Any, channel: Any) -> bool:
        try:
            self.dependencies.announcer.transition(transition, channel)
        except AnnouncementError:
            return True
        return True

    return ((Telling, "_tell", mutated),)


_KNOWN: Final = {mutant.name: mutant for mutant in MUTANTS}
BITES: Final = {
    "forced:13:killed-before": _KNOWN["the-dead-hold-their-claim"],
    "forced:12:timed-out-after": _KNOWN["half-done-is-done"],
    "forced:24:throttled": Mutant(
        "what-failed-is-told", 7, "a message that failed counts as told", _what_failed_is_told
    ),
}
"""By the name of the run."""
