"""What the functions were seen to use, and what that makes in a month for a configuration.

`make bench-cost` and `make bench-unwatched` measure the files on the deployed application. They hold, for a number of
seconds, the invocations of each function, their duration, the units of DynamoDB and the bytes of log.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from routekeeper.domain.errors import ConfigurationError
from routekeeper.domain.settings import Configuration, IcmpProbe, TargetFigures, WatchMode

MONTH_SECONDS: Final = 730 * 3600
MEASURED: Final = {watch: Path(__file__).with_name(f"counts-{watch.value}.json") for watch in WatchMode}
ALARMS: Final = 12
"""The alarms in template.yaml that belong to no vantage. A test compares both figures with the template."""
ALARMS_OF_A_VANTAGE: Final = 2
METRICS_OF_A_TARGET: Final = 3
LAMBDAS_OWN_LOG_BYTES: Final = 400
"""START, END and REPORT of one invocation, with what CloudWatch Logs adds to each. No emulator writes them."""


@dataclass(frozen=True, slots=True)
class Size:
    """How a deployment is laid out. The defaults are those of template.yaml."""

    vantages: int = 2
    monitor_memory_mb: int = 128
    control_memory_mb: int = 256
    arm64: bool = True


@dataclass(frozen=True, slots=True)
class Counts:
    """What a deployment uses in a month."""

    monitor_gb_seconds: float
    control_gb_seconds: float
    requests: float
    write_units: float
    read_units: float
    metrics: float
    """The metrics written every minute. Those that are written only in trouble are billed for the hours of trouble."""
    alarms: float
    log_gb: float


@dataclass(frozen=True, slots=True)
class _Used:
    """What one function, or several together, use in a month."""

    seconds: float = 0.0
    requests: float = 0.0
    write_units: float = 0.0
    read_units: float = 0.0
    log_bytes: float = 0.0

    def __add__(self, other: _Used) -> _Used:
        return _Used(
            self.seconds + other.seconds,
            self.requests + other.requests,
            self.write_units + other.write_units,
            self.read_units + other.read_units,
            self.log_bytes + other.log_bytes,
        )


def monthly(configuration: Configuration, size: Size, file: Path | None = None) -> Counts:
    """The counts in `file`, or those that come with the program, for this configuration.

    Monitors count once for each vantage. Their writes of health and their log lines grow with the targets, but not the
    time that they run.

    Raises:
        ConfigurationError: the file cannot be read, or was measured with another `watch`.
    """
    file = file or MEASURED[configuration.watch]
    document = _read(file, configuration.watch)
    month = MONTH_SECONDS / document["seconds"]
    monitors = [_used(one, month) for name, one in document["usage"].items() if name.startswith("monitor-")]
    control = _used({}, month)
    for name, one in document["usage"].items():
        control += _Used() if name.startswith("monitor-") else _used(one, month)
    share = size.vantages / len(monitors)
    growth = len(configuration.targets) / document["targets"]
    seconds, requests = (sum(getattr(one, key) for one in monitors) * share for key in ("seconds", "requests"))
    vantage_writes = sum(_writes_of_health(one, month) for one in document["usage"].values()) * share
    writes = sum(one.write_units for one in monitors) * share + (growth - 1) * vantage_writes
    log_bytes = sum(one.log_bytes for one in monitors) * share * growth + control.log_bytes
    log_bytes += LAMBDAS_OWN_LOG_BYTES * (requests + control.requests)
    return Counts(
        monitor_gb_seconds=seconds * size.monitor_memory_mb / 1024,
        control_gb_seconds=control.seconds * size.control_memory_mb / 1024,
        requests=requests + control.requests,
        write_units=writes + control.write_units,
        read_units=sum(one.read_units for one in monitors) * share + control.read_units,
        metrics=_metrics(configuration, size),
        alarms=ALARMS + ALARMS_OF_A_VANTAGE * size.vantages,
        log_gb=log_bytes / 1e9,
    )


def _metrics(configuration: Configuration, size: Size) -> int:
    """The metrics written every minute: heartbeats, that ICMP is refused (as in Lambda), and targets if wanted."""
    probes = [probe for target in configuration.targets.values() for probe in target.probes]
    refused = any(isinstance(probe, IcmpProbe) for probe in probes)
    wanted = configuration.target_figures is TargetFigures.METRICS
    each = METRICS_OF_A_TARGET * len(configuration.targets) if wanted else 0
    return size.vantages * (1 + each) + refused


def _read(file: Path, watch: WatchMode) -> Mapping[str, Any]:
    try:
        document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        seen = {one["target"] for one in document.get("watches", ())}
        measured = {"watch": WatchMode.CONTINUOUS.value, "targets": len(seen), **document}
        if measured["watch"] != watch.value:
            raise ConfigurationError(f"{file}: measured with watch: {measured['watch']}, not {watch.value}")
        if not (measured["seconds"] > 0 and measured["targets"] > 0 and measured["usage"]):
            raise ConfigurationError(f"{file}: holds no counts")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as err:
        raise ConfigurationError(f"{file}: holds no counts that can be read: {err}") from err
    return measured


def _used(function: Mapping[str, Any], month: float) -> _Used:
    calls = function.get("dynamodb", ())
    return _Used(
        seconds=function.get("duration_seconds", 0.0) * month,
        requests=function.get("invocations", 0) * month,
        write_units=sum(call["write_units"] for call in calls) * month,
        read_units=sum(call["read_units"] for call in calls) * month,
        log_bytes=function.get("log", {}).get("bytes", 0) * month,
    )


def _writes_of_health(function: Mapping[str, Any], month: float) -> float:
    calls = function.get("dynamodb", ())
    return float(sum(call["write_units"] for call in calls if call["pk"].partition("#")[0] == "VANTAGE")) * month
