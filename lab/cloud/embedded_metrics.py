"""Metrics that functions print in embedded metric format, put into CloudWatch: MiniStack itself does not.

Source: "Specification: Embedded metric format" in the Amazon CloudWatch user guide.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from lab.cloud.local_aws import LocalAws

LOOK_EVERY_SECONDS: Final = 0.1
MOST_METRICS_PER_CALL: Final = 1000


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric with one set of dimensions, as PutMetricData takes it."""

    namespace: str
    name: str
    unit: str
    values: tuple[float, ...]
    dimensions: tuple[tuple[str, str], ...]
    at: datetime


def embedded_metrics(line: str) -> tuple[Metric, ...]:
    """The metrics in one line of output, once per dimension set; none where the line holds none.

    Raises ValueError for a line that claims to hold metrics and breaks the specification.
    """
    document = _document(line)
    if document is None:
        return ()
    try:
        at = datetime.fromtimestamp(document["_aws"]["Timestamp"] / 1000, UTC)
        return tuple(_metrics(document, at))
    except (KeyError, TypeError) as err:
        raise ValueError(f"not in embedded metric format: {err!r} in {line[:200]}") from err


def _document(line: str) -> dict[str, Any] | None:
    if '"CloudWatchMetrics"' not in line:
        return None
    with contextlib.suppress(json.JSONDecodeError):
        document = json.loads(line)
        if isinstance(document, dict) and "_aws" in document:
            return document
    return None


def _metrics(document: Mapping[str, Any], at: datetime) -> Iterator[Metric]:
    for directive in document["_aws"]["CloudWatchMetrics"]:
        for definition in directive["Metrics"]:
            value = document[definition["Name"]]
            values = tuple(map(float, value if isinstance(value, list) else [value]))
            for names in directive["Dimensions"] or [[]]:
                dimensions = tuple((name, str(document[name])) for name in names)
                unit = definition.get("Unit", "None")
                yield Metric(directive["Namespace"], definition["Name"], unit, values, dimensions, at)


def put(cloudwatch: Any, metrics: Iterable[Metric]) -> None:
    """Publish the metrics."""
    by_namespace = defaultdict(list)
    for metric in metrics:
        by_namespace[metric.namespace].append(
            {
                "MetricName": metric.name,
                "Dimensions": [{"Name": name, "Value": value} for name, value in metric.dimensions],
                "Timestamp": metric.at,
                "Unit": metric.unit,
                "Values": list(metric.values),
            }
        )
    for namespace, data in by_namespace.items():
        for start in range(0, len(data), MOST_METRICS_PER_CALL):
            cloudwatch.put_metric_data(Namespace=namespace, MetricData=data[start : start + MOST_METRICS_PER_CALL])


class OutputReader:
    """The functions' output since the last look: whole lines only."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read = 0

    def new_lines(self) -> list[str]:
        """Lines (as the functions printed them) that have come since the last call."""
        with self._file.open("rb") as output:
            output.seek(self._read)
            whole, _, _ = output.read().rpartition(b"\n")
        if not whole:
            return []
        self._read += len(whole) + 1
        return [json.loads(entry)["line"] for entry in whole.splitlines()]


@contextlib.contextmanager
def metrics_bridge(aws: LocalAws) -> Iterator[None]:
    """Follow the functions' output and publish their metrics, for as long as the context lasts.

    An error in the bridge is raised when the context is left.
    """
    left = threading.Event()
    failures: list[Exception] = []
    reader, cloudwatch = OutputReader(aws.function_output), aws.client("cloudwatch")

    def follow() -> None:
        last = False
        try:
            while not last:
                last = left.wait(LOOK_EVERY_SECONDS)
                put(cloudwatch, [metric for line in reader.new_lines() for metric in embedded_metrics(line)])
        except Exception as err:  # noqa: BLE001 - told to whoever runs the bridge
            failures.append(err)

    thread = threading.Thread(target=follow, name="metrics-bridge")
    thread.start()
    try:
        yield
    finally:
        left.set()
        thread.join()
    if failures:
        raise failures[0]
