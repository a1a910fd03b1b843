"""Prices by region, from a file that names its sources."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

from routekeeper.config import values
from routekeeper.config.section import Section
from routekeeper.domain.errors import ConfigurationError
from routekeeper.domain.quoting import short
from routekeeper_cli.costs.reading import amount, inner, read, texts

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
        ConfigurationError: the file cannot be read, or every problem in it, one on a line, or it does not know the
            region.
    """
    document = read(file)
    regions, allowances = inner(document, "regions"), inner(document, "allowances")
    free = None if allowances is None else _numbers(Allowances, allowances)
    looked_up = document.required("looked_up", values.text)
    sources = inner(document, "sources")
    told = () if sources is None else tuple(sources.required(key, values.text) or "" for key, _ in sources.entries())
    document.problems.raise_if_any()
    if regions is None or free is None or looked_up is None:
        raise AssertionError
    if region not in regions:
        known = ", ".join(sorted(short(key) for key, _ in regions.entries()))
        raise ConfigurationError(
            f"{file}: no prices for {short(region)}, only for {short(known, 1000)}; add yours and name the source"
        )
    here = inner(regions, region)
    prices = None if here is None else _numbers(Prices, here)
    document.problems.raise_if_any()
    if prices is None:
        raise AssertionError
    return PriceList(Prices(**prices), Allowances(**free), looked_up, texts(document, "unconfirmed"), told)


def _numbers(kind: type[Prices | Allowances], found: Section) -> dict[str, float]:
    """Each number of a kind; one that is missing or wrong is noted and left at 0."""
    return {field.name: found.required(field.name, amount()) or 0.0 for field in fields(kind)}
