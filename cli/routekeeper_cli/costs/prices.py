"""Prices by region, from a file that names its sources."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

from routekeeper.domain.errors import ConfigurationError

FILE: Final = Path(__file__).with_name("prices.json")


@dataclass(frozen=True, slots=True)
class Prices:
    """List prices of one region in USD."""

    lambda_gb_second_arm64: float
    lambda_gb_second_x86_64: float
    lambda_request: float
    dynamodb_write_unit: float
    dynamodb_read_unit: float
    metric: float
    """For a month, as `alarm` is."""
    alarm: float
    log_gb: float
    """For ingestion."""
    interface_endpoint_hour: float
    """In one zone."""
    nat_gateway_hour: float
    host_hour: float
    host_disk_month: float
    public_address_hour: float


@dataclass(frozen=True, slots=True)
class Allowances:
    """What every account has free each month, without an end. All of its applications share it."""

    lambda_gb_seconds: float
    lambda_requests: float
    metrics: float
    alarms: float
    log_gb: float


@dataclass(frozen=True, slots=True)
class PriceList:
    prices: Prices
    allowances: Allowances
    looked_up: str
    """The day."""
    unconfirmed: tuple[str, ...]
    sources: tuple[str, ...]


def price_list(region: str, file: Path = FILE) -> PriceList:
    """The prices of a region.

    Raises:
        ConfigurationError: the file cannot be read, or does not know the region.
    """
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as err:
        raise ConfigurationError(f"{file}: cannot be read: {err}") from err
    regions = document["regions"]
    if region not in regions:
        known = ", ".join(sorted(regions))
        raise ConfigurationError(f"{file}: no prices for {region}, only for {known}; add yours and name the source")
    return PriceList(
        Prices(**_numbers(Prices, regions[region])),
        Allowances(**_numbers(Allowances, document["allowances"])),
        document["looked_up"],
        tuple(document["unconfirmed"]),
        tuple(document["sources"].values()),
    )


def _numbers(kind: type[Prices | Allowances], found: Mapping[str, float]) -> dict[str, float]:
    return {field.name: float(found[field.name]) for field in fields(kind)}
