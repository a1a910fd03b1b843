"""The results as tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def tables(results: Mapping[str, Any]) -> str:
    """The results in Markdown."""
    return "\n".join(_lines(results))


def _lines(results: Mapping[str, Any]) -> Iterator[str]:
    yield f"Of {results['runs']} fresh interpreters each, taken in turn:"
    yield ""
    yield "| | least, ms | median, ms | processor, ms | x `import boto3` |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for row in results["rows"]:
        seconds = (row["wall_seconds_least"], row["wall_seconds"], row["cpu_seconds"])
        told = " | ".join(f"{1000 * one:.0f}" for one in seconds)
        yield f"| {row['name']} | {told} | {row['ratio']:.2f} |"
    functions = [row for row in results["rows"] if row["parts"]]
    yield ""
    yield "What takes the time, in ms, as `-X importtime` sees it (it takes time itself):"
    yield ""
    yield "| | " + " | ".join(row["name"] for row in functions) + " |"
    yield "| --- |" + " ---: |" * len(functions)
    for part in functions[0]["parts"]:
        yield f"| {part} | " + " | ".join(f"{1000 * row['parts'][part]:.0f}" for row in functions) + " |"
