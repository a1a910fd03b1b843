"""The bill, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from routekeeper.domain.settings import Configuration
from routekeeper_cli.costs import bill
from routekeeper_cli.costs.counts import Size, monthly
from routekeeper_cli.costs.prices import FILE, PriceList, price_list


@dataclass(frozen=True, slots=True)
class Statement:
    """USD a month by item, next to other ways."""

    configuration: Configuration
    region: str
    size: Size
    known: PriceList
    items: tuple[bill.Item, ...]

    @classmethod
    def of(
        cls, configuration: Configuration, region: str, size: Size, counts: Path | None, prices: Path | None
    ) -> Statement:
        """What a configuration costs, by the given counts and prices or by those that come with the command.

        Raises:
            ConfigurationError: counts or prices cannot be read, or do not cover this.
        """
        known = price_list(region, prices or FILE)
        items = bill.items(monthly(configuration, size, counts), size, known)
        return cls(configuration, region, size, known, items)

    @property
    def list_sum(self) -> float:
        return sum(item.list_price for item in self.items)

    @property
    def sum_with_allowance(self) -> float:
        return sum(item.with_allowance for item in self.items)

    def lines(self) -> Iterator[str]:
        yield (
            f"USD a month in {self.region}: {self.size.vantages} vantages, {len(self.configuration.targets)} targets,"
            f" watch: {self.configuration.watch.value}"
        )
        yield f"{'':<38}{'':>26}{'list':>9}{'with free':>11}"
        for item in self.items:
            yield f"{item.what:<38}{item.count:>26}{item.list_price:>9.2f}{item.with_allowance:>11.2f}".rstrip()
        yield f"{'sum':<38}{'':>26}{self.list_sum:>9.2f}{self.sum_with_allowance:>11.2f}"
        yield ""
        yield "Instead, at list price:"
        for what, price in bill.others(self.size, self.known):
            yield f"{price:>9.2f}  {what}"
        yield ""
        yield "'with free' takes off what every account has free each month; its other applications share that."
        yield f"Prices as looked up on {self.known.looked_up}. Not confirmed: {'; '.join(self.known.unconfirmed)}."

    def plain(self) -> dict[str, object]:
        """The same for JSON, unrounded."""
        return {
            "region": self.region,
            "vantages": self.size.vantages,
            "targets": len(self.configuration.targets),
            "watch": self.configuration.watch.value,
            "items": [
                {
                    "what": item.what,
                    "count": item.count,
                    "list_usd": item.list_price,
                    "with_free_usd": item.with_allowance,
                }
                for item in self.items
            ],
            "sum": {"list_usd": self.list_sum, "with_free_usd": self.sum_with_allowance},
            "instead": [{"what": what, "list_usd": price} for what, price in bill.others(self.size, self.known)],
            "prices_looked_up": self.known.looked_up,
            "prices_not_confirmed": list(self.known.unconfirmed),
        }
