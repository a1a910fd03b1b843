"""The results as tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def tables(results: Mapping[str, Any]) -> str:
    """The results in Markdown."""
    return "\n".join(_lines(results))


def _lines(results: Mapping[str, Any]) -> Iterator[str]:
    heads = (
        "tables",
        "bucket",
        "seconds",
        "the bucket alone",
        "F5, published",
        "calls",
        "throttled",
        "processor, s",
        "left",
    )
    yield f"| {' | '.join(heads)} |"
    yield "| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    published = results["published_f5"]
    for row in results["rows"]:
        other = published.get(str(row["tables"]))
        yield (
            f"| {row['tables']} | {row['capacity']:g} + {row['per_second']:g}/s | **{row['seconds']:.1f}**"
            f" | {row['least_seconds']:.1f} | {'' if other is None else f'{other:g}'} | {row['calls']}"
            f" | {row['throttled']} | {row['cpu_seconds']:.1f} | {row['left_behind']} |"
        )
