"""The lines that rules are tried on lose what they should, in bursts as long as they should be."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from bench.decisions.lines import GilbertElliott


def line(share: float, burst_seconds: float, seed: int, loss_when_bad: float = 1.0) -> GilbertElliott:
    return GilbertElliott(share, burst_seconds, random.Random(seed), loss_when_bad)  # noqa: S311 - a simulation


@pytest.mark.parametrize("burst_seconds", [0.0, 0.2])
def test_a_line_is_bad_as_often_at_its_first_probe_as_later(burst_seconds: float) -> None:
    first = sum(line(0.3, burst_seconds, seed).loses(0.0) for seed in range(2000)) / 2000
    assert first == pytest.approx(0.3, abs=0.04)
    later = line(0.3, burst_seconds, 1)
    assert sum(later.loses(float(second)) for second in range(5000)) / 5000 == pytest.approx(0.3, abs=0.03)


def test_bursts_last_as_long_as_asked_for() -> None:
    bursty = line(0.1, 0.5, 2)
    fates = [bursty.loses(tick / 100) for tick in range(40_000)]
    begins = sum(later and not earlier for earlier, later in pairwise(fates))
    assert sum(fates) / 100 / begins == pytest.approx(0.5, rel=0.3)


def test_a_bad_spell_may_let_some_through() -> None:
    some = line(0.4, 0.2, 3, loss_when_bad=0.5)
    assert sum(some.loses(float(second)) for second in range(5000)) / 5000 == pytest.approx(0.2, abs=0.03)
