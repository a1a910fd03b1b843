"""Whole runs as they stand in the log: each line names function, invocation, and the group or vantage it is about."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lab.memory_store import MemoryStore, MemoryTable
from routekeeper.domain.errors import AnnouncementError, StoreError
from routekeeper.domain.group_state import Channel
from routekeeper.domain.health import Health
from routekeeper.domain.settings import Target, TcpProbe
from routekeeper.monitor import Dependencies, Monitor
from routekeeper.telemetry import logs
from routekeeper_cli.replay.logged import trace_from_log
from tests.fakes.lambda_context import Context
from tests.fakes.lines import FakeProber, Line
from tests.fakes.virtual_time import START, offload, run_virtually
from tests.unit.monitor.test_monitor import CONFIGURATION, HOST
from tests.unit.restarter.story import POLICY, Story
from tests.unit.router.stage import SILENT, Stage

VANTAGES = ("a", "b")
Lines = list[dict[str, Any]]
Log = Callable[[str], Callable[[], Lines]]


@pytest.fixture
def log(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    """Begin a function's log on standard output; what it returns reads the lines so far."""
    logger = logging.getLogger("routekeeper")
    before = logger.handlers, logger.propagate, logger.level, dict(logs._FORMATTER.common)
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", "DEBUG")

    def begin(service: str) -> Callable[[], Lines]:
        context: Any = Context()
        logs.to_standard_output(service)
        logs.name_invocation(context)

        def lines() -> Lines:
            found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
            common = {(line["service"], line["function_request_id"]) for line in found}
            assert common == {(service, context.aws_request_id)}
            return found

        return lines

    yield begin
    logger.handlers, logger.propagate = before[:2]
    logger.setLevel(before[2])
    logs._FORMATTER.common = before[3]


def told(lines: Lines, key: str) -> dict[str, set[str]]:
    """By group, or by vantage, whatever its lines say. Every line has to have one."""
    found: dict[str, set[str]] = {}
    for line in lines:
        found.setdefault(line[key], set()).add(line["message"])
    return found


# --- the router


def test_every_line_of_a_groups_pass_says_which_group_it_is(log: Log) -> None:
    lines, stage = log("router"), Stage()
    stage.run()
    stage.see("nat-a", Health.UNHEALTHY)
    stage.routes.refusals["rtb-3"] = [*SILENT]
    stage.people.unreachable = set(Channel)
    stage.run()
    found = told(lines(), "group")
    assert found["one"] >= {"decided", "group passed", "people not told"}
    assert found["two"] >= {"decided", "group passed", "routes not brought where they should be"}
    assert found.keys() == {"one", "two"}


def test_what_goes_wrong_in_one_group_is_said_of_that_group(log: Log) -> None:
    lines, stage = log("router"), Stage()
    stage.run()
    stage.table.place({"pk": {"S": "GROUP"}, "sk": {"S": "two"}, "version": {"S": "poison"}})
    stage.run()
    found = told(lines(), "group")
    assert found["one"] >= {"decided", "group passed"}
    assert found["two"] >= {"group not brought where it should be", "telling failed"}


# --- the restarter


def test_every_line_of_a_restart_group_says_which_one_it_is(log: Log) -> None:
    lines, story = log("restarter"), Story()
    other = Target("nat-b", (TcpProbe("10.0.1.10", 22, 0.75),), instance="i-b", restart=replace(POLICY, group="other"))
    story.reconfigure(other, "nat-b")
    for name in ("nat-a", "nat-b"):
        story.sees(name, Health.UNHEALTHY, since=story.timeline.now - 600)
    story.traffic("private-a", "nat-b")
    story.traffic("private-b", "nat-a")
    story.untellable = AnnouncementError("nobody answers")
    story.run(120)
    found = lines()
    assert told(found, "restart_group") == {"nat": {"decided"}, "other": {"decided"}}
    steps = [(line["restart_group"], line["decision"]) for line in found if line["decision"].startswith("Step")]
    assert {group for group, _ in steps} == {"nat", "other"}
    assert all(f"RestartState(group='{group}'" in decision for group, decision in steps)


# --- the monitors


def watch_both(seconds: float, most: int = 0) -> None:
    """Monitors at two vantages, on one event loop, while a line is cut and the table fails now and then."""

    async def main(clock: Callable[[], float]) -> None:
        table = MemoryTable()
        configuration = replace(CONFIGURATION, record_rounds=most)

        def begin(vantage: str) -> asyncio.Task[object]:
            store = MemoryStore(table, writer=vantage)
            for operation in ("load_lease", "load_board", "save_vantage", "save_health"):
                store.fail(operation, StoreError("no answer"), times=1)
            prober = FakeProber(clock, {HOST: Line(cuts=((START + 15.0, START + 999.0),)), "10.1.0.5": Line()})
            monitor = Monitor(vantage, configuration, Dependencies(store, prober, clock, lambda _: None, offload))
            return asyncio.ensure_future(monitor.run(vantage, clock() + seconds))

        await asyncio.gather(*map(begin, VANTAGES))

    run_virtually(main)


def test_every_line_of_a_monitor_says_which_vantage_it_is(log: Log) -> None:
    lines = log("monitor")
    watch_both(35, most=2000)
    found = lines()
    said = told(found, "vantage")
    assert said.keys() == set(VANTAGES)
    for vantage in VANTAGES:
        assert said[vantage] == {
            "board not readable",
            "health changed",
            "health not written",
            "heartbeat not written",
            "lease not to be had",
            "rounds",
            "targets seen",
            "watch ended",
        }
    rows = {(line["vantage"], row.split(",")[1]) for line in found for row in line.get("rounds", ())}
    assert rows == {(vantage, vantage) for vantage in VANTAGES}


def test_a_trace_of_these_lines_says_at_which_vantage_rounds_are_missing(
    log: Log, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    lines = log("monitor")
    watch_both(35, most=5)
    path = tmp_path / "log.txt"
    path.write_text("".join(f"2026-11-20T10:00:00 {json.dumps(line)}\n" for line in lines()))
    rows = [row.split(",")[1] for row in trace_from_log(path)]
    assert set(rows[1:]) == set(VANTAGES)
    notes = capsys.readouterr().err
    assert all(f"of 'dx' at '{vantage}', sent" in notes for vantage in VANTAGES)
