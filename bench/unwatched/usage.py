"""What the functions used up in a window: invocations, GB-seconds, DynamoDB requests and log bytes, by function."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from lab.cloud.embedded_metrics import embedded_metrics
from lab.laboratory import Laboratory

FUNCTIONS: Final = ("monitor-a", "monitor-b", "router", "restarter", "operator")
LOG_EVENT_BYTES: Final = 26
"""CloudWatch Logs adds so much to each event ("PutLogEvents", Amazon CloudWatch Logs API reference)."""


def usage(lab: Laboratory, start: float, end: float) -> dict[str, Any]:
    """What every function used from `start` to `end`, in epoch seconds."""
    requests = _requests(lab.aws.function_output.with_name("dynamodb.jsonl"), start, end)
    lines = _lines(lab.aws.function_output, start, end)
    return {
        name: {
            **_lambda(lab, lab.function(name), start, end),
            "dynamodb": requests.get(lab.function(name), []),
            "log": _log(lines[lab.function(name)]),
        }
        for name in FUNCTIONS
    }


def _lambda(lab: Laboratory, function: str, start: float, end: float) -> dict[str, Any]:
    memory = lab.aws.client("lambda").get_function_configuration(FunctionName=function)["MemorySize"]
    invocations, errors, duration = (
        _sum(lab, function, name, start, end) for name in ("Invocations", "Errors", "Duration")
    )
    return {
        "memory_mb": memory,
        "invocations": int(invocations),
        "errors": int(errors),
        "duration_seconds": round(duration / 1000, 3),
        "gb_seconds": round(duration / 1000 * memory / 1024, 3),
    }


def _sum(lab: Laboratory, function: str, metric: str, start: float, end: float) -> float:
    points = lab.aws.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName=metric,
        Dimensions=[{"Name": "FunctionName", "Value": function}],
        StartTime=datetime.fromtimestamp(start, UTC),
        EndTime=datetime.fromtimestamp(end, UTC) + timedelta(seconds=1),
        Period=60,
        Statistics=["Sum"],
    )["Datapoints"]
    return float(sum(point["Sum"] for point in points))


def _requests(file: Path, start: float, end: float) -> dict[str, list[dict[str, Any]]]:
    """Requests and units by function, action and partition key."""
    return tally(json.loads(line) for line in file.read_text().splitlines() if start <= json.loads(line)["at"] < end)


def tally(entries: Iterable[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The request log, summed up by function, and within it by action and partition key."""
    found: dict[str, dict[tuple[str, str], Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for entry in entries:
        sums = found[entry["function"]][entry["action"], entry["pk"]]
        sums.update(
            requests=1, refused=int(entry["status"] != 200), reads=entry["read_units"], writes=entry["write_units"]
        )
    return {
        function: [
            {
                "action": action,
                "pk": pk,
                "requests": sums["requests"],
                "refused": sums["refused"],
                "read_units": sums["reads"],
                "write_units": sums["writes"],
            }
            for (action, pk), sums in sorted(by_kind.items())
        ]
        for function, by_kind in found.items()
    }


def _lines(file: Path, start: float, end: float) -> dict[str, list[str]]:
    lines: dict[str, list[str]] = defaultdict(list)
    for entry in map(json.loads, file.read_text().splitlines()):
        if start <= entry["at"] < end:
            lines[entry["function"]].append(entry["line"])
    return lines


def _log(lines: list[str]) -> dict[str, Any]:
    """Bytes as they are billed, and the custom metrics that the lines carry, each name once per set of dimensions."""
    metrics = {(m.namespace, m.name, m.dimensions) for line in lines for m in embedded_metrics(line)}
    return {
        "events": len(lines),
        "bytes": sum(len(line.encode()) + LOG_EVENT_BYTES for line in lines),
        "metric_bytes": sum(len(line.encode()) + LOG_EVENT_BYTES for line in lines if embedded_metrics(line)),
        "metrics": sorted(f"{name} {dict(dimensions)}" for _, name, dimensions in metrics),
    }
