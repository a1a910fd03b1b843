"""What the functions were seen to use, and what that makes in a month for a configuration.

`make bench-cost` and `make bench-unwatched` measure the files on the deployed application. They hold, for a number of
seconds, the invocations of each function, their duration, the units of DynamoDB and the bytes of log.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from operator import add
from pathlib import Path
from typing import Final

from routekeeper.config import values
from routekeeper.config.section import Section
from routekeeper.domain.errors import ConfigurationError
from routekeeper.domain.settings import Configuration, IcmpProbe, TargetFigures, WatchMode
from routekeeper_cli.costs.reading import amount, each, inner, read

MONTH_SECONDS: Final = 730 * 3600
MEASURED: Final = {watch: Path(__file__).with_name(f"counts-{watch.value}.json") for watch in WatchMode}
_MONITOR: Final = "monitor-"
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
    """What one function, or several together, use."""

    seconds: float = 0.0
    requests: float = 0.0
    write_units: float = 0.0
    read_units: float = 0.0
    log_bytes: float = 0.0
    health_units: float = 0.0
    """Those of `write_units` that grow with the targets."""

    def __add__(self, other: _Used) -> _Used:
        return _Used(*map(add, astuple(self), astuple(other)))

    def times(self, factor: float) -> _Used:
        return _Used(*(value * factor for value in astuple(self)))


@dataclass(frozen=True, slots=True)
class _Measured:
    """What a file of counts holds."""

    seconds: float
    targets: float
    monitors: tuple[_Used, ...]
    """One for each vantage."""
    control: _Used
    """All other functions together."""


def monthly(configuration: Configuration, size: Size, file: Path | None = None) -> Counts:
    """The counts in `file`, or those that come with the program, for this configuration.

    Monitors count once for each vantage. Their writes of health and their log lines grow with the targets, but not the
    time that they run.

    Raises:
        ConfigurationError: the file cannot be read, every problem in it, or it was measured with another `watch`.
    """
    file = file or MEASURED[configuration.watch]
    measured = _read(file, configuration.watch)
    month = MONTH_SECONDS / measured.seconds
    control = measured.control.times(month)
    monitors = sum(measured.monitors, _Used()).times(month * size.vantages / len(measured.monitors))
    growth = len(configuration.targets) / measured.targets
    requests = monitors.requests + control.requests
    return Counts(
        monitor_gb_seconds=monitors.seconds * size.monitor_memory_mb / 1024,
        control_gb_seconds=control.seconds * size.control_memory_mb / 1024,
        requests=requests,
        write_units=monitors.write_units + (growth - 1) * monitors.health_units + control.write_units,
        read_units=monitors.read_units + control.read_units,
        metrics=_metrics(configuration, size),
        alarms=ALARMS + ALARMS_OF_A_VANTAGE * size.vantages,
        log_gb=(monitors.log_bytes * growth + control.log_bytes + LAMBDAS_OWN_LOG_BYTES * requests) / 1e9,
    )


def _metrics(configuration: Configuration, size: Size) -> int:
    """The metrics written every minute: heartbeats, that ICMP is refused (as in Lambda), and targets if wanted."""
    probes = [probe for target in configuration.targets.values() for probe in target.probes]
    refused = any(isinstance(probe, IcmpProbe) for probe in probes)
    wanted = configuration.target_figures is TargetFigures.METRICS
    each = METRICS_OF_A_TARGET * len(configuration.targets) if wanted else 0
    return size.vantages * (1 + each) + refused


def _read(file: Path, watch: WatchMode) -> _Measured:
    document = read(file)
    found = document.optional("watch", values.choice(WatchMode), WatchMode.CONTINUOUS)
    if found is not watch:
        raise ConfigurationError(f"{file}: measured with watch: {found.value}, not {watch.value}")
    seconds, targets = document.required("seconds", amount(least=1)), _targets(document)
    usage = inner(document, "usage")
    monitors: list[_Used] = []
    control = _Used()
    for name, _ in [] if usage is None else usage.entries():
        function = None if usage is None else inner(usage, name)
        used = _Used() if function is None else _used(function)
        if name.startswith(_MONITOR):
            monitors.append(used)
        else:
            control += used
    if usage is not None and not monitors:
        usage.reject_whole(f"found no function whose name begins with {_MONITOR}, expected one for each vantage")
    document.problems.raise_if_any()
    if seconds is None or targets is None:
        raise AssertionError
    return _Measured(seconds, targets, tuple(monitors), control)


def _targets(document: Section) -> float | None:
    """How many targets were watched: told, or counted in the list of watches."""
    if "targets" in document or "watches" not in document:
        return document.required("targets", amount(least=1))
    seen = {watch.required("target", values.text) for watch in each(document, "watches", "watches")}
    if not seen:
        document.reject("watches", "found no target, expected at least one")
    return float(len(seen))


def _used(function: Section) -> _Used:
    calls = [_call(one) for one in each(function, "dynamodb", "calls")]
    log = inner(function, "log") if "log" in function else None
    own = _Used(
        seconds=function.optional("duration_seconds", amount(), 0.0),
        requests=function.optional("invocations", amount(), 0.0),
        log_bytes=0.0 if log is None else log.optional("bytes", amount(), 0.0),
    )
    return sum(calls, own)


def _call(call: Section) -> _Used:
    written = call.required("write_units", amount()) or 0.0
    read_units = call.required("read_units", amount()) or 0.0
    is_health = (call.required("pk", values.text) or "").partition("#")[0] == "VANTAGE"
    return _Used(write_units=written, read_units=read_units, health_units=written if is_health else 0.0)
