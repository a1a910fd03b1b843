"""The results as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def tables(results: Mapping[str, Any]) -> str:
    """The results in Markdown: intervals by target and vantage, then what was used up by function."""
    return "\n\n".join((_intervals(results), _usage(results)))


def _intervals(results: Mapping[str, Any]) -> str:
    rows = [
        f"| {one['target']} | {one['vantage']} | {one['longest_seconds']:.3f} | {one['intervals_over_1.5']} |"
        f" {one['rounds_arrived']} | {one['rounds_sent_by_own_account']} |"
        for one in results["watches"]
    ]
    head = "| target | vantage | longest interval, s | intervals over 1.5 s | rounds arrived | rounds sent, it says |"
    return "\n".join([head, "| --- | --- | ---: | ---: | ---: | ---: |", *rows])


def _usage(results: Mapping[str, Any]) -> str:
    head = "| function | invocations | GB-s | read units | write units | log bytes | of it metrics | custom metrics |"
    rows = []
    for name, one in results["usage"].items():
        reads = sum(kind["read_units"] for kind in one["dynamodb"])
        writes = sum(kind["write_units"] for kind in one["dynamodb"])
        log = one["log"]
        rows.append(
            f"| {name} | {one['invocations']} | {one['gb_seconds']:.1f} | {reads:g} | {writes:g} | {log['bytes']:,} |"
            f" {log['metric_bytes']:,} | {len(log['metrics'])} |"
        )
    minutes = results["seconds"] / 60
    title = f"What {minutes:g} minutes used up:"
    return "\n".join([title, "", head, "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |", *rows])
