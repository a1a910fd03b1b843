"""Law 18: a sign of life is given after the work that it stands for, and says what was run."""

from __future__ import annotations

import logging
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from lab.memory_store import MemoryStore
from routekeeper import VERSION, config
from routekeeper.domain.errors import StoreError
from routekeeper.domain.health import Health
from routekeeper.domain.presence import Pass, Release
from routekeeper.router.presence import tell_pass
from tests.unit.router.stage import Stage


def test_the_version_is_that_of_the_project() -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    assert project["version"] == VERSION


def test_equal_documents_have_one_digest_and_others_another() -> None:
    assert config.digest_of('{"version": 1}') == config.digest_of('{"version": 1}') != config.digest_of("{}")


def test_a_table_that_does_not_answer_fails_no_pass(caplog: pytest.LogCaptureFixture) -> None:
    store = MemoryStore()
    store.fail("save_pass", StoreError("no answer"))
    with caplog.at_level(logging.WARNING, logger="routekeeper"):
        tell_pass(store, Release(VERSION), 1.0)
    assert [record.message for record in caplog.records] == ["pass not written"]
    tell_pass(store, Release(VERSION), 2.0)
    assert store.load_passes() == (Pass("router", 2.0, Release(VERSION)),)


def test_the_routes_as_they_were_read_are_saved_along_with_a_move_and_never_for_their_own_sake() -> None:
    stage = Stage()
    stage.run()
    adopted = stage.state()
    assert [(route.resource, route.on) for route in adopted.routes] == [("rtb-1", "i-a"), ("rtb-2", "i-a")]
    stage.sleep(60)
    stage.run()
    assert stage.state().version == adopted.version, "nothing was worth a save"
    stage.see("nat-a", Health.UNHEALTHY)
    stage.run()
    assert stage.state().routes_at == stage.now
    assert replace(stage.state(), routes=()) == stage.state(), "they decide nothing"
