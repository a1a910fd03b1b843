"""What loss and latency rules come to is worked out once, by `compile`. The functions take it over."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from routekeeper import config
from routekeeper.domain import cusum, grey
from routekeeper.domain.detection import Detection
from routekeeper.domain.errors import ConfigurationError
from routekeeper.domain.health import prepare
from routekeeper_cli import config_file
from tests.unit.config.documents import EXAMPLE

RULES = {
    "loss": {"usual": "1%", "unacceptable": "30%"},
    "latency": {"usual": "5ms", "unacceptable": "80ms"},
}
PROBES = {"probes": [{"type": "tcp", "host": "10.0.0.1", "port": 22}]}
DOCUMENT: dict[str, Any] = {
    "version": 1,
    "defaults": RULES,
    "targets": {"a": PROBES, "b": PROBES, "slow": {**PROBES, "suspect_interval": "200ms"}},
    "groups": {
        "g": {
            "steering": {"type": "vpc-route", "route_tables": ["rtb-01234567"], "destination": "0.0.0.0/0"},
            "paths": [{"name": "a", "instance": "i-01234567"}, {"name": "b", "instance": "i-01234568"}],
        }
    },
}
Spoil = Callable[[dict[str, Any]], object]


@pytest.fixture
def compiled(tmp_path: Path) -> dict[str, Any]:
    file = tmp_path / "failover.yaml"
    file.write_text(yaml.safe_dump(DOCUMENT))
    document: dict[str, Any] = json.loads(config_file.compiled(file))
    return document


def work_out_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError

    grey.thresholds.cache_clear()
    for name in ("alarm", "recovery"):
        monkeypatch.setattr(cusum, name, refuse)


def standards(rule: Detection) -> list[grey.Standard]:
    assert rule.loss is not None
    assert rule.latency is not None
    return [rule.loss_standard(rule.loss), rule.latency_standard(rule.latency)]


def test_a_function_never_works_out_what_compile_has_shipped(
    compiled: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    without = {key: value for key, value in compiled.items() if key != "thresholds"}
    worked_out = [standards(target.detection) for target in config.from_document(without).targets.values()]
    work_out_nothing(monkeypatch)
    shipped = config.from_document(compiled).targets.values()
    for target in shipped:
        prepare(target.detection)
    assert [standards(target.detection) for target in shipped] == worked_out


def test_each_rule_is_shipped_once_for_each_pace_with_the_figures_that_it_follows_from(
    compiled: dict[str, Any],
) -> None:
    figures = [
        {key: one[key] for key in ("usual", "unacceptable", "suspect_interval")} for one in compiled["thresholds"]
    ]
    assert figures == [
        {"usual": usual, "unacceptable": unacceptable, "suspect_interval": suspect}
        for suspect in (0.1, 0.2)
        for usual, unacceptable in ((0.01, 0.3), (0.0625, 0.5))
    ]
    assert compiled["thresholds"][0] == {
        "usual": 0.01,
        "unacceptable": 0.3,
        "bursts": 0.1,
        "false_alarms": 1.0,
        "probe_interval": 1.0,
        "suspect_interval": 0.1,
        "alarm": {"rise": 10, "threshold": 148},
        "clear": {"rise": 38, "threshold": 150},
    }


def test_without_rules_nothing_is_shipped() -> None:
    assert "thresholds" not in json.loads(config_file.compiled(EXAMPLE))


def test_what_was_worked_out_for_another_rule_is_not_taken_for_this_one(compiled: dict[str, Any]) -> None:
    right = config.from_document(compiled).targets["a"].detection
    for one in compiled["thresholds"]:
        one["alarm"]["threshold"] += 1
    wrong = config.from_document(compiled).targets["a"].detection
    assert [one.alarm.threshold for one in standards(wrong)] == [one.alarm.threshold + 1 for one in standards(right)]
    for one in compiled["thresholds"]:
        one["false_alarms"] = 2.0
    other = config.from_document(compiled).targets["a"].detection
    assert standards(other) == standards(right)


def test_what_was_worked_out_is_left_behind_when_the_rule_or_its_pace_changes(compiled: dict[str, Any]) -> None:
    compiled["thresholds"][0]["alarm"]["threshold"] = 9_999
    rule = config.from_document(compiled).targets["a"].detection
    assert standards(rule)[0].alarm.threshold == 9_999
    assert standards(replace(rule, probe_interval_seconds=2.0))[0].alarm.threshold < 1_000


def test_the_command_works_out_what_a_compiled_file_ships_and_writes_the_right_ones(
    compiled: dict[str, Any], tmp_path: Path
) -> None:
    right = json.dumps(compiled, indent=2, ensure_ascii=False) + "\n"
    for one in compiled["thresholds"]:
        one["alarm"]["threshold"] = 1
    file = tmp_path / "failover.json"
    file.write_text(json.dumps(compiled))
    checked = config_file.check(file)
    assert checked.compiled == right
    assert standards(checked.configuration.targets["a"].detection)[0].alarm.threshold == 148


def test_people_do_not_write_thresholds(compiled: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "failover.yaml"
    file.write_text(yaml.safe_dump(compiled))
    with pytest.raises(ConfigurationError, match="thresholds: unknown key"):
        config_file.load(file)


def _second(document: dict[str, Any]) -> dict[str, Any]:
    second: dict[str, Any] = document["thresholds"][1]
    return second


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda d: d.update(thresholds={}), r"thresholds: found a mapping, expected a list of thresholds"),
        (lambda d: d.update(thresholds=[7]), r"thresholds\[0\]: found the number 7, expected a mapping with usual"),
        (lambda d: d.update(thresholds=[{}] * 1001), r"thresholds: found a list of 1001, expected at most 1000"),
        (lambda d: _second(d).pop("usual"), r"thresholds\[1\]: the key 'usual' is missing"),
        (lambda d: _second(d).update(usual="1%"), r"thresholds\[1\].usual: found '1%', expected a number from 0 to"),
        (lambda d: _second(d).update(usual=float("nan")), r"usual: found the number nan, expected a number from 0"),
        (lambda d: _second(d).update(usual=True), r"usual: found true, expected a number from 0"),
        (lambda d: _second(d).update(extra=1), r"thresholds\[1\].extra: unknown key"),
        (lambda d: _second(d).update(alarm=148), r"thresholds\[1\].alarm: found the number 148, expected a mapping"),
        (lambda d: _second(d)["alarm"].update(threshold=0), r"threshold: found the number 0, expected a whole number"),
        (lambda d: _second(d)["clear"].update(rise=10_001), r"clear.rise: found the number 10001, expected a whole"),
        (lambda d: _second(d)["clear"].update(rise=1.5), r"clear.rise: found the number 1.5, expected a whole number"),
        (lambda d: d["thresholds"].append(_second(d)), r"thresholds\[4\]: the same rule at the same pace stands twice"),
    ],
)
def test_odd_thresholds_are_refused_with_their_place(compiled: dict[str, Any], spoil: Spoil, problem: str) -> None:
    spoil(compiled)
    with pytest.raises(ConfigurationError, match=problem):
        config.from_document(compiled)
