"""What a reader copies from a page works."""

import json
import re
from pathlib import Path

import pytest

from routekeeper.domain.settings import Configuration
from routekeeper.operator.caller import NOBODY
from routekeeper.operator.requests import ACTIONS, parse
from routekeeper_cli import config_file
from routekeeper_cli.main import main
from tests.docs.pages import PAGES, ROOT, blocks, named

NOW = 1_800_000_000.0
OPERATOR = ROOT / "docs" / "operator.md"
PAYLOAD = re.compile(r"(?:--payload|ask) '(\{.*?\})'", re.DOTALL)


@pytest.fixture(scope="module")
def configuration() -> Configuration:
    """The example that the pages speak of."""
    return config_file.load(ROOT / "config" / "failover.yaml")


def requests(page: Path) -> list[str]:
    """The payloads of a page: JSON blocks that ask and do not answer, and what is given to commands."""
    asked = [text for text in blocks(page, "json") if '"action"' in text and not text.startswith('{"ok"')]
    return [*asked, *(text for block in blocks(page, "sh") for text in PAYLOAD.findall(block))]


@pytest.mark.parametrize("page", [page for page in PAGES if requests(page)], ids=named)
def test_every_payload_is_a_request_that_the_operator_understands(page: Path, configuration: Configuration) -> None:
    for text in requests(page):
        parse(json.loads(text), configuration, NOBODY, NOW)


def test_the_operators_page_shows_every_action() -> None:
    assert {json.loads(text)["action"] for text in requests(OPERATOR)} == set(ACTIONS)


def test_every_example_event_of_the_operator_is_one_that_it_understands(configuration: Configuration) -> None:
    events = sorted((ROOT / "events").glob("operator-*.json"))
    assert [event.stem.removeprefix("operator-") for event in events] == sorted(ACTIONS)
    for event in events:
        parse(json.loads(event.read_text()), configuration, NOBODY, NOW)


def test_every_answer_on_the_operators_page_is_json() -> None:
    answers = [json.loads(text) for text in blocks(OPERATOR, "json") if text.startswith('{"ok"')]
    assert {answer["ok"] for answer in answers} == {True, False}


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "yaml")], ids=named)
def test_every_configuration_passes_the_check(page: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [text] = blocks(page, "yaml")
    file = tmp_path / "failover.yaml"
    file.write_text(text)
    assert main(["check", str(file)]) == 0, capsys.readouterr().err
