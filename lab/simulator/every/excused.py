"""What the application is known not to bear yet: short, and each line with its reason. A line that is mended goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lab.simulator.every.aim import FOR_GOOD, Aim
from lab.simulator.strikes import Call


@dataclass(frozen=True, slots=True)
class Excuse:
    story: str
    operation: str
    failure: str
    why: str


EXCUSED: Final = (
    Excuse(
        "restart",
        "save_restart",
        "timed-out-after",
        "news of a restart is told once, by whoever has saved it: who has not heard that it is saved does not tell",
    ),
)


def excuse(aim: Aim, call: Call) -> str | None:
    """Why the run need not end right; None if it must."""
    failure = f"{aim.failure.value}{FOR_GOOD if aim.for_good else ''}"
    wanted = (aim.story, call.operation, failure)
    return next((one.why for one in EXCUSED if (one.story, one.operation, one.failure) == wanted), None)
