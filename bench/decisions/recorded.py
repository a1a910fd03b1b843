"""Is the promise kept on real lines? Losses that others have recorded with ping and published (recorded.json)."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from bench.decisions.chains import Rule
from bench.decisions.compared import UNACCEPTABLE
from bench.decisions.contestants import score
from routekeeper.domain import cusum
from routekeeper.domain.cusum import Cadence, Loss

RECORDED: Final = Path(__file__).with_name("recorded.json")
ASKED: Final = 10
"""False alarms asked for on each line as long as it was recorded: one a year would never be seen in hours."""
PARTS: Final = 10
_IN_PROBES: Final = Cadence(1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Line:
    """What became of every probe, in the order in which they were sent."""

    name: str
    fates: tuple[bool, ...]
    """Whether each was lost."""

    @property
    def share(self) -> float:
        return sum(self.fates) / len(self.fates)

    @property
    def worst_share(self) -> float:
        """Of the tenths of the recording, the loss of the worst."""
        ends = [len(self.fates) * part // PARTS for part in range(PARTS + 1)]
        return max(sum(self.fates[begin:end]) / (end - begin) for begin, end in pairwise(ends))

    @property
    def share_after_loss(self) -> float:
        """Of the probes that followed a lost one, how many were lost, too."""
        after = [lost for before, lost in pairwise(self.fates) if before]
        return sum(after) / len(after)


def recorded() -> tuple[Line, ...]:
    """The recorded lines."""
    return tuple(line_of(entry) for entry in json.loads(RECORDED.read_text()))


def line_of(entry: dict[str, Any]) -> Line:
    """A line from the numbers, counted from 0, of the probes that it lost."""
    lost = set(entry["lost"])
    return Line(entry["name"], tuple(number in lost for number in range(entry["probes"])))


def rows() -> list[dict[str, Any]]:
    """For each line: what it lost, and how many false alarms the formula promises and the recording brings."""
    return [
        {
            "line": line.name,
            "probes": len(line.fates),
            "share": line.share,
            "worst_share": line.worst_share,
            "share_after_loss": line.share_after_loss,
            "usual_on_average": against(line, line.share),
            "usual_at_worst": against(line, line.worst_share),
        }
        for line in recorded()
    ]


def against(line: Line, usual: float) -> dict[str, Any]:
    """A score made for this usual loss, one probe like the other, and set to `ASKED` alarms in so many probes."""
    made = cusum.alarm(Loss(usual), UNACCEPTABLE, _IN_PROBES, len(line.fates) / ASKED)
    promised = len(line.fates) / cusum.seconds_to_alarm(made, Loss(usual), _IN_PROBES)
    found = accusations(score(made.rise, 1, made.threshold), line.fates)
    return {"promised": promised, "found": found, "chance": chance_of_more(found, promised)}


def accusations(rule: Rule, fates: Iterable[bool]) -> int:
    """How often a rule speaks that begins anew each time."""
    state, count = rule.start, 0
    for lost in fates:
        state = rule.step(state, lost)
        if state is None:
            state, count = rule.start, count + 1
    return count


def chance_of_more(found: int, promised: float) -> float:
    """The chance of `found` or more rare events where so many are promised on average (Poisson)."""
    return max(0.0, 1.0 - sum(terms(promised, found)))


def terms(mean: float, count: int) -> Sequence[float]:
    """The chances of 0, 1, ... count - 1 rare events."""
    return [math.exp(-mean + k * math.log(mean) - math.lgamma(k + 1)) for k in range(count)]
