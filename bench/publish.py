"""`python -m bench.publish [PART...]`: what was measured goes into docs/, so that no number is typed by hand.

Of each part that has run, docs/bench/ gets the picture and the results without their raw records, and the text between
`<!-- NAME -->` and `<!-- /NAME -->` in docs/benchmarks.md is written anew.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from bench import results_file
from bench.blackout import report as blackout
from bench.cost import report as cost
from bench.decisions import report as decisions
from bench.probing import report as probing
from bench.routes import report as routes
from bench.start import report as start
from bench.unwatched import report as unwatched

DOCUMENT: Final = results_file.PROJECT / "docs" / "benchmarks.md"
PUBLISHED: Final = results_file.PROJECT / "docs" / "bench"
RAW: Final = ("occurrences",)
"""Keys of raw records, which stay in build/."""
PARTS: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "blackout": blackout.tables,
    "unwatched": unwatched.tables,
    "probing": probing.tables,
    "start": start.tables,
    "routes": routes.tables,
    "cost": cost.tables,
    "decisions": decisions.tables,
}


def publish(document: Path = DOCUMENT, parts: Iterable[str] = PARTS) -> None:
    """Publish these parts, as far as they have run."""
    text = document.read_text()
    for name, tables in ((name, PARTS[name]) for name in parts):
        if not (results_file.DIRECTORY / f"{name}.json").exists():
            print(f"{name} has not run: left as it is")
            continue
        results = results_file.read(name)
        text = replaced(text, name, section(name, results, tables))
        _keep(name, results)
    document.write_text(text)


def section(name: str, results: Mapping[str, Any], tables: Callable[[Mapping[str, Any]], str]) -> str:
    """A part's figures in Markdown: against what was wanted, the picture, the tables, the machine."""
    wanted = [
        f"| {w['what']} | {w['limit']} | {w['found']} | {'yes' if w['holds'] else '**no**'} |"
        for w in results["wanted"]
    ]
    head = ["| | wanted | found | holds |", "| --- | --- | --- | --- |"]
    return "\n\n".join(
        ("\n".join([*head, *wanted]), f"![{name}](bench/{name}.png)", tables(results), _machine(results))
    )


def replaced(text: str, name: str, new: str) -> str:
    """The document with a part's text between its markers. Raises ValueError where the markers are missing."""
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"no place for {name}: <!-- {name} --> and <!-- /{name} --> are missing")
    return pattern.sub(lambda found: f"{found[1]}\n{new}\n\n{found[2]}", text)


def _machine(results: Mapping[str, Any]) -> str:
    machine = results["machine"]
    told = f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB, {machine['system']}"
    return f"Measured at {machine['measured_at']} on: {told}, Python {machine['python']}.{_load(results)}"


def _load(results: Mapping[str, Any]) -> str:
    loads = results.get("loads") or []
    return f" Load average meanwhile: {min(loads):.1f} to {max(loads):.1f}." if loads else ""


def _keep(name: str, results: Mapping[str, Any]) -> None:
    PUBLISHED.mkdir(parents=True, exist_ok=True)
    kept = {key: value for key, value in results.items() if key not in RAW}
    (PUBLISHED / f"{name}.json").write_text(json.dumps(kept, indent=1) + "\n")
    shutil.copy(results_file.DIRECTORY / f"{name}.png", PUBLISHED / f"{name}.png")


if __name__ == "__main__":
    publish(parts=sys.argv[1:] or PARTS)
