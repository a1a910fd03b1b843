"""Of the probers' tests: the machine may be busy with others at the same time."""

from __future__ import annotations

import pytest

from routekeeper.probes import waiting


@pytest.fixture
def crowded_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that is about a silence, on a machine that stands still now and then. `test_waiting` is about that."""
    monkeypatch.setattr(waiting, "STALL_SECONDS", 60.0)
