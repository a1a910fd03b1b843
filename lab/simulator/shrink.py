"""A plan with a fault made as small as it goes: fewer events, a shorter run, true clocks; still the same fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from lab.simulator.plan import Plan
from lab.simulator.simulation import Outcome


@dataclass(frozen=True, slots=True)
class Cut:
    """Which of a seed's events are kept, and whether its clocks are right: enough to have the run again."""

    seed: int
    kept: tuple[int, ...] | None = None
    """Places in the plan's events; None for all."""
    true_clocks: bool = False

    def __str__(self) -> str:
        parts = [str(self.seed)]
        parts += [f"keep={','.join(map(str, self.kept)) or 'none'}"] if self.kept is not None else []
        parts += ["clocks=true"] if self.true_clocks else []
        return ":".join(parts)

    @staticmethod
    def parse(text: str) -> Cut:
        """Raises ValueError."""
        seed = text.split(":", maxsplit=1)[0]
        if not seed.isdecimal():
            raise ValueError(f"{seed!r} is no seed: expected a whole number")
        cut = Cut(int(seed))
        for part in text.split(":")[1:]:
            name, _, value = part.partition("=")
            match name:
                case "keep" if all(number.isdecimal() for number in value.split(",")) or value == "none":
                    kept = () if value == "none" else tuple(int(number) for number in value.split(","))
                    cut = replace(cut, kept=kept)
                case "clocks" if value == "true":
                    cut = replace(cut, true_clocks=True)
                case _:
                    raise ValueError(f"{part!r} is no part of a seed: expected keep=2,5, keep=none or clocks=true")
        return cut

    def of(self, plan: Plan) -> Plan:
        """The plan with only what is kept. Raises ValueError where that is not in it."""
        if self.kept is not None:
            if self.kept and max(self.kept) >= (there := len(plan.events)):
                raise ValueError(f"seed {self.seed} has {there} events, counted from 0; found {max(self.kept)}")
            plan = replace(plan, events=tuple(plan.events[number] for number in self.kept))
        if self.true_clocks:
            plan = replace(plan, skews={})
        return plan


def shrink(cut: Cut, plan: Plan, outcome: Outcome, play: Callable[[Cut], Outcome]) -> tuple[Cut, Outcome]:
    """The smallest cut found that has the same fault, and what comes of it; `plan` is the seed's, whole."""
    if cut.kept is None:
        # What comes after the fault cannot have brought it about.
        before = tuple(n for n, event in enumerate(plan.events) if event.at <= outcome.seconds)
        cut = replace(cut, kept=before)
    progress = True
    while progress:
        progress = False
        for smaller in _smaller(cut):
            again = play(smaller)
            if again.fault == outcome.fault:
                cut, outcome, progress = smaller, again, True
                break
    return cut, outcome


def _smaller(cut: Cut) -> Iterator[Cut]:
    kept = cut.kept or ()
    size = len(kept) // 2
    while size >= 1:
        for start in range(0, len(kept), size):
            yield replace(cut, kept=kept[:start] + kept[start + size :])
        size //= 2
    if not cut.true_clocks:
        yield replace(cut, true_clocks=True)
