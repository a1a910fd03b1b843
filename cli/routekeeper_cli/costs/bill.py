"""The bill: items at list price and with the free allowance, next to other ways of doing the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from routekeeper_cli.costs.counts import MONTH_SECONDS, Counts, Size
from routekeeper_cli.costs.prices import PriceList

HOURS: Final = MONTH_SECONDS / 3600
_FEW: Final = 10


@dataclass(frozen=True, slots=True)
class Item:
    """One line: USD a month."""

    what: str
    count: str
    list_price: float
    with_allowance: float


def items(counts: Counts, size: Size, known: PriceList) -> tuple[Item, ...]:
    """What a deployment costs by item."""
    prices, free = known.prices, known.allowances
    gb_second = prices.lambda_gb_second_arm64 if size.arm64 else prices.lambda_gb_second_x86_64
    all_gb_seconds = counts.monitor_gb_seconds + counts.control_gb_seconds
    paid = max(0.0, all_gb_seconds - free.lambda_gb_seconds) / all_gb_seconds if all_gb_seconds else 0.0

    def lambda_item(what: str, gb_seconds: float) -> Item:
        price = gb_seconds * gb_second
        return Item(what, f"{gb_seconds:,.0f} GB-s", price, price * paid)

    def item(what: str, count: float, unit: str, price: float, allowance: float = 0.0) -> Item:
        return Item(
            what, f"{count:,.{2 if count < _FEW else 0}f} {unit}", count * price, max(0.0, count - allowance) * price
        )

    return (
        lambda_item("Lambda, monitors", counts.monitor_gb_seconds),
        lambda_item("Lambda, router, restarter, operator", counts.control_gb_seconds),
        item("Lambda, requests", counts.requests, "requests", prices.lambda_request, free.lambda_requests),
        item("DynamoDB, writes", counts.write_units, "units", prices.dynamodb_write_unit),
        item("DynamoDB, reads", counts.read_units, "units", prices.dynamodb_read_unit),
        item("CloudWatch, metrics", counts.metrics, "metrics", prices.metric, free.metrics),
        item("CloudWatch, alarms", counts.alarms, "alarms", prices.alarm, free.alarms),
        item("CloudWatch, logs", counts.log_gb, "GB", prices.log_gb, free.log_gb),
        Item("Endpoints", "none needed", 0.0, 0.0),
    )


def others(size: Size, known: PriceList) -> Iterator[tuple[str, float]]:
    """Other ways in USD a month, at list price and for as many zones. Traffic is not counted anywhere."""
    prices, zones = known.prices, size.vantages
    standby = zones * HOURS * prices.nat_gateway_hour
    endpoints = 2 * zones * HOURS * prices.interface_endpoint_hour
    yield "alterNAT's shape: a standby NAT gateway and endpoints for EC2 and Lambda in each zone", standby + endpoints
    host = HOURS * (prices.host_hour + prices.public_address_hour) + prices.host_disk_month
    yield "a host that runs the script (t3.micro)", host
    yield "a managed NAT gateway in each zone, which fails over inside its zone only", standby
