"""What `pip install .` makes of a fresh clone: the command, with what it needs and without what it can do without."""

from __future__ import annotations

import os
import shutil
import subprocess
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UV = ROOT / "build" / "tools" / "bin" / "uv"
PLAIN_PYTHON = ROOT / "build" / "compiler" / "bin" / "python"
"""With PyYAML and without matplotlib, as an installation without extras is."""
DEVELOPMENT_PYTHON = ROOT / "build" / "venv" / "bin" / "python"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built without a network, by the setuptools that is pinned for development."""
    clone = tmp_path_factory.mktemp("clone")
    unbuilt = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in ("cli", "layers"):
        shutil.copytree(ROOT / name, clone / name, ignore=unbuilt)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, clone)
    build: list[str | Path] = [UV, "build", "--offline", "--no-build-isolation", "--python", DEVELOPMENT_PYTHON]
    subprocess.run([*build, "--wheel", "--quiet", "--out-dir", clone / "dist", clone], check=True)
    [built] = (clone / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory that holds the packages, and the command in `bin`."""
    site = tmp_path_factory.mktemp("site")
    install: list[str | Path] = [UV, "pip", "install", "--offline", "--no-deps", "--quiet", "--python", PLAIN_PYTHON]
    subprocess.run([*install, "--target", site, wheel], check=True)
    return site


def routekeeper(installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """As a person calls it somewhere else than in the clone."""
    return subprocess.run(
        [PLAIN_PYTHON, installed / "bin" / "routekeeper", *arguments],
        cwd=installed.parent,
        env={**os.environ, "PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_reads_yaml(installed: Path) -> None:
    ran = routekeeper(installed, "check", str(ROOT / "config" / "failover.yaml"))
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("4 targets watched, 3 groups steered.")


def test_the_command_brings_its_prices_and_counts(installed: Path) -> None:
    example = str(ROOT / "config" / "failover.yaml")
    ran = routekeeper(installed, "cost", "--config", example, "--region", "us-east-1")
    assert (ran.returncode, ran.stderr) == (0, "")


def test_a_picture_is_an_extra_and_its_absence_is_told(installed: Path, tmp_path: Path) -> None:
    example, picture = str(ROOT / "config" / "failover.yaml"), tmp_path / "tune.png"
    ran = routekeeper(installed, "tune", "--config", example, "--plot", str(picture))
    assert (ran.returncode, picture.exists()) == (2, False)
    assert ran.stderr == "drawing needs matplotlib: pip install '.[plot]', or --no-plot\n"


def test_both_packages_are_installed_whole(wheel: Path) -> None:
    sources = (ROOT / "layers" / "routekeeper", ROOT / "cli")
    files = {
        path.relative_to(source).as_posix()
        for source in sources
        for package in ("routekeeper", "routekeeper_cli")
        for path in (source / package).rglob("*")
        if path.suffix in {".py", ".json"}
    }
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert packed == files


def test_yaml_and_time_zones_come_along_and_matplotlib_only_where_asked_for(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        [metadata] = [name for name in packed.namelist() if name.endswith(".dist-info/METADATA")]
        needed = Parser().parsestr(packed.read(metadata).decode()).get_all("Requires-Dist", [])
    plain = [requirement for requirement in needed if "extra ==" not in requirement]
    assert {"pyyaml", "tzdata"} <= {requirement.partition(">")[0] for requirement in plain}
    assert [requirement for requirement in needed if "matplotlib" in requirement] == [
        'matplotlib>=3.8; extra == "plot"'
    ]
