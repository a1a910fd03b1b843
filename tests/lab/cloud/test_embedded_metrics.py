from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from lab.cloud.embedded_metrics import Metric, OutputReader, embedded_metrics, put


def line(**changes: Any) -> str:
    directive = {
        "Namespace": "routekeeper",
        "Dimensions": [["deployment"], ["deployment", "vantage"]],
        "Metrics": [{"Name": "Heartbeat", "Unit": "Count"}],
    }
    document = {
        "_aws": {"Timestamp": 1_700_000_000_500, "CloudWatchMetrics": [directive]},
        "deployment": "lab",
        "vantage": "a",
        "Heartbeat": [1.0, 2.0],
    }
    return json.dumps(document | changes)


def test_a_metric_is_there_once_for_each_set_of_dimensions() -> None:
    at = datetime(2023, 11, 14, 22, 13, 20, 500_000, UTC)
    values = (1.0, 2.0)
    assert embedded_metrics(line()) == (
        Metric("routekeeper", "Heartbeat", "Count", values, (("deployment", "lab"),), at),
        Metric("routekeeper", "Heartbeat", "Count", values, (("deployment", "lab"), ("vantage", "a")), at),
    )


def test_a_single_value_needs_no_list() -> None:
    assert embedded_metrics(line(Heartbeat=3))[0].values == (3.0,)


@pytest.mark.parametrize("text", ["", "START RequestId: 1", '{"message": "CloudWatchMetrics"}', '{"CloudWatchMetrics'])
def test_other_output_holds_no_metrics(text: str) -> None:
    assert embedded_metrics(text) == ()


def test_a_metric_without_its_value_breaks_the_specification() -> None:
    broken = json.loads(line())
    del broken["Heartbeat"]
    with pytest.raises(ValueError, match="not in embedded metric format"):
        embedded_metrics(json.dumps(broken))


def test_metrics_are_published_by_namespace() -> None:
    class CloudWatch:
        calls: list[dict[str, Any]]

        def __init__(self) -> None:
            self.calls = []

        def put_metric_data(self, **call: Any) -> None:
            self.calls.append(call)

    cloudwatch = CloudWatch()
    put(cloudwatch, embedded_metrics(line()))
    (call,) = cloudwatch.calls
    assert call["Namespace"] == "routekeeper"
    assert [d["Dimensions"][-1]["Value"] for d in call["MetricData"]] == ["lab", "a"]


def test_the_output_is_read_in_whole_lines(tmp_path: Path) -> None:
    file = tmp_path / "output"
    entries = [json.dumps({"function": "f", "at": 0, "line": text}) + "\n" for text in ("one", "two", "drei ü")]
    whole = "".join(entries).encode()
    file.write_bytes(whole[:-3])
    reader = OutputReader(file)

    assert reader.new_lines() == ["one", "two"]
    assert reader.new_lines() == []
    file.write_bytes(whole)
    assert reader.new_lines() == ["drei ü"]
