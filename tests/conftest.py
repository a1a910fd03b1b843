"""What holds for every test."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from routekeeper.telemetry.context import carry

# moto makes its images anew for every test that starts it: one image, not more than a thousand.
os.environ["MOTO_AMIS_PATH"] = str(Path(__file__).parent / "fakes" / "images.json")

# How long an example takes to draw or to run says how busy the machine is, and nothing about the code.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", settings.get_profile("untimed"), max_examples=25)  # make test-unit
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def quick() -> bool:
    """Whether fewer examples are wanted, of what is counted out as well as of what is drawn."""
    return settings.get_current_profile_name() == "quick"


@pytest.fixture
def caplog(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """pytest's own, whose records carry what is bound, as lines on standard output do."""
    caplog.handler.addFilter(carry)
    yield caplog
    caplog.handler.removeFilter(carry)
