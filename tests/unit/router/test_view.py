"""A pass looks once: what a group's paths are worth, and where its routes are, is worked out once for all decisions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from routekeeper.domain.health import Health
from routekeeper.domain.path_health import health_of_paths
from routekeeper.domain.routes import actual
from tests.unit.router.stage import Stage


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each group's paths and routes were worked out."""
    seen: Counter[str] = Counter()

    def counting(name: str, work_out: Callable[..., Any]) -> Callable[..., Any]:
        def counted(group: Any, *rest: Any) -> Any:
            seen[f"{name} of {group.name}"] += 1
            return work_out(group, *rest)

        return counted

    monkeypatch.setattr("routekeeper.domain.view.health_of_paths", counting("health", health_of_paths))
    monkeypatch.setattr("routekeeper.domain.view.actual", counting("actual", actual))
    return seen


ONCE = {"health of one": 1, "actual of one": 1, "health of two": 1, "actual of two": 1}


def test_a_calm_pass_looks_once(stage: Stage, looks: Counter[str]) -> None:
    stage.run()
    assert looks == ONCE


def test_a_pass_that_moves_looks_once(stage: Stage, looks: Counter[str]) -> None:
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    assert stage.state().path == "nat-b"
    assert looks == ONCE
