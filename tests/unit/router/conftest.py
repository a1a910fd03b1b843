"""What the tests of the router start from, unless they say otherwise."""

from __future__ import annotations

import pytest

from tests.unit.router.stage import Stage


@pytest.fixture
def stage() -> Stage:
    """Both groups on nat-a, adopted."""
    stage = Stage()
    stage.run()
    stage.measured.clear()
    return stage
