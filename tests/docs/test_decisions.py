"""Every decision page can be found from the code that it is about."""

import re
from collections.abc import Iterator

import pytest

from tests.docs.pages import ROOT

DECISIONS = ROOT / "docs" / "decisions"
WHY = re.compile(r"^[ #]*Why: (.+)$", re.MULTILINE)
CODE = ("layers", "functions", "cli", "lab")
"""Where a module's docstring may name the decisions that it rests on."""
BESIDE = ("Makefile", "template.yaml")
"""Files in which a comment does so."""
OF_NO_MODULE: dict[str, str] = {}
"""Pages that no module is about, each with the reason."""


def reasons() -> Iterator[tuple[str, str]]:
    """Every page that is named as a reason, and the file that names it."""
    modules = (path for folder in CODE for path in (ROOT / folder).rglob("*.py"))
    for path in (*modules, *(ROOT / name for name in BESIDE)):
        for line in WHY.findall(path.read_text()):
            for page in line.split(", "):
                yield page, str(path.relative_to(ROOT))


@pytest.mark.parametrize(("page", "module"), sorted(reasons()))
def test_a_reason_is_a_decision_page_that_exists(page: str, module: str) -> None:
    del module  # only named in the test's ID
    assert (ROOT / page).parent == DECISIONS
    assert (ROOT / page).is_file()


def test_every_decision_page_is_named_by_the_code_that_it_is_about() -> None:
    pages = {path.relative_to(ROOT).as_posix() for path in DECISIONS.glob("*.md")} - {"docs/decisions/README.md"}
    named = {page for page, _ in reasons()}
    assert pages - named == set(OF_NO_MODULE)
