"""The bill: counts that were measured, scaled to a configuration, times prices that name their source."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from routekeeper.domain.errors import ConfigurationError
from routekeeper.domain.settings import Configuration, IcmpProbe, Target, TargetFigures, TcpProbe, WatchMode
from routekeeper_cli.costs import bill
from routekeeper_cli.costs.counts import MEASURED, MONTH_SECONDS, Counts, Size, monthly
from routekeeper_cli.costs.prices import PriceList, price_list
from routekeeper_cli.main import main
from tests.template.rendering import of_type, render
from tests.unit.config.documents import EXAMPLE

REGION = "us-east-1"


def function(seconds: float, writes: float = 0, reads: float = 0, log_bytes: int = 0, pk: str = "VANTAGE") -> Any:
    return {
        "invocations": 10,
        "duration_seconds": seconds,
        "dynamodb": [{"pk": pk, "write_units": writes, "read_units": reads}],
        "log": {"bytes": log_bytes},
    }


MEASURED_HERE = {
    "watch": "continuous",
    "seconds": 600,
    "targets": 2,
    "usage": {
        "monitor-a": function(600, writes=120, reads=600, log_bytes=1000),
        "monitor-b": function(600, writes=120, reads=600, log_bytes=1000),
        "router": function(2, reads=50, log_bytes=500, pk="GROUP"),
    },
}


def configuration(targets: int = 2, **changes: Any) -> Configuration:
    named = {f"t{n}": Target(f"t{n}", (TcpProbe("10.0.0.1", 22, 0.6),)) for n in range(targets)}
    return Configuration(named, {}, **changes)


@pytest.fixture
def counts(tmp_path: Path) -> Path:
    file = tmp_path / "counts.json"
    file.write_text(json.dumps(MEASURED_HERE))
    return file


def test_what_was_measured_is_scaled_to_a_month(counts: Path) -> None:
    found = monthly(configuration(), Size(), counts)
    assert found.monitor_gb_seconds == pytest.approx(2 * MONTH_SECONDS * 128 / 1024)
    assert found.control_gb_seconds == pytest.approx(2 / 600 * MONTH_SECONDS * 256 / 1024)
    assert found.requests == pytest.approx(30 / 600 * MONTH_SECONDS)
    assert found.write_units == pytest.approx(240 / 600 * MONTH_SECONDS)
    assert found.read_units == pytest.approx(1250 / 600 * MONTH_SECONDS)


def test_another_vantage_is_another_monitor(counts: Path) -> None:
    two, three = (monthly(configuration(), Size(vantages=n), counts) for n in (2, 3))
    assert three.monitor_gb_seconds == pytest.approx(1.5 * two.monitor_gb_seconds)
    assert three.control_gb_seconds == two.control_gb_seconds
    assert three.alarms == two.alarms + 2


def test_more_targets_make_heartbeats_and_log_lines_longer_and_nothing_else(counts: Path) -> None:
    few, many = (monthly(configuration(n), Size(), counts) for n in (2, 4))
    assert many.write_units == pytest.approx(2 * few.write_units)
    assert many.log_gb > few.log_gb
    assert (many.monitor_gb_seconds, many.read_units) == (few.monitor_gb_seconds, few.read_units)


def test_metrics_are_heartbeats_unless_those_of_targets_are_wanted(counts: Path) -> None:
    assert monthly(configuration(), Size(), counts).metrics == 2
    wanted = configuration(5, target_figures=TargetFigures.METRICS)
    assert monthly(wanted, Size(), counts).metrics == 2 + 2 * 5 * 3
    pinged = Configuration({"dx": Target("dx", (IcmpProbe("10.0.0.1", 0.6),))}, {})
    assert monthly(pinged, Size(), counts).metrics == 3


def test_counts_of_the_other_way_of_watching_are_refused(counts: Path) -> None:
    with pytest.raises(ConfigurationError, match="measured with watch: continuous, not burst"):
        monthly(configuration(watch=WatchMode.BURST), Size(), counts)


@pytest.mark.parametrize(
    "text", ["", "[]", '{"watch": "continuous"}', '{"seconds": 0, "targets": 1, "usage": {"a": 1}}']
)
def test_a_file_without_counts_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "counts.json"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=str(file)):
        monthly(configuration(), Size(), file)


def known() -> PriceList:
    return price_list(REGION)


def test_a_region_without_prices_is_refused_by_name() -> None:
    with pytest.raises(ConfigurationError, match="no prices for mars-1, only for eu-central-1, us-east-1"):
        price_list("mars-1")


def test_allowances_come_off_and_never_below_nothing() -> None:
    counts = Counts(300_000, 100_000, 900_000, 1e6, 1e6, metrics=12, alarms=15, log_gb=1)
    items = {item.what: item for item in bill.items(counts, Size(), known())}
    assert items["Lambda, monitors"].list_price == pytest.approx(4.00, abs=0.01)
    assert items["Lambda, monitors"].with_allowance == 0
    assert items["CloudWatch, metrics"].with_allowance == pytest.approx(0.60)
    assert items["CloudWatch, alarms"].with_allowance == pytest.approx(0.50)
    assert items["DynamoDB, writes"].with_allowance == items["DynamoDB, writes"].list_price == pytest.approx(0.625)


def test_x86_costs_a_quarter_more() -> None:
    counts = Counts(1e6, 0, 0, 0, 0, 0, 0, 0)
    arm, x86 = (bill.items(counts, Size(arm64=arm64), known())[0].list_price for arm64 in (True, False))
    assert x86 == pytest.approx(1.25 * arm, rel=0.001)


@pytest.mark.parametrize(("vantages", "parameters"), [(1, {}), (2, {"VantageSubnetB": "subnet-0b"})])
def test_alarms_are_counted_as_the_template_has_them(vantages: int, parameters: dict[str, str]) -> None:
    found = monthly(configuration(), Size(vantages=vantages))
    assert found.alarms == len(of_type(render(**parameters), "AWS::CloudWatch::Alarm"))


def test_sizes_are_the_templates_defaults() -> None:
    rendered = render()
    assert rendered["MonitorA"]["Properties"]["MemorySize"] in (Size().monitor_memory_mb, str(Size().monitor_memory_mb))
    assert rendered["Router"]["Properties"]["MemorySize"] in (Size().control_memory_mb, str(Size().control_memory_mb))


@pytest.mark.parametrize("watch", list(WatchMode))
def test_measured_counts_come_with_the_program_for_both_ways_of_watching(watch: WatchMode) -> None:
    assert MEASURED[watch].exists()
    assert monthly(configuration(watch=watch), Size()).write_units > 0


def test_cost_prints_the_items_their_sum_and_what_others_cost(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", "--config", str(EXAMPLE), "--region", REGION]) == 0
    said = capsys.readouterr().out
    for word in ("Lambda, monitors", "DynamoDB, writes", "CloudWatch, logs", "Endpoints", "sum", "alterNAT", "script"):
        assert word in said
    assert "Not confirmed:" in said


def test_cost_tells_programs_the_same_sum(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["cost", "--config", str(EXAMPLE), "--region", REGION, "--vantages", "3", "--x86"]
    assert main(arguments) == 0
    [line] = [line for line in capsys.readouterr().out.splitlines() if line.startswith("sum ")]
    assert main([*arguments, "--output", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert line.split()[1:] == [f"{told['sum'][key]:.2f}" for key in ("list_usd", "with_free_usd")]
    assert sum(item["list_usd"] for item in told["items"]) == pytest.approx(told["sum"]["list_usd"])


def test_cost_without_prices_exits_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", "--config", str(EXAMPLE), "--region", "mars-1"]) == 2
    assert "no prices for mars-1" in capsys.readouterr().err
