"""The layer ships only what functions run: every module of the package is reached from a handler."""

from __future__ import annotations

from pathlib import Path

import grimp

ROOT = Path(__file__).parents[2]
HANDLERS = frozenset(f"functions.{app.parent.name}.app" for app in (ROOT / "functions").glob("*/app.py"))


def reached(graph: grimp.ImportGraph, start: frozenset[str]) -> set[str]:
    """What is imported by these modules, by those in turn, and so on.

    An import counts wherever it stands in a file, so those that wait until they are needed are found. Whatever is
    imported brings the packages around it.
    """
    found, ahead = set[str](), set(start)
    while ahead:
        module = ahead.pop()
        if module in found:
            continue
        found.add(module)
        ahead |= graph.find_modules_directly_imported_by(module) - found
        around = module.rpartition(".")[0]
        if around in graph.modules:
            ahead.add(around)
    return found


def test_the_layer_holds_no_module_that_no_function_can_reach() -> None:
    graph = grimp.build_graph("functions", "routekeeper", cache_dir=None)
    assert {module for module in graph.modules if module.endswith(".app")} == HANDLERS
    shipped = {module for module in graph.modules if module.split(".")[0] == "routekeeper"}
    unreached = sorted(shipped - reached(graph, HANDLERS))
    assert not unreached, f"no function can reach {', '.join(unreached)}: they belong outside of the layer"
