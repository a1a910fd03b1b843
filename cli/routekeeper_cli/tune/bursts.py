"""How long bursts of losses last: Gilbert's model, fitted to what followed each loss."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from routekeeper.domain.cusum import Loss

Pair = tuple[float, bool]
"""After a lost probe: the seconds to the next one, and whether that was lost, too."""

_FEWEST = 10
"""Fewer pairs say nothing about bursts."""
_CHANCE = 0.01
"""If independent losses would show this more rarely, it is not taken for chance."""
_HALVINGS = 50


def burst_seconds(pairs: Sequence[Pair], share: float, soon_seconds: float, most_seconds: float) -> float | None:
    """The mean length of bursts on a line that loses a `share`. 0: losses come one by one. None: the pairs do not tell.

    Probes within `soon_seconds` of a loss show whether there are bursts. If there are too few of them, because rounds
    are further apart, the others can still show longer bursts: losses then follow each other more often than chance
    explains. If they do not, bursts may be absent or shorter than the gaps. No burst lasts longer than `most_seconds`,
    the length of all loss together.
    """
    near = [pair for pair in pairs if pair[0] <= soon_seconds]
    if len(near) >= _FEWEST:
        return _fitted(near, share, most_seconds)
    if len(pairs) >= _FEWEST and _chance_of_more(sum(lost for _, lost in pairs), share * len(pairs)) < _CHANCE:
        return _fitted(pairs, share, most_seconds)
    return None


def _fitted(pairs: Sequence[Pair], share: float, most_seconds: float) -> float:
    """The length of bursts with which, on average, as many probes after a loss are lost as in the pairs."""
    again = sum(lost for _, lost in pairs)
    gaps = Counter(round(gap, 3) for gap, _ in pairs)

    def fewer(burst: float) -> bool:
        return sum(count * Loss(share, burst).after(gap)[1] for gap, count in gaps.items()) < again

    if not fewer(0.0):
        return 0.0
    if fewer(most_seconds):
        return most_seconds
    below, above = 0.0, most_seconds
    for _ in range(_HALVINGS):
        middle = (below + above) / 2
        below, above = (middle, above) if fewer(middle) else (below, middle)
    return above


def _chance_of_more(found: int, expected: float) -> float:
    """The chance of `found` or more rare events if `expected` are expected (Poisson)."""
    if found == 0 or expected == 0:
        return float(found == 0)
    terms = (math.exp(-expected + k * math.log(expected) - math.lgamma(k + 1)) for k in range(found))
    return max(0.0, 1.0 - sum(terms))
