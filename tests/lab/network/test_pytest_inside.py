from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab import host

SUITE = """
import os
import pytest
from lab import host

def test_ordinary():
    assert not host.inside()

@pytest.mark.network
def test_inside():
    assert host.inside()

@pytest.mark.network
def test_wrong():
    assert 1 == 2

@pytest.mark.network
def test_left_out():
    pytest.skip("for a reason")

@pytest.mark.network
def test_that_ends_everything():
    os._exit(3)
"""


CONFTEST = "from lab import host\nfrom lab.network.pytest_inside import *\n"


def run_pytest(directory: Path, conftest: str = CONFTEST) -> str:
    (directory / "conftest.py").write_text(conftest)
    (directory / "test_suite.py").write_text(SUITE)
    words = [sys.executable, "-m", "pytest", "-rA", "-p", "no:cacheprovider", "--rootdir", str(directory)]
    paths = {"PYTHONPATH": os.pathsep.join([str(host.PROJECT), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(
        [*words, "test_suite.py"],
        cwd=directory,
        env={**os.environ, **paths},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def test_marked_tests_run_inside_and_are_reported_here(tmp_path: Path) -> None:
    problem = host.obstacle()
    if problem is not None:
        pytest.skip(problem)
    output = run_pytest(tmp_path)
    assert "PASSED test_suite.py::test_ordinary" in output
    assert "PASSED test_suite.py::test_inside" in output
    assert "FAILED test_suite.py::test_wrong - assert 1 == 2" in output
    assert "for a reason" in output
    assert "pytest inside the laboratory ended with 3" in output


def test_where_namespaces_are_not_permitted_marked_tests_are_skipped_with_the_reason(tmp_path: Path) -> None:
    output = run_pytest(tmp_path, CONFTEST + 'host.obstacle = lambda: "not permitted: ask root"')
    assert "PASSED test_suite.py::test_ordinary" in output
    assert "4 skipped" in output
    assert "not permitted: ask root" in output
