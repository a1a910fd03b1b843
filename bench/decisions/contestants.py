"""The rules that are compared, as chains, and how each family is set to a rate of false alarms."""

from __future__ import annotations

from collections.abc import Callable

from bench.decisions.chains import Rule
from routekeeper.domain.cusum import Score


def in_a_row(count: int) -> Rule:
    """`count` losses in a row: HAProxy's fall, pings that all fail, routekeeper's unhealthy_threshold."""
    return Rule(f"{count} in a row", 0, lambda run, lost: None if lost and run + 1 >= count else (run + 1) * lost)


def counter(limit: int) -> Rule:
    """Up by one with a loss, down by one with an answer, not below 0; the verdict is *more* than the limit."""
    return Rule(
        f"counter above {limit}",
        0,
        lambda level, lost: None if lost and level + 1 > limit else level + 1 if lost else max(0, level - 1),
    )


def several_of(count: int, window: int) -> Rule:
    """`count` losses among the last `window` probes."""

    def step(seen: tuple[bool, ...], lost: bool) -> tuple[bool, ...] | None:
        now = (*seen, lost)[-window:]
        return None if sum(now) >= count else now

    return Rule(f"{count} of {window}", (False,) * window, step)


def score(rise: int, fall: int, threshold: int) -> Rule:
    """A CUSUM on whole numbers: up by `rise` with a loss, down by `fall` with an answer."""

    def step(level: int, lost: bool) -> int | None:
        after = level + rise if lost else max(0, level - fall)
        return None if after >= threshold else after

    return Rule(f"+{rise} -{fall} at {threshold}", 0, step)


def either(score_rule: Score, count: int) -> Rule:
    """routekeeper with a loss rule: its score, or losses in a row, whichever comes first."""

    def step(state: tuple[int, int], lost: bool) -> tuple[int, int] | None:
        level, run = state
        level, run = (level + score_rule.rise, run + 1) if lost else (max(0, level - 1), 0)
        return None if level >= score_rule.threshold or run >= count else (level, run)

    return Rule(f"score {score_rule.rise}/{score_rule.threshold} or {count} in a row", (0, 0), step)


def rounds_of(pings: int) -> Rule:
    """Rounds of pings; the verdict is a round without an answer. The state is the ping's number and what was seen."""

    def step(state: tuple[int, bool], lost: bool) -> tuple[int, bool] | None:
        number, answered = state[0] + 1, state[1] or not lost
        if number < pings:
            return number, answered
        return (0, False) if answered else None

    return Rule(f"a round of {pings} without an answer", (0, False), step)


def remembering(rule: Rule) -> Rule:
    """The same rule with the last outcome in its state, for those who wait longer after a loss."""

    def step(state: tuple[object, bool], lost: bool) -> tuple[object, bool] | None:
        after = rule.step(state[0], lost)
        return None if after is None else (after, lost)

    return Rule(rule.name, (rule.start, False), step)


def least(family: Callable[[int], Rule], enough: Callable[[Rule], bool], start: int = 1) -> tuple[int, Rule]:
    """The least setting of a family that is enough, where every larger one is, too."""
    below, above = 0, start
    while not enough(family(above)):
        below, above = above, above * 2
    while above - below > 1:
        middle = (below + above) // 2
        below, above = (below, middle) if enough(family(middle)) else (middle, above)
    return above, family(above)
