"""Thresholds that cannot be worked out soon are refused with their line, and everything else is checked soon."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from routekeeper import config
from routekeeper.domain import cusum
from routekeeper.domain.cusum import MOST_THRESHOLD, Cadence, Loss, TooLong
from routekeeper.domain.errors import ConfigurationError
from routekeeper_cli.main import main

SOON_SECONDS = 10.0
"""A tenth of it on a machine that has nothing else to do."""
DOCUMENT = """\
version: 1
defaults: {{{defaults}}}
targets:
{targets}
groups:
  g:
    steering: {{type: vpc-route, route_tables: [rtb-01234567], destination: 0.0.0.0/0}}
    paths: [{{name: a, instance: i-01234567}}, {{name: b, instance: i-01234568}}]
"""
PROBES = "probes: [{type: tcp, host: 10.0.0.1, port: 22}]"
NEAR = "loss: {usual: 0.6%, unacceptable: 2%, bursts: 1s}"


def write(tmp_path: Path, *targets: str, defaults: str = "") -> Path:
    file = tmp_path / "failover.yaml"
    named = "\n".join(f"  t{number}: {{{PROBES}, {target}}}" for number, target in enumerate(targets))
    file.write_text(DOCUMENT.format(defaults=defaults, targets=named))
    return file


def checked(file: Path) -> tuple[int, float]:
    begun = time.perf_counter()
    return main(["check", str(file)]), time.perf_counter() - begun


def test_a_threshold_that_is_out_of_reach_is_not_looked_for() -> None:
    begun = time.perf_counter()
    with pytest.raises(TooLong, match="no threshold up to 10000 is enough"):
        cusum.alarm(Loss(0.006, 1.0), 0.02, Cadence(1.0, 0.01), 1e30)
    assert time.perf_counter() - begun < SOON_SECONDS


def test_a_threshold_within_reach_is_the_least_that_is_enough() -> None:
    usual, pace = Loss(0.01, 0.1), Cadence(1.0, 0.05)
    found = cusum.alarm(usual, 0.2, pace, 86_400.0)
    assert found.threshold < MOST_THRESHOLD
    assert cusum.seconds_to_alarm(found, usual, pace) >= 86_400.0
    less = cusum.Score(found.rise, found.threshold - 1)
    assert cusum.seconds_to_alarm(less, usual, pace) < 86_400.0


def test_a_rule_that_takes_too_long_is_refused_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path, f"suspect_interval: 10ms, {NEAR}")
    code, seconds = checked(file)
    assert (code, seconds < SOON_SECONDS) == (2, True)
    assert capsys.readouterr().err == (
        f"{file}:4:87: targets.t0.loss: takes too long to work out, expected shorter bursts, 'unacceptable' further"
        " from 'usual', or a suspect_interval above 10ms\n"
    )


def test_a_rule_of_the_defaults_is_refused_once_and_at_its_own_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path, *["require: any"] * 20, defaults=f"suspect_interval: 10ms, {NEAR}")
    code, seconds = checked(file)
    assert (code, seconds < SOON_SECONDS) == (2, True)
    [told] = capsys.readouterr().err.splitlines()
    assert told.startswith(f"{file}:2:42: defaults.loss: takes too long to work out, expected shorter bursts")


@pytest.mark.parametrize("key", ["suspect_interval: 10ms", "suspect_interval: 10ms, probe_interval: 2s"])
def test_a_target_whose_pace_makes_the_rule_of_the_defaults_too_long_is_to_blame(
    key: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the usual pace the same rule is worked out."""
    rule = "loss: {usual: 1%, unacceptable: 10%, bursts: 1s}"
    file = write(tmp_path, "require: any", key, defaults=rule)
    code, seconds = checked(file)
    assert (code, seconds < SOON_SECONDS) == (2, True)
    [told] = capsys.readouterr().err.splitlines()
    assert told.startswith(f"{file}:5:75: targets.t1.suspect_interval: takes too long to work out")


@pytest.mark.long
def test_rules_that_take_too_long_together_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    different = [f"loss: {{usual: 1%, unacceptable: {10 + n / 100:.2f}%, bursts: 1s}}" for n in range(500)]
    code, seconds = checked(write(tmp_path, *different))
    assert (code, seconds < SOON_SECONDS) == (2, True)
    told = capsys.readouterr().err
    assert "takes too long to work out beside those before it, expected fewer different rules" in told


@pytest.mark.long
@pytest.mark.parametrize(
    "said",
    [
        "suspect_interval: 50ms, loss: {usual: 1%, unacceptable: 30%, bursts: 1s}",
        "suspect_interval: 10ms, loss: {usual: 30%, unacceptable: 90%, bursts: 1s}",
        "suspect_interval: 10ms, unhealthy_for: 1d, loss: {usual: 1%, unacceptable: 30%}",
        "latency: {usual: 5ms, unacceptable: 80ms, bursts: 1s}",
    ],
)
def test_what_can_be_worked_out_is_told_soon_however_many_targets_have_it(said: str, tmp_path: Path) -> None:
    different = [f"healthy_threshold: {n + 1}, unhealthy_threshold: {n + 5}, {said}" for n in range(20)]
    code, seconds = checked(write(tmp_path, *different))
    assert (code, seconds < SOON_SECONDS) == (0, True)


def test_the_functions_read_without_working_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(cusum, "alarm", refuse)
    loss = {"usual": "1.1%", "unacceptable": "31%"}
    target = {"probes": [{"type": "tcp", "host": "10.0.0.1", "port": 22}], "loss": loss}
    with pytest.raises(ConfigurationError, match="the key 'groups' is missing"):
        config.from_document({"version": 1, "targets": {"a": target}})
