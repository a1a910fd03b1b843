"""What several threads write at once arrives whole, line by line."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading

import pytest

from routekeeper.telemetry.embedded_metrics import emitter
from routekeeper.telemetry.lines import LineHandler
from routekeeper.telemetry.measurements import Measurement, Metric


class Torn(io.StringIO):
    """A stream that lets other threads in between any two writes, as Lambda's unbuffered one does."""

    def write(self, text: str) -> int:
        written = super().write(text)
        threading.Event().wait(0.0002)
        return written


def test_metrics_and_log_lines_of_many_threads_are_whole_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Torn()
    monkeypatch.setattr(sys, "stdout", stream)
    emit, logger = emitter("test"), logging.getLogger("test.whole_lines")
    logger.handlers, logger.propagate = [LineHandler()], False

    def write() -> None:
        for _ in range(20):
            emit(Measurement(Metric.TRANSITIONS, 1, {"group": "one"}))
            logger.warning('{"message": "said"}')

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = stream.getvalue().splitlines()
    assert len(lines) == 160
    assert all(json.loads(line) for line in lines)


def test_a_measurement_is_embedded_metric_format(capsys: pytest.CaptureFixture[str]) -> None:
    emitter("lab")(Measurement(Metric.DETECTION_SECONDS, 1.5, {"group": "idc"}))
    line = json.loads(capsys.readouterr().out)
    [described] = line["_aws"]["CloudWatchMetrics"]
    assert described["Namespace"] == "routekeeper"
    assert described["Dimensions"] == [["deployment", "group"]]
    assert described["Metrics"] == [{"Name": "DetectionSeconds", "Unit": "Seconds"}]
    assert (line["deployment"], line["group"], line["DetectionSeconds"]) == ("lab", "idc", [1.5])
