"""The bill in words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from routekeeper.domain.settings import Configuration
from routekeeper_cli.costs import bill
from routekeeper_cli.costs.counts import Size, monthly
from routekeeper_cli.costs.prices import FILE, PriceList, price_list


def statement(
    configuration: Configuration, region: str, size: Size, counts: Path | None = None, prices: Path = FILE
) -> str:
    """USD a month by item, next to other ways; lines without a final newline.

    Raises:
        ConfigurationError: counts or prices cannot be read, or have nothing to say about this.
    """
    known = price_list(region, prices)
    items = bill.items(monthly(configuration, size, counts), size, known)
    return "\n".join(_lines(configuration, region, size, known, items))


def _lines(
    configuration: Configuration, region: str, size: Size, known: PriceList, items: tuple[bill.Item, ...]
) -> Iterator[str]:
    yield (
        f"USD a month in {region}: {size.vantages} vantages, {len(configuration.targets)} targets,"
        f" watch: {configuration.watch.value}"
    )
    yield f"{'':<38}{'':>26}{'list':>9}{'with free':>11}"
    for item in items:
        yield f"{item.what:<38}{item.count:>26}{item.list_price:>9.2f}{item.with_allowance:>11.2f}".rstrip()
    listed, reduced = (sum(getattr(item, key) for item in items) for key in ("list_price", "with_allowance"))
    yield f"{'sum':<38}{'':>26}{listed:>9.2f}{reduced:>11.2f}"
    yield ""
    yield "Instead, at list price:"
    for what, price in bill.others(size, known):
        yield f"{price:>9.2f}  {what}"
    yield ""
    yield "'with free' takes off what every account has free each month; its other applications share that."
    yield f"Prices as looked up on {known.looked_up}. Not confirmed: {'; '.join(known.unconfirmed)}."
