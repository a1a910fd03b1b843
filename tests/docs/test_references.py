"""What a page refers to is there."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.docs.pages import PAGES, ROOT, anchors, named, prose

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
PATH = re.compile(r"`((?:cli|config|docs|events|functions|lab|layers|requirements|tests)/[\w./*-]*)`")
MAKEFILE = (ROOT / "Makefile").read_text()
BENCHES = {f"bench-{part}" for part in re.findall(r"^BENCHES := (.*)$", MAKEFILE, re.MULTILINE)[0].split()}
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE)) | BENCHES


def each_page(page: Path) -> str:
    return named(page)


@pytest.mark.parametrize("page", PAGES, ids=each_page)
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for link in LINK.findall(prose(page)):
        if link.startswith(("https://", "mailto:")):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=each_page)
def test_every_path_of_the_project_that_is_named_exists(page: Path) -> None:
    for path in PATH.findall(page.read_text()):
        assert any(ROOT.glob(path.rstrip("/"))), path


@pytest.mark.parametrize("page", PAGES, ids=each_page)
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    called = re.findall(r"^make ([a-z-]+)|`make ([a-z-]+)`", page.read_text(), re.MULTILINE)
    assert {first or second for first, second in called} <= TARGETS


def test_the_readme_names_the_two_commands_that_a_newcomer_runs() -> None:
    assert {"make demo", "make test"} <= set(re.findall(r"make \w+", (ROOT / "README.md").read_text()))


def test_every_decision_is_listed_and_has_its_three_parts() -> None:
    decisions = ROOT / "docs" / "decisions"
    pages = {page.name for page in decisions.glob("*.md")} - {"README.md"}
    assert set(re.findall(r"^\| \[([\w-]+\.md)\]", (decisions / "README.md").read_text(), re.MULTILINE)) == pages
    for name in pages:
        headings = re.findall(r"^## (.+)$", (decisions / name).read_text(), re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences"], name


def test_the_picture_of_the_data_flow_can_be_drawn_and_read_aloud() -> None:
    picture = ET.parse(ROOT / "docs" / "data-flow.svg").getroot()  # noqa: S314  # our own file
    names = [child.tag.rpartition("}")[2] for child in picture]
    assert {"title", "desc"} <= set(names)
