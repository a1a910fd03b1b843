"""The recipes name every file that has to be touched, and no file that is not there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lab.simulator.laws.index import HERE as LAWS
from lab.simulator.mutants import MUTANTS
from routekeeper.config.steerings import SteeringType
from routekeeper.domain.steering import Steering
from routekeeper.operator.requests import ACTIONS
from tests.docs.pages import ROOT, blocks, named, rows, section
from tests.unit.config.silence import DOCUMENT

RECIPES = sorted((ROOT / "docs" / "recipes").glob("*.md"))
STEERING = ROOT / "docs" / "recipes" / "add-a-kind-of-steering.md"
ACTION = ROOT / "docs" / "recipes" / "add-an-operator-action.md"
JUDGE = ROOT / "docs" / "recipes" / "add-a-check-of-the-judge.md"
SOURCES = ("bench", "cli", "config", "docs", "functions", "lab", "layers")
SUFFIXES = {".json", ".md", ".py", ".yaml"}
NAMED = re.compile(r"`([\w.<>/-]+\.(?:expected|json|md|py|toml|yaml))`")
EXAMPLES = {
    "bench/blackout/ground.py",
    "bench/routes/__main__.py",
    "config/failover.yaml",
    "docs/decisions",
    "docs/recipes",
    "lab/configuration.py",
}
"""What uses kinds of steering and lists none."""


def files(recipe: Path) -> list[str]:
    """The file that each row of the recipe's tables begins with."""
    found = [NAMED.fullmatch(row[0]) for row in rows(recipe.read_text())]
    assert all(found), named(recipe)
    return [name[1] for name in found if name is not None]


def mentioned(recipe: Path) -> set[str]:
    """Every file that the recipe names, those of one step in the place of `<kind>` or `<action>` included."""
    names = NAMED.findall(recipe.read_text())
    return {named(path) for name in names for path in ROOT.glob(re.sub(r"<\w+>", "*", name))}


def holding(pattern: str) -> set[str]:
    """The files outside of tests in which the pattern is found."""
    paths = [path for folder in SOURCES for path in (ROOT / folder).rglob("*") if path.suffix in SUFFIXES]
    paths += [path for path in ROOT.glob("*") if path.suffix in SUFFIXES]
    found = {named(path) for path in paths if re.search(pattern, path.read_text())}
    return {name for name in found if not name.startswith(tuple(EXAMPLES))}


def kinds() -> list[str]:
    return [kind.__name__ for kind in Steering.__args__]


@pytest.mark.parametrize("recipe", RECIPES, ids=named)
def test_every_file_of_a_recipe_exists(recipe: Path) -> None:
    for name in NAMED.findall(recipe.read_text()):
        assert list(ROOT.glob(re.sub(r"<\w+>", "*", name))), name


@pytest.mark.parametrize("recipe", RECIPES, ids=named)
def test_a_recipe_says_how_many_files_it_touches(recipe: Path) -> None:
    [told] = re.findall(r"The recipe touches (\d+) files", recipe.read_text())
    assert int(told) == len(files(recipe)) == len(set(files(recipe)))


@pytest.mark.parametrize("recipe", RECIPES, ids=named)
def test_every_step_is_numbered_and_ends_with_a_command_that_checks_it(recipe: Path) -> None:
    steps = re.findall(r"^## (\d+\. .*)$", recipe.read_text(), re.MULTILINE)
    assert [int(step.partition(".")[0]) for step in steps] == list(range(1, len(steps) + 1))
    for step in steps:
        assert "```sh\n" in section(recipe, step), step


@pytest.mark.parametrize("recipe", RECIPES, ids=named)
def test_the_commands_of_a_recipe_name_what_is_there(recipe: Path) -> None:
    for block in blocks(recipe, "sh"):
        for path in re.findall(r"\btests/[\w/.-]+", block):
            assert (ROOT / path).exists(), path


