"""The results as tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def tables(results: Mapping[str, Any]) -> str:
    """The results in Markdown."""
    return "\n".join(_lines(results))


def _lines(results: Mapping[str, Any]) -> Iterator[str]:
    bills = results["bills"]
    one = next(iter(bills.values()))
    yield (
        f"USD a month in {results['region']} for {one['vantages']} vantages and {one['targets']} targets; *with free*:"
        " less what every account has free each month."
    )
    yield ""
    yield "| | " + " | ".join(f"{name}, count | list | with free" for name in bills) + " |"
    yield "| --- |" + " ---: | ---: | ---: |" * len(bills)
    for number, item in enumerate(one["items"]):
        cells = (bill["items"][number] for bill in bills.values())
        yield (
            f"| {item['what']} | "
            + " | ".join(f"{cell['count']} | {cell['list']:.2f} | {cell['with_allowance']:.2f}" for cell in cells)
            + " |"
        )
    sums = (f"| {bill['list']:.2f} | {bill['with_allowance']:.2f}" for bill in bills.values())
    yield "| **sum** | " + " | ".join(sums) + " |"
    yield ""
    yield "| instead, at list price | USD a month |"
    yield "| --- | ---: |"
    for other in one["others"]:
        yield f"| {other['what']} | {other['list']:.2f} |"
    yield ""
    yield f"Prices as looked up on {one['looked_up']}. Not confirmed: {'; '.join(one['unconfirmed'])}. Sources:"
    yield ""
    yield from (f"- {source}" for source in one["sources"])
