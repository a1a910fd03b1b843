"""The results as tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

KINDS = {"tcp": "routekeeper, TCP", "icmp": "routekeeper, ICMP", "fping": "fping"}


def tables(results: Mapping[str, Any]) -> str:
    """The results in Markdown."""
    return "\n".join(_lines(results))


def _lines(results: Mapping[str, Any]) -> Iterator[str]:
    rows = {(row["kind"], row["targets"]): row for row in results["rows"]}
    counts = sorted({row["targets"] for row in results["rows"]})
    yield "Processor time of a probe in microseconds, and the memory of the whole process:"
    yield ""
    yield "| targets | " + " | ".join(f"{name}, us | MiB" for name in KINDS.values()) + " |"
    yield "| ---: |" + " ---: | ---: |" * len(KINDS)
    for count in counts:
        cells = (rows[kind, count] for kind in KINDS)
        told = (f"{row['cpu_microseconds_per_probe']:.0f} | {row['memory_mib']:.0f}" for row in cells)
        yield f"| {count:,} | " + " | ".join(told) + " |"
    yield ""
    yield "Targets that fit into a function, by processor and by memory:"
    yield ""
    yield "| memory | share of a core | probes | by processor | by memory | **fit** |"
    yield "| ---: | ---: | --- | ---: | ---: | ---: |"
    for fit in results["fits"]:
        yield (
            f"| {fit['memory_mb']} MB | {100 * fit['core_share']:.1f} % | {fit['kind'].upper()} | {fit['by_cpu']:,}"
            f" | {fit['by_memory']:,} | **{fit['targets']:,}** |"
        )
