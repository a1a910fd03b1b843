"""The page on the architecture is a map of the tree: everything is on it, and nothing else is."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import grimp
import pytest

from tests.docs.pages import ROOT, rows, section

PAGE = ROOT / "docs" / "architecture.md"
PICTURE = ROOT / "docs" / "architecture.svg"
PACKAGE = ROOT / "layers" / "routekeeper" / "routekeeper"
COMMAND = ROOT / "cli" / "routekeeper_cli"
PLACES = {
    "functions/": ROOT / "functions",
    "layers/routekeeper/routekeeper/": PACKAGE,
    "cli/routekeeper_cli/": COMMAND,
    "lab/": ROOT / "lab",
    "bench/": ROOT / "bench",
    "tests/": ROOT / "tests",
}
"""Each directory that has a table of its packages, by its heading."""
ROW = re.compile(r"^`([\w/]+)/`$")
ELSEWHERE = {"cli/routekeeper_cli/": "laptop or CI"} | dict.fromkeys(("lab/", "bench/", "tests/"), "never deployed")


def part(place: str) -> str:
    """What the page says of one directory."""
    found = re.search(rf"^### `{place}`\n(.*?)(?=^##|\Z)", section(PAGE, "The packages"), re.MULTILINE | re.DOTALL)
    assert found is not None, place
    return found[1]


def listed(place: str) -> dict[str, tuple[str, str]]:
    """Where each package runs and what it holds, by its path below the place."""
    found = {}
    for name, where, holds in rows(part(place)):
        row = ROW.match(name)
        assert row is not None, name
        found[row[1]] = (where, holds)
    return found


def packages(root: Path) -> set[str]:
    """Every directory with code in it below the root."""
    holders = {path.parent for path in root.rglob("*.py")} - {root}
    return {holder.relative_to(root).as_posix() for holder in holders}


def modules(folder: Path) -> set[str]:
    return {path.stem for path in folder.glob("*.py")} - {"__init__"}


@pytest.mark.parametrize("place", ["functions/", "layers/routekeeper/routekeeper/", "cli/routekeeper_cli/", "bench/"])
def test_every_package_has_a_row_and_every_row_a_package(place: str) -> None:
    assert set(listed(place)) == packages(PLACES[place])


def test_every_package_of_the_laboratory_has_a_row() -> None:
    found = {path.parent.relative_to(ROOT / "lab").as_posix() for path in (ROOT / "lab").rglob("__init__.py")} - {"."}
    assert set(listed("lab/")) == found


def test_every_suite_has_a_row() -> None:
    assert set(listed("tests/")) == {name.partition("/")[0] for name in packages(ROOT / "tests")}


@pytest.mark.parametrize("place", PLACES)
def test_the_modules_that_a_row_names_are_in_its_package(place: str) -> None:
    for package, (_, holds) in listed(place).items():
        folder = PLACES[place] / package
        named = set(re.findall(r"`([a-z]\w*)`", holds)) - {"make"}
        assert named <= modules(folder) | {path.name for path in folder.iterdir() if path.is_dir()}, package


@pytest.mark.parametrize("package", ["domain", "router"])
def test_every_module_has_a_row_and_every_row_a_module(package: str) -> None:
    named = [name.strip("`") for name, _ in rows(section(PAGE, f"The modules of `{package}/`"))]
    assert len(named) == len(set(named))
    assert set(named) == modules(PACKAGE / package)


@pytest.mark.parametrize("place", ELSEWHERE)
def test_what_no_function_runs_says_where_it_runs(place: str) -> None:
    assert {where for where, _ in listed(place).values()} == {ELSEWHERE[place]}


def reached(graph: grimp.ImportGraph, start: str) -> set[str]:
    """What is imported by the module, by those in turn, and so on, with the packages around them."""
    found, ahead = set[str](), {start}
    while ahead:
        module = ahead.pop()
        if module not in found:
            found.add(module)
            ahead |= graph.find_modules_directly_imported_by(module)
            ahead |= {module.rpartition(".")[0]} & graph.modules
    return found


def test_a_package_of_the_layer_says_which_functions_can_import_it() -> None:
    graph = grimp.build_graph("functions", "routekeeper", cache_dir=None)
    handlers = {name: reached(graph, f"functions.{name}.app") for name in listed("functions/")}
    for package, (where, _) in listed("layers/routekeeper/routekeeper/").items():
        dotted = f"routekeeper.{package.replace('/', '.')}"
        importing = [name for name, imported in handlers.items() if dotted in imported]
        assert where == ", ".join(importing), package


def test_monitors_alone_run_in_the_vpc() -> None:
    assert {name: "VPC" in where for name, (where, _) in listed("functions/").items()} == {
        "monitor": True,
        "router": False,
        "restarter": False,
        "operator": False,
    }


@pytest.mark.parametrize("place", ["layers/routekeeper/routekeeper/", "cli/routekeeper_cli/"])
def test_the_layers_on_the_page_are_those_that_import_linter_holds(place: str) -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [held] = [one["layers"] for one in contracts if one.get("containers") == [PLACES[place].name]]
    told = re.findall(r"^\d+\. (.*)$", part(place), re.MULTILINE)
    assert [set(re.findall(r"`(\w+)`", line)) for line in told] == [set(line.split(" | ")) for line in held]


def test_what_stands_beside_the_code_is_there() -> None:
    beside = section(PAGE, "The packages").partition("### ")[0]
    for name, _ in rows(beside):
        assert (ROOT / name.strip("`")).exists(), name
    named = {name.strip("`").partition("/")[0] for name, _ in rows(beside)}
    folders = {path.parent.name for path in ROOT.glob("*/*") if not path.parent.name.startswith((".", "build"))}
    folders -= {path.name for path in ROOT.glob("*.egg-info")}
    assert folders - {place.partition("/")[0] for place in PLACES} <= named


def laws() -> Iterator[tuple[str, str]]:
    """Each law with what the page says holds it."""
    for law, held_by, _ in rows(section(PAGE, "The laws")):
        yield law.partition(".")[0], held_by


@pytest.mark.parametrize(("law", "held_by"), list(laws()))
def test_what_holds_a_law_is_there(law: str, held_by: str) -> None:
    places = [PACKAGE / name for name in re.findall(r"`(\w+/(?:\w+\.py)?)`", held_by)]
    assert all(place.exists() for place in places), law
    code = "".join(place.read_text() for place in places if place.is_file())
    for name in re.findall(r"`(\w+)`", held_by):
        assert re.search(rf"\b{name}\b", code), f"law {law}: {name}"


def test_the_picture_shows_every_package_of_the_layer_and_of_the_command() -> None:
    picture = ET.parse(PICTURE).getroot()  # noqa: S314  # our own file
    names = [child.text or "" for child in picture.iter() if child.get("class") == "name"]
    tops = {name.partition("/")[0] for name in packages(PACKAGE)}
    command = {name.partition("/")[0] for name in packages(COMMAND)} | modules(COMMAND) - {"__main__"}
    elsewhere = {path.parent.name for path in (ROOT / "lab").glob("*/__init__.py")} | {"bench", "tests"}
    assert set(names) == tops | command | elsewhere
    assert {child.tag.rpartition("}")[2] for child in picture} >= {"title", "desc"}


def test_the_picture_says_which_functions_import_an_adapter() -> None:
    text = PICTURE.read_text()
    for package, (where, _) in listed("layers/routekeeper/routekeeper/").items():
        box = re.search(rf'>{package}</text>\n.*>[^<]*</text>\n.*class="note".*>([\w, ]+)</text>', text)
        if package in ("announcing", "config", "ec2", "probes", "store"):
            assert box is not None, package
            assert box[1] == ("all four" if where.count(",") == 3 else where), package
