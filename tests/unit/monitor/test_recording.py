"""Rounds in the log: none unless asked for, never more than asked for, and a replay of them tells what was told."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from routekeeper.domain.health import Health, Observation
from routekeeper.monitor.recording import Recorder
from routekeeper.telemetry.logs import _FORMATTER
from routekeeper_cli.replay import HealthChange, read_trace, replay
from routekeeper_cli.replay.logged import trace_from_log
from tests.fakes.lines import Line
from tests.fakes.virtual_time import START, run_virtually
from tests.unit.monitor.test_monitor import CONFIGURATION, Zone


def lines(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.getMessage() == "rounds"]


def watched(most: int) -> Zone:
    """Half a minute on a line that is cut after fifteen seconds."""

    async def main(clock: Callable[[], float]) -> Zone:
        configuration = replace(CONFIGURATION, record_rounds=most)
        zone = Zone(clock, Line(cuts=((START + 15.0, START + 999.0),)), configuration=configuration)
        await zone.invoke("monitor", lasts=35)
        return zone

    return run_virtually(main)


def test_a_round_becomes_a_row_of_a_trace(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "routekeeper")
    recorder = Recorder("zone-a", 10)
    recorder.note("dx", Observation(Health.HEALTHY, 1_763_600_000.25, 1_763_600_000.26, "answered", 0.0123456))
    recorder.note("dx", Observation(Health.UNHEALTHY, 1_763_600_001.25, 1_763_600_001.85, "no answer"))
    recorder.note("vpn", Observation(Health.UNKNOWN, 1_763_600_001.5, 1_763_600_001.5, "not sent"))
    recorder.write()
    (line,) = lines(caplog)
    assert vars(line)["rounds"] == [
        "1763600000.250,zone-a,dx,ok,12.346",
        "1763600001.250,zone-a,dx,lost,",
        "1763600001.500,zone-a,vpn,unknown,",
    ]


def test_a_line_holds_no_more_than_was_asked_for_and_says_what_it_leaves_out(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "routekeeper")
    recorder = Recorder("zone-a", 2)
    for target, sent_at in (("dx", 0.0), ("dx", 1.0), ("dx", 2.5), ("vpn", 2.0), ("dx", 3.5), ("dx", 3.0)):
        recorder.note(target, Observation(Health.HEALTHY, sent_at, sent_at + 0.1, "answered", 0.1))
    recorder.write()
    recorder.write()
    recorder.note("dx", Observation(Health.HEALTHY, 4.0, 4.1, "answered", 0.1))
    recorder.write()
    first, second = lines(caplog)
    assert (len(vars(first)["rounds"]), vars(first)["left_out"]) == (2, ["dx,3,2.500,3.500", "vpn,1,2.000,2.000"])
    assert (len(vars(second)["rounds"]), vars(second)["left_out"]) == (1, [])


def test_nothing_is_recorded_unless_asked_for(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "routekeeper")
    watched(0)
    assert lines(caplog) == []


def test_what_was_recorded_and_replayed_tells_what_was_told_then(
    caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.INFO, "routekeeper")
    zone = watched(2000)
    log, trace = tmp_path / "log.txt", tmp_path / "trace.csv"
    log.write_text("\n".join(f"2026-11-20T10:00:00 {_FORMATTER.format(record)}" for record in caplog.records))
    trace.write_text("\n".join(trace_from_log(log)))
    replayed = list(replay(read_trace(trace, CONFIGURATION.targets), CONFIGURATION))
    verdict = next(event for event in replayed if isinstance(event, HealthChange) and event.health is Health.UNHEALTHY)
    held = zone.held()
    assert held is not None
    assert held.health is Health.UNHEALTHY
    assert verdict.target == "dx"
    assert verdict.time == pytest.approx(held.since, abs=0.01)
