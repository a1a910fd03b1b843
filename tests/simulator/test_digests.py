"""The digests that a change which only tidies up is held against."""

from __future__ import annotations

from typing import Any

import pytest

from lab.simulator import digests
from lab.simulator.simulation import Simulation


def test_forty_nine_worlds_are_told_and_each_has_a_name() -> None:
    assert len(set(digests.worlds())) == 52


def test_a_world_has_one_digest_and_another_world_another() -> None:
    assert digests.digest("2") == digests.digest("2") != digests.digest("3")


def test_what_is_told_people_and_asked_of_instances_is_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    before = digests.digest("hang")

    def silent(self: Any, identifier: str) -> None:
        del identifier

    monkeypatch.setattr(Simulation, "_announced", silent)
    assert digests.digest("hang") != before
