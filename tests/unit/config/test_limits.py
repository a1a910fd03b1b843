"""What a configuration may ask for at most fits where it is written."""

from __future__ import annotations

import json
import logging

import pytest

from routekeeper.config.document import MOST_RECORDED_ROUNDS
from routekeeper.config.values import name
from routekeeper.domain.health import Health, Observation
from routekeeper.monitor.recording import Recorder
from routekeeper.telemetry.context import bound

NOW = 1_800_000_000.123
LONGEST_NAME = name("n" * 63)
LOG_EVENT_OCTETS = 256 * 1024
"""PutLogEvents, Amazon CloudWatch Logs API Reference."""


def test_the_most_rounds_that_may_be_recorded_fit_into_a_log_event(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "routekeeper")
    recorder = Recorder("zone-a", MOST_RECORDED_ROUNDS)
    for _ in range(MOST_RECORDED_ROUNDS + 1):
        recorder.note(LONGEST_NAME, Observation(Health.HEALTHY, NOW, NOW + 9.999, "answered", 9.999))
    with bound(vantage="zone-a"):
        recorder.write()
    [record] = caplog.records
    line = json.dumps({key: vars(record)[key] for key in ("vantage", "rounds", "left_out")})
    assert 0.5 * LOG_EVENT_OCTETS < len(line) < 0.9 * LOG_EVENT_OCTETS
