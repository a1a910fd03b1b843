"""The command's page says what the command is."""

from __future__ import annotations

import re

import pytest

from routekeeper_cli.exit_codes import ExitCode
from routekeeper_cli.main import main
from tests.docs.pages import ROOT, rows, section

PAGE = ROOT / "docs" / "command.md"
VERBS = {row[0].strip("`"): row[2] for row in rows(PAGE.read_text()) if row[0].startswith("`")}


def help_of(capsys: pytest.CaptureFixture[str], *verb: str) -> str:
    with pytest.raises(SystemExit):
        main([*verb, "--help"])
    return capsys.readouterr().out


def test_every_exit_code_is_explained_as_the_command_itself_does() -> None:
    listed = rows(section(PAGE, "Exit codes"))
    assert listed == [[str(int(code)), code.meaning] for code in ExitCode]


def test_every_verb_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    told = help_of(capsys).partition("COMMAND\n")[2].partition("\n\n")[0]
    assert sorted(VERBS) == sorted(re.findall(r"^    (\w+)", told, re.MULTILINE))


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_with_json_is_said_to_have_it(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert bool(VERBS[verb]) is ("--output {table,json}" in help_of(capsys, verb))
