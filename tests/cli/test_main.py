"""The command line, as a person in front of it sees it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from routekeeper_cli import config_file
from routekeeper_cli.main import main
from tests.unit.config.documents import EXAMPLE, HERE, SHAPE

BAD = HERE / "bad" / "shape" / "version-2.yaml"


def test_check_says_what_would_be_watched_and_moved(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(EXAMPLE)]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("4 targets watched, 3 groups steered.\n")
    assert said.err == ""


@pytest.mark.parametrize("path", SHAPE[:5], ids=lambda path: path.stem)
def test_check_lists_problems_on_stderr_and_exits_2(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(path)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == len(path.with_suffix(".expected").read_text().splitlines())


def test_check_of_a_missing_file_exits_2_and_names_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path / "none.yaml")]) == 2
    assert capsys.readouterr().err == f"{tmp_path / 'none.yaml'}: cannot be read: No such file or directory\n"


def test_compile_writes_the_same_document_as_json(tmp_path: Path) -> None:
    output = tmp_path / "routekeeper_config" / "failover.json"
    assert main(["compile", str(EXAMPLE), "-o", str(output)]) == 0
    assert json.loads(output.read_text())["defaults"]["suspect_interval"] == "100ms"
    assert config_file.load(output) == config_file.load(EXAMPLE)


def test_compile_of_a_bad_file_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compile", str(BAD), "-o", str(tmp_path / "out.json")]) == 2
    assert capsys.readouterr().err == f"{BAD}:1:10: version: found the number 2, expected 1\n"
    assert not (tmp_path / "out.json").exists()


def test_compile_to_where_nothing_can_be_written_exits_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compile", str(EXAMPLE), "-o", str(tmp_path)]) == 2
    assert f"{tmp_path}: cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["chek", "x"], ["compile", "x"]])
def test_arguments_that_make_no_command_exit_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2


def test_python_m_is_the_same_command() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "routekeeper_cli", "check", str(BAD)], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "version: found the number 2" in ran.stderr


@pytest.mark.parametrize("lines", [1, 10_000], ids=["less than a buffer", "more than a buffer"])
def test_a_reader_that_goes_away_ends_it_quietly(tmp_path: Path, lines: int) -> None:
    log = tmp_path / "log.txt"
    rounds = [f"{second}.000,a,dx,ok,5" for second in range(lines)]
    log.write_text(json.dumps({"message": "rounds", "rounds": rounds, "left_out": []}))
    reader, writer = os.pipe()
    os.close(reader)
    ran = subprocess.run(
        [sys.executable, "-m", "routekeeper_cli", "trace", str(log)],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)
    assert (ran.returncode, ran.stderr) == (1, "")
