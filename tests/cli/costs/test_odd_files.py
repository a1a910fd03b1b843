"""Odd files of counts and prices are refused key by key, each problem at its place."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routekeeper.domain.errors import ConfigurationError
from routekeeper.domain.settings import WatchMode
from routekeeper_cli import config_file
from routekeeper_cli.costs.counts import MEASURED, Size
from routekeeper_cli.costs.prices import FILE
from routekeeper_cli.costs.statement import Statement
from tests.unit.config.documents import EXAMPLE

CONFIGURATION = config_file.load(EXAMPLE)
COUNTS = json.loads(MEASURED[WatchMode.CONTINUOUS].read_text())
PRICES = json.loads(FILE.read_text())
ODD: list[Any] = [None, True, -1, 0, 1e308, 10**400, "x", "\ud800\x1b[31m", [], {}, [1], {"a": 1}, float("nan"), "1"]


def statement(file: Path, kind: str) -> Statement:
    counts, prices = (file, None) if kind == "counts" else (None, file)
    return Statement.of(CONFIGURATION, "us-east-1", Size(), counts, prices)


def told(tmp_path: Path, kind: str, document: object) -> list[str]:
    file = tmp_path / f"{kind}.json"
    file.write_text(json.dumps(document))
    with pytest.raises(ConfigurationError) as refused:
        statement(file, kind)
    lines = str(refused.value).split("\n")
    assert all(re.match(rf"{re.escape(str(file))}:1:\d+: ", line) for line in lines), lines
    return [line.split(": ", maxsplit=1)[1] for line in lines]


def changed(document: Any, *way: Any, to: object) -> Any:
    whole = copy.deepcopy(document)
    place = whole
    for step in way[:-1]:
        place = place[step]
    place[way[-1]] = to
    return whole


def test_every_odd_count_is_told_with_its_place(tmp_path: Path) -> None:
    first = ("usage", "monitor-a")
    document = changed(COUNTS, *first, "dynamodb", 0, "write_units", to="many")
    document = changed(document, *first, "dynamodb", 1, "pk", to=7)
    document = changed(document, *first, "log", "bytes", to=-1)
    document = changed(document, "usage", "router", to=[])
    document = changed(document, "seconds", to=float("inf"))
    assert told(tmp_path, "counts", document) == [
        "seconds: found the number inf, expected a number from 1 to 1e+12",
        "usage.monitor-a.dynamodb[0].write_units: found 'many', expected a number from 0 to 1e+12",
        "usage.monitor-a.dynamodb[1].pk: found the number 7, expected text",
        "usage.monitor-a.log.bytes: found the number -1, expected a number from 0 to 1e+12",
        "usage.router: found a list, expected a mapping",
    ]


def test_every_odd_price_is_told_with_its_place(tmp_path: Path) -> None:
    document = changed(PRICES, "regions", "us-east-1", "alarm", to=None)
    document["regions"]["us-east-1"].pop("metric")
    assert told(tmp_path, "prices", document) == [
        "regions.us-east-1: the key 'metric' is missing",
        "regions.us-east-1.alarm: found nothing, expected a number from 0 to 1e+12",
    ]


def test_counts_of_no_monitor_are_refused(tmp_path: Path) -> None:
    usage = {"router": COUNTS["usage"]["router"]}
    assert told(tmp_path, "counts", {**COUNTS, "usage": usage}) == [
        "usage: found no function whose name begins with monitor-, expected one for each vantage"
    ]


@pytest.mark.parametrize("text", [b"", b"[" * 10_000, b"\xff", b"{}", b'{"seconds": ' + b"9" * 5000 + b"}"])
@pytest.mark.parametrize("kind", ["counts", "prices"])
def test_what_is_no_such_file_is_refused(text: bytes, kind: str, tmp_path: Path) -> None:
    file = tmp_path / "odd.json"
    file.write_bytes(text)
    with pytest.raises(ConfigurationError, match=str(file)):
        statement(file, kind)


def ways(document: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    steps: Any = ()
    if isinstance(document, dict):
        steps = document
    elif isinstance(document, list):
        steps = range(len(document))
    for step in steps:
        yield (*way, step)
        yield from ways(document[step], (*way, step))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["counts", "prices"]), st.randoms(use_true_random=False), st.sampled_from(ODD))
def test_no_value_at_any_place_ends_otherwise_than_in_a_bill_or_its_problems(
    tmp_path: Path, kind: str, chance: random.Random, value: object
) -> None:
    document = COUNTS if kind == "counts" else PRICES
    file = tmp_path / f"{kind}.json"
    file.write_text(json.dumps(changed(document, *chance.choice(list(ways(document))), to=value)))
    try:
        text = json.dumps(statement(file, kind).plain(), allow_nan=False)
    except ConfigurationError as err:
        text = str(err)
    assert all(line.isprintable() for line in text.split("\n"))
