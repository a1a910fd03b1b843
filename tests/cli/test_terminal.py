"""Nothing that a file or an argument brings acts on the terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from routekeeper_cli import output
from routekeeper_cli.main import main
from tests.unit.config.documents import EXAMPLE

EVIL = "\x1b]0;owned\x07\x9b31m\u202e\r\u2028"


def clean(said: str) -> bool:
    return all(line.isprintable() for line in said.split("\n"))


@pytest.mark.parametrize("put", [output.put, output.complain, output.note])
def test_what_is_put_on_a_terminal_does_nothing_there(put: object, capsys: pytest.CaptureFixture[str]) -> None:
    assert callable(put)
    put(f"first {EVIL}\nsecond")
    said = "".join(capsys.readouterr())
    assert clean(said)
    assert said.count("\n") == 2


def test_json_for_programs_says_everything_in_ascii(capsys: pytest.CaptureFixture[str]) -> None:
    output.put_json({EVIL: EVIL})
    said = capsys.readouterr().out
    assert clean(said)
    assert json.loads(said) == {EVIL: EVIL}


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", f"no{EVIL}file.yaml"],
        ["check", f"no{EVIL}file.json"],
        ["compile", f"no{EVIL}file.yaml", "-o", f"{EVIL}"],
        ["check", "x", f"--{EVIL}"],
        [EVIL],
        ["check", "x", "--output", EVIL],
        ["cost", "--config", str(EXAMPLE), "--region", EVIL],
        ["cost", "--config", str(EXAMPLE), "--region", "x", "--counts", f"{EVIL}.json"],
        ["cost", "--config", str(EXAMPLE), "--region", "x", "--monitor-memory", EVIL],
        ["replay", f"{EVIL}.csv", "--config", str(EXAMPLE)],
        ["trace", f"{EVIL}.log"],
        ["tune", "--config", str(EXAMPLE), "--plot", EVIL],
        ["tune", "--config", str(EXAMPLE), "--no-plot", "--trace", EVIL],
    ],
)
def test_an_argument_that_is_quoted_does_nothing_there(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        code = main(arguments)
    except SystemExit as err:
        code = int(str(err.code))
    said = capsys.readouterr()
    assert (code, said.out) == (2, "")
    assert said.err
    assert clean(said.err)


def test_a_value_that_is_quoted_does_nothing_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evil, file = json.dumps(EVIL), tmp_path / "failover.yaml"
    probe = f"{{type: http, url: {evil}, {evil}: 1}}"
    path = f"{{name: {evil}, target: {evil}, {evil}: 1, instance: {evil}}}"
    file.write_text(
        f"version: {evil}\nwatch: {evil}\n{evil}: {evil}\ntargets:\n  {evil}: {{probe_interval: {evil},"
        f" probes: [{probe}, {{type: {evil}}}]}}\ngroups:\n  {evil}: {{steering: {evil}, paths: [{path}]}}\n"
    )
    assert main(["check", str(file)]) == 2
    said = capsys.readouterr().err
    assert clean(said)
    assert all(line.startswith(f"{file}:") for line in said.splitlines())
    assert len(said.splitlines()) > 10
