"""The command line, as a person in front of it sees it."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NoReturn

import pytest

from routekeeper.domain.errors import ConfigurationError, Ec2Error, RequestError, RoutekeeperError, StoreError
from routekeeper_cli import config_file
from routekeeper_cli.exit_codes import ExitCode
from routekeeper_cli.main import main
from tests.unit.config.documents import EXAMPLE, HERE, PROJECT, SHAPE

DOUBTFUL = HERE / "good" / "smallest.yaml"
BAD = HERE / "bad" / "shape" / "version-2.yaml"


def test_check_says_what_would_be_watched_and_moved(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(EXAMPLE)]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("4 targets watched, 3 groups steered.\n")
    assert said.err == ""


def test_check_tells_warnings_on_stderr_and_exits_0_all_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(DOUBTFUL)]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("2 targets watched, 1 group steered.\n")
    assert said.err.splitlines() == list(config_file.check(DOUBTFUL).warnings)
    assert said.err.startswith(f"{DOUBTFUL}:3:16: targets.dx.probes: warning: ")


@pytest.mark.parametrize("path", SHAPE[:5], ids=lambda path: path.stem)
def test_check_lists_problems_on_stderr_and_exits_2(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(path)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    problems = [line for line in said.err.splitlines() if ": warning: " not in line]
    assert len(problems) == len(path.with_suffix(".expected").read_text().splitlines())


def test_check_of_a_missing_file_exits_2_and_names_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path / "none.yaml")]) == 2
    assert capsys.readouterr().err == f"{tmp_path / 'none.yaml'}: cannot be read: No such file or directory\n"


def test_compile_writes_the_same_document_as_json(tmp_path: Path) -> None:
    output = tmp_path / "routekeeper_config" / "failover.json"
    assert main(["compile", str(EXAMPLE), "-o", str(output)]) == 0
    assert json.loads(output.read_text())["defaults"]["suspect_interval"] == "100ms"
    assert config_file.load(output) == config_file.load(EXAMPLE)


def test_compile_tells_the_same_warnings_as_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "out.json"
    assert main(["compile", str(DOUBTFUL), "-o", str(output)]) == 0
    said = capsys.readouterr()
    assert (said.out, said.err.splitlines()) == ("", list(config_file.check(DOUBTFUL).warnings))
    assert config_file.load(output) == config_file.load(DOUBTFUL)


def test_compile_of_a_bad_file_tells_problems_and_warnings_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compile", str(BAD), "-o", str(tmp_path / "out.json")]) == 2
    problem, warning = capsys.readouterr().err.splitlines()
    assert problem == f"{BAD}:1:10: version: found the number 2, expected 1"
    assert warning.startswith(f"{BAD}:3:16: targets.dx.probes: warning: no verdict without ICMP")
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


@pytest.mark.parametrize("arguments", [["--version"], ["--versio"], ["tune", "--conf", "x", "--no-plot"]])
def test_options_are_taken_by_their_whole_names_only(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A shortened one would break with the next option that begins alike."""
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == (0 if arguments == ["--version"] else 2)


def test_the_version_is_the_one_that_is_installed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert capsys.readouterr().out == f"routekeeper {project['version']}\n"


def test_help_lists_every_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    told = capsys.readouterr().out
    assert all(f"{code:>3}  {code.meaning}\n" in told for code in ExitCode)


def test_check_tells_programs_how_soon_a_cut_is_noticed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(EXAMPLE), "--output", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["targets"]["dx-router"]["cut_noticed_after_first_loss_seconds"] == 1.5
    assert [path["name"] for path in told["groups"]["on-premises"]["paths"]] == ["dx", "vpn"]
    assert told["restart_groups"] == {"nat": ["nat-a", "nat-b"]}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigurationError("x"), 2),
        (RequestError("x"), 3),
        (StoreError("x"), 6),
        (Ec2Error("x", "UnauthorizedOperation"), 6),
    ],
)
def test_an_error_of_ours_is_one_line_and_an_exit_code(
    error: RoutekeeperError, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: object) -> NoReturn:
        raise error

    monkeypatch.setattr(config_file, "check", fail)
    assert main(["check", "x"]) == code
    assert capsys.readouterr() == ("", "x\n")
