"""What good documents become, from YAML and compiled."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from routekeeper import config
from routekeeper.config.durations import parse
from routekeeper.domain.damping import Damping
from routekeeper.domain.detection import Detection
from routekeeper.domain.errors import ConfigurationError
from routekeeper.domain.grey import LatencyRule, LossRule
from routekeeper.domain.settings import (
    BURST_INTERVAL_SECONDS,
    Brake,
    Configuration,
    FailbackMode,
    FailbackPolicy,
    Group,
    HttpProbe,
    IcmpProbe,
    Quorum,
    Require,
    RestartPolicy,
    Target,
    TargetFigures,
    TcpProbe,
    WatchMode,
)
from routekeeper.domain.settings import Path as Way
from routekeeper.domain.steering import NextHop, NextHopKind, TgwPrefixList, VpcRoute
from routekeeper.domain.windows import Day, Window, Windows
from routekeeper_cli import config_file
from tests.unit.config.documents import EXAMPLE, GOOD, HERE, plain

SMALLEST = HERE / "good" / "smallest.yaml"
EVERY_KEY = HERE / "good" / "every-key.yaml"


@pytest.mark.parametrize("path", [EXAMPLE, *GOOD], ids=lambda path: path.stem)
def test_yaml_and_its_compiled_json_mean_the_same(path: Path) -> None:
    from_yaml = config_file.load(path)
    assert config.from_document(json.loads(config_file.compiled(path))) == from_yaml
    assert from_yaml.targets
    assert from_yaml.groups


def test_what_a_document_leaves_out_is_as_the_domain_has_it() -> None:
    assert config_file.load(SMALLEST) == Configuration(
        targets={
            "dx": Target("dx", (IcmpProbe("10.109.2.1", 0.6),)),
            "vpn": Target("vpn", (TcpProbe("10.1.0.5", 22, 0.6),)),
        },
        groups={
            "idc": Group(
                "idc",
                (TgwPrefixList("tgw-rtb-0d86bcd71877f6d88", "pl-0d81338f99b4770b6"),),
                (
                    Way("dx", "dx"),
                    Way("vpn", "vpn", (NextHop(NextHopKind.ATTACHMENT, "tgw-attach-0f21402e36c7c65ed"),)),
                ),
            )
        },
        brake=Brake(6, 3600.0),
    )


def test_the_brake_counts_six_moves_for_each_group_unless_it_is_told_otherwise() -> None:
    document = json.loads(config_file.compiled(EXAMPLE))
    read = config.from_document
    assert read(document).brake == Brake(18, 3600.0)
    assert read(document | {"brake": {}}).brake == Brake(18, 3600.0)
    assert read(document | {"brake": {"per": "30m"}}).brake == Brake(18, 1800.0)
    assert read(document | {"brake": {"moves": 40}}).brake == Brake(40, 3600.0)


@pytest.mark.parametrize("off", [False, "off"])
def test_the_brake_may_be_switched_off(off: object) -> None:
    document = json.loads(config_file.compiled(SMALLEST))
    assert config.from_document(document | {"brake": off}).brake is None


def test_the_example_spells_out_the_defaults_and_nothing_else() -> None:
    assert {target.detection for target in config_file.load(EXAMPLE).targets.values()} == {Detection()}


def test_every_key_of_a_target_arrives() -> None:
    assert config_file.load(EVERY_KEY).targets["router"] == Target(
        name="router",
        require=Require.ALL,
        quorum=Quorum.ANY,
        detection=Detection(0.5, 0.05, 0.4, 3, 0.0, 4, 0.0, 10.0, LossRule(0.01, 0.3, 0.2, 365.25 / 14)),
        probes=(
            IcmpProbe("2001:db8::1", 0.1),
            TcpProbe("router.example.com", 179, 0.3, handshake=True),
            HttpProbe("https://[2001:db8::1]:8443/health?deep=1", 0.4, (200, 204), verify_certificate=False),
        ),
    )


@pytest.mark.parametrize("require", ["any", "all"])
@pytest.mark.parametrize(
    ("timeouts", "longest"),
    [((None,), 0.6), (("5s",), 5.0), (("50ms", "70ms"), 0.07), (("5s", None), 5.0), ((None, "50ms"), 0.6)],
)
def test_a_target_is_judged_by_the_longest_timeout_of_its_probes(
    timeouts: tuple[str | None, ...], longest: float, require: str
) -> None:
    """An earlier loss of another probe may still be on its way until then, whatever `require` says."""
    document = json.loads(config_file.compiled(SMALLEST))
    probes = [{"type": "icmp", "host": "10.109.2.1"} | ({"timeout": one} if one else {}) for one in timeouts]
    document["targets"]["dx"] = {"require": require, "probes": probes}
    target = config.from_document(document).targets["dx"]
    assert target.detection == Detection(probe_timeout_seconds=longest)
    assert [probe.timeout_seconds for probe in target.probes] == [parse(one or "600ms") for one in timeouts]


@pytest.mark.parametrize(("often", "accepted"), [("4 a day", True), ("28 a week", True), ("0.167 an hour", False)])
def test_no_more_false_alarms_may_be_asked_for_than_the_way_back_is_made_for(often: str, accepted: bool) -> None:
    document = json.loads(config_file.compiled(SMALLEST))
    document["defaults"] = {"loss": {"usual": "1%", "unacceptable": "30%", "false_alarms": often}}
    if accepted:
        loss = config.from_document(document).targets["dx"].detection.loss
        assert loss is not None
        assert loss.false_alarms_per_year == pytest.approx(4 * 365.25)
    else:
        with pytest.raises(ConfigurationError, match="expected at most 4 a day"):
            config.from_document(document)


def test_defaults_hold_for_targets_that_say_nothing_else() -> None:
    nat = config_file.load(EVERY_KEY).targets["nat-a"]
    assert nat.detection == Detection(
        2.0, 0.25, 1.5, 5, 3.0, 8, 60.0, 45.0, LossRule(0.005, 0.2), LatencyRule(0.005, 0.08, 0.0, 24.0)
    )
    assert nat.probes == (HttpProbe("http://10.0.1.10/", 1.5, (204,)),)


@pytest.mark.parametrize("off", [False, "off"])
def test_a_target_may_switch_off_what_the_defaults_switch_on(off: object) -> None:
    document = json.loads(config_file.compiled(EVERY_KEY))
    document["targets"]["nat-a"] |= {"loss": off, "latency": off}
    detection = config.from_document(document).targets["nat-a"].detection
    assert (detection.loss, detection.latency) == (None, None)


def test_loss_and_latency_are_off_unless_configured() -> None:
    rules = [target.detection for target in config_file.load(EXAMPLE).targets.values()]
    assert {(rule.loss, rule.latency) for rule in rules} == {(None, None)}


def test_rounds_are_recorded_only_where_asked_for() -> None:
    document = json.loads(config_file.compiled(SMALLEST))
    assert config.from_document(document).record_rounds == 0
    assert config.from_document(document | {"record_rounds": 500}).record_rounds == 500
    with pytest.raises(ConfigurationError, match="record_rounds: found the number 2001, expected a whole number"):
        config.from_document(document | {"record_rounds": 2001})


def test_restarts_arrive_and_share_their_group() -> None:
    configuration = config_file.load(EVERY_KEY)
    assert configuration.targets["nat-a"].restart == RestartPolicy("nat", 120.0, 90.0, 600.0, 2, 86_400.0)
    assert configuration.targets["nat-b"].restart == RestartPolicy("nat")
    assert list(configuration.restart_groups()) == ["nat"]


def test_a_restart_without_a_group_has_its_own() -> None:
    document = json.loads(config_file.compiled(EXAMPLE))
    for name in ("private-a", "private-b"):
        document["groups"].pop(name)
    document["targets"]["nat-a"]["restart"] = {}
    assert config.from_document(document).targets["nat-a"].restart == RestartPolicy("nat-a")


def test_every_kind_of_next_hop_arrives() -> None:
    group = config_file.load(EVERY_KEY).groups["every-next-hop"]
    assert group.steering == (VpcRoute(("rtb-0aaaaaaaaaaaaaaaa", "rtb-0bbbbbbbbbbbbbbbb"), "::/0"),)
    kinds = {hop.kind for path in group.paths for hop in path.next_hops if hop is not None}
    assert kinds == set(NextHopKind) - {NextHopKind.ATTACHMENT}


def test_failback_arrives() -> None:
    groups = config_file.load(EVERY_KEY).groups
    assert groups["retargeted"].failback.mode is FailbackMode.MANUAL
    assert groups["retargeted"].failback.damping == Damping(longest_seconds=7200.0)
    assert groups["every-next-hop"].failback == FailbackPolicy(FailbackMode.AUTO, 0.0, damping=None)
    windows = (
        Window(time(2), time(5, 30), frozenset({Day.SAT, Day.SUN})),
        Window(time(23), time(1)),
    )
    assert groups["by-prefix-list"].failback == FailbackPolicy(
        FailbackMode.WINDOW,
        120.0,
        Damping(1200.0, 3000.0, 1000.0, 5400.0),
        Windows(ZoneInfo("America/Argentina/Buenos_Aires"), windows),
    )


@pytest.mark.parametrize(
    ("failback", "damping"),
    [
        ({}, Damping()),
        ({"mode": "auto"}, Damping()),
        ({"mode": "manual"}, None),
        ({"mode": "manual", "damping": {}}, Damping()),
        ({"damping": "off"}, None),
        ({"damping": False}, None),
    ],
)
def test_damping_is_on_unless_failback_is_manual_or_it_is_switched_off(
    failback: dict[str, object], damping: Damping | None
) -> None:
    document: Any = plain(EXAMPLE)
    name = next(iter(document["groups"]))
    document["groups"][name]["failback"] = failback
    assert config.from_document(document).groups[name].failback.damping == damping


def test_no_configuration_without_windows_loads_time_zones() -> None:
    """The functions start cold in the moment when a line has died."""
    code = (
        "import json, sys\nfrom routekeeper import config\n"
        "config.from_document(json.loads(sys.argv[1]))\nassert 'zoneinfo' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, config_file.compiled(EXAMPLE)], check=True)


def test_an_ipv6_destination_takes_its_canonical_spelling() -> None:
    document = json.loads(config_file.compiled(EVERY_KEY))
    document["groups"]["every-next-hop"]["steering"]["destination"] = "2001:DB8:0:0::/32"
    assert config.from_document(document).groups["every-next-hop"].steering == (
        VpcRoute(("rtb-0aaaaaaaaaaaaaaaa", "rtb-0bbbbbbbbbbbbbbbb"), "2001:db8::/32"),
    )


def test_the_packaged_configuration_is_found_on_the_python_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "routekeeper_config"
    package.mkdir()
    (package / "failover.json").write_text(config_file.compiled(SMALLEST))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "routekeeper_config", raising=False)
    assert config.packaged() == config_file.load(SMALLEST)


def test_without_a_packaged_configuration_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "routekeeper_config", None)
    with pytest.raises(ConfigurationError, match="routekeeper compile"):
        config.packaged()


def test_the_functions_read_their_configuration_without_a_yaml_parser(tmp_path: Path) -> None:
    package = tmp_path / "routekeeper_config"
    package.mkdir()
    (package / "failover.json").write_text(config_file.compiled(EXAMPLE))
    program = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
sys.modules["yaml"] = None
from routekeeper import config
assert config.packaged().targets
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_bursts_bring_defaults_that_outlast_a_minute() -> None:
    bursts = config_file.load(HERE / "good" / "bursts.yaml")
    assert bursts.watch is WatchMode.BURST
    assert bursts.target_figures is TargetFigures.METRICS
    assert bursts.stale_after_seconds > 2 * BURST_INTERVAL_SECONDS
    assert all(t.detection.unknown_after_seconds > 2 * BURST_INTERVAL_SECONDS for t in bursts.targets.values())
    assert bursts.targets["dx"].detection.unhealthy_threshold == Detection().unhealthy_threshold
