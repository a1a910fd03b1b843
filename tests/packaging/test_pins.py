"""Nothing is installed whose hash nobody has written down, also not what builds the package."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INSTALLING = re.compile(r"pip (?:install|sync) .*?(?=\n\t(?! )|\n\n|\nendef)", re.DOTALL)
MAKEFILE = INSTALLING.findall((ROOT / "Makefile").read_text())


def test_the_makefile_installs_here_and_there() -> None:
    assert len(MAKEFILE) == 4


@pytest.mark.parametrize("command", MAKEFILE)
def test_every_installation_requires_hashes_or_fetches_nothing(command: str) -> None:
    assert "--require-hashes" in command or {"--offline", "--no-build-isolation", "--no-deps"} <= set(command.split())


def test_what_builds_the_package_is_pinned_for_development() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    pinned = (ROOT / "requirements" / "dev.txt").read_text()
    for requirement in project["build-system"]["requires"]:
        assert requirement in project["dependency-groups"]["dev"]
        name = re.match(r"[\w-]+", requirement)
        assert name is not None
        assert re.search(rf"^{name[0]}==\S+ \\\n    --hash=", pinned, re.MULTILINE)
