"""What holds for every test."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from routekeeper.telemetry.context import carry

# How long an example takes to draw or to run says how busy the machine is, and nothing about the code.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", settings.get_profile("untimed"), max_examples=25)  # make test-unit
settings.load_profile("untimed")


@pytest.fixture
def caplog(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """pytest's own, whose records carry what is bound, as lines on standard output do."""
    caplog.handler.addFilter(carry)
    yield caplog
    caplog.handler.removeFilter(carry)