def test_the_architecture_leads_to_every_recipe() -> None:
    links = re.findall(r"\(recipes/([\w-]+\.md)\)", section(ROOT / "docs" / "architecture.md", "Recipes"))
    assert links == [path.name for path in (STEERING, ACTION, JUDGE)]
    assert set(links) == {path.name for path in RECIPES}


# --- a kind of steering


def test_every_file_that_knows_the_kinds_of_steering_is_in_the_recipe() -> None:
    assert holding(rf"\b({'|'.join(kinds())})\b") <= mentioned(STEERING), "one that only constructs is an example"


def test_every_file_that_lists_the_kinds_by_name_is_in_the_recipe() -> None:
    listing = set.intersection(*(holding(rf"\b{kind.value}\b") for kind in SteeringType))
    assert listing <= mentioned(STEERING) | {"README.md"}


def test_every_file_that_lists_ec2s_calls_is_in_the_recipe() -> None:
    calls = holding(r"(?i)create_?transit_?gateway_?prefix_?list_?reference\b")
    assert calls <= mentioned(STEERING)


def test_every_file_that_lists_next_hops_is_in_the_recipe() -> None:
    assert holding(r"\bNextHopKind\.NAT_GATEWAY\b|NAT_GATEWAY =") <= mentioned(STEERING)


def test_every_kind_of_steering_is_in_the_silent_document_and_on_the_pages() -> None:
    values = {kind.value for kind in SteeringType}
    assert {group["steering"]["type"] for group in DOCUMENT["groups"].values()} == values
    tagged = {row[0].strip("`") for row in rows(section(ROOT / "docs" / "deploying.md", "Tag what may be changed"))}
    assert values <= tagged
    assert all(f"`{value}`" in (ROOT / "CHANGELOG.md").read_text() for value in values)


def test_a_kind_of_steering_has_a_module_and_a_suite() -> None:
    ours = ROOT / "layers" / "routekeeper" / "routekeeper" / "ec2" / "steering"
    for kind in SteeringType:
        name = kind.value.replace("-", "_")
        assert (ours / f"{name}.py").exists()
        assert (ROOT / "tests" / "emulated" / "ec2" / "steering" / f"test_{name}.py").exists()


# --- an operator action


def test_every_file_that_lists_the_actions_is_in_the_recipe() -> None:
    listing = holding(r"\bunpin\b") & holding(r"\bresume\b")
    listing = {name for name in listing if not name.startswith("events/")}
    assert listing <= mentioned(ACTION)


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md"])
def test_a_list_of_actions_for_people_leaves_none_out(name: str) -> None:
    text = (ROOT / name).read_text()
    assert [action for action in ACTIONS if f"`{action}`" not in text] == []


def test_the_stacks_output_names_every_action() -> None:
    [told] = re.findall(r"Description: Invoke this for (.*)", (ROOT / "template.yaml").read_text())
    assert re.split(r", | and ", told) == list(ACTIONS)


def test_the_simulators_people_ask_for_every_action_that_is_asked_of_groups() -> None:
    asked = set(re.findall(r'"action": "(\w+)"', (ROOT / "lab" / "simulator" / "fates.py").read_text()))
    assert set(ACTIONS) - asked == {"acknowledge", "history"}, "the first is in draw.py, the second changes nothing"


# --- a check of the judge


def test_the_page_on_hunting_lists_every_planted_bug() -> None:
    text = section(ROOT / "docs" / "hunting.md", "Does it bite?")
    listed = [tuple(row[:3]) for row in rows(text) if row[0].isdecimal()]
    assert sorted(listed) == sorted((str(mutant.law), mutant.name, mutant.story) for mutant in MUTANTS)
    assert f"All {len(MUTANTS)} are found" in text


def test_the_recipe_names_the_modules_that_its_check_and_its_bug_go_into() -> None:
    folders = {Path(name).parent for name in files(JUDGE)}
    assert {LAWS.relative_to(ROOT), Path("lab/simulator/mutants"), Path("docs")} == folders
