"""Every bad document is refused with every problem named at its place: `NAME.yaml` beside `NAME.expected`."""

from __future__ import annotations

from pathlib import Path

import pytest

from routekeeper import config
from routekeeper.domain.errors import ConfigurationError
from routekeeper_cli import config_file
from tests.unit.config.documents import HERE, MEANING, SHAPE, SYNTAX


@pytest.mark.parametrize("path", [*SYNTAX, *SHAPE, *MEANING], ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_problem_is_listed_with_file_line_column_place_and_what_is_expected(path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        config_file.load(path)
    expected = path.with_suffix(".expected").read_text().splitlines()
    assert str(refused.value).splitlines() == [f"{path}:{line}" for line in expected]


def test_no_expectation_lacks_its_document() -> None:
    assert {path.with_suffix(".yaml") for path in HERE.glob("bad/*/*.expected")} == {*SYNTAX, *SHAPE, *MEANING}


def test_in_a_document_without_positions_a_problem_has_its_path() -> None:
    with pytest.raises(ConfigurationError) as refused:
        config.from_document({"version": 1, "targets": {"dx": {"probes": [{"type": "icmp"}]}}, "groups": []}, "given")
    assert str(refused.value).splitlines() == [
        "given: targets.dx.probes[0]: the key 'host' is missing",
        "given: groups: found a list, expected a mapping",
    ]


def test_nothing_is_judged_by_a_default_that_could_not_be_read() -> None:
    document = {
        "version": 1,
        "defaults": {"probe_interval": 5},
        "targets": {"dx": {"suspect_interval": "2s", "probes": [{"type": "icmp", "host": "10.109.2.1"}]}},
        "groups": {},
    }
    with pytest.raises(ConfigurationError) as refused:
        config.from_document(document)
    assert "suspect_interval" not in str(refused.value)


def test_nothing_is_judged_by_a_timeout_that_could_not_be_read() -> None:
    latency = {"usual": "5ms", "unacceptable": "800ms"}
    probes = [{"type": "icmp", "host": "10.109.2.1", "timeout": 1}]
    document = {"version": 1, "targets": {"dx": {"latency": latency, "probes": probes}}, "groups": {}}
    with pytest.raises(ConfigurationError) as refused:
        config.from_document(document)
    assert "timeout" in str(refused.value)
    assert "latency" not in str(refused.value)


@pytest.mark.parametrize(
    ("healthy_for", "second"), [(30, "dx"), ("30s", "nowhere")], ids=["one could not be read", "one is missing"]
)
def test_damping_is_not_judged_by_targets_that_are_in_doubt(healthy_for: object, second: str) -> None:
    target = {"healthy_for": healthy_for, "probes": [{"type": "icmp", "host": "10.109.2.1"}]}
    group = {
        "steering": {"type": "vpc-route", "route_tables": ["rtb-01234567"], "destination": "0.0.0.0/0"},
        "paths": [
            {"name": "a", "target": "dx", "instance": "i-01234567"},
            {"name": "b", "target": second, "instance": "i-01234568"},
        ],
        "failback": {"damping": {"half_life": "1s"}},
    }
    with pytest.raises(ConfigurationError) as refused:
        config.from_document({"version": 1, "targets": {"dx": target}, "groups": {"idc": group}})
    assert "half_life" not in str(refused.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.yaml: cannot be read: No such file"):
        config_file.load(tmp_path / "nowhere.yaml")


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "binary.yaml").write_bytes(b"version: \xff\n")
    with pytest.raises(ConfigurationError, match=r"binary\.yaml: not UTF-8 text: .* at byte 9"):
        config_file.load(tmp_path / "binary.yaml")


def test_broken_json_has_line_and_column(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text('{"version": 1,\n "targets": }')
    with pytest.raises(ConfigurationError, match=r"broken\.json:2:13: the document: not JSON: "):
        config_file.load(tmp_path / "broken.json")
