"""Whatever the configuration, each neighbour is one that may be written into it, and means what is said of it."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import hypothesis
import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from routekeeper import config
from routekeeper.domain.cusum import Loss
from routekeeper.domain.detection import Detection
from routekeeper.domain.errors import ConfigurationError
from routekeeper_cli.tune.neighbours import PRESENT, neighbours

KEYS = [field.name for field in fields(Detection) if field.compare]
USUAL = Loss(0.01, 0.1)
GROUP = {
    "steering": {"type": "vpc-route", "route_tables": ["rtb-0123456789abcdef0"], "destination": "0.0.0.0/0"},
    "paths": [
        {"name": "one", "target": "dx", "instance": "i-0123456789abcdef0"},
        {"name": "other", "target": "vpn", "instance": "i-0123456789abcdef1"},
    ],
}
PROBES = [{"type": "tcp", "host": "10.1.0.5", "port": 22}]
LOSS = {"usual": "1%", "unacceptable": "30%"}

# Each setting by itself is one that may be written; those that do not go together are few enough to be passed over.
rates = st.sampled_from(("1 a year", "7 a month", "0.123 a week", "4 a day"))
losses = st.fixed_dictionaries(
    {
        "usual": st.sampled_from(("0.01%", "0.33%", "1%", "6.4%", "10%", "29%")),
        "unacceptable": st.sampled_from(("29%", "33.3%", "61%", "90%")),
    },
    optional={"bursts": st.sampled_from(("0s", "100ms", "600ms", "1s")), "false_alarms": rates},
)
latencies = st.fixed_dictionaries(
    {
        "usual": st.sampled_from(("1ms", "10ms", "15ms", "100ms")),
        "unacceptable": st.sampled_from(("60ms", "100ms", "400ms", "450ms")),
    },
    optional={"bursts": st.sampled_from(("0s", "100ms", "1s")), "false_alarms": rates},
)
settings = st.fixed_dictionaries(
    {},
    optional={
        "probe_interval": st.sampled_from(("1s", "1500ms", "3s", "7s")),
        "suspect_interval": st.sampled_from(("10ms", "15ms", "100ms", "0.5s", "1s")),
        "probe_timeout": st.sampled_from(("100ms", "450ms", "0.5s", "1s", "10s")),
        "unhealthy_threshold": st.sampled_from((1, 2, 10, 501, 1000)),
        "unhealthy_for": st.sampled_from(("0s", "1400ms", "1m")),
        "healthy_for": st.sampled_from(("1s", "45s", "2m")),
        "unknown_after": st.sampled_from(("20s", "29s", "45s", "2m")),
        "loss": st.one_of(st.just("off"), losses),
        "latency": st.one_of(st.just("off"), latencies),
    },
)
watches = st.sampled_from(("continuous", "continuous", "continuous", "burst"))


def document(
    own: dict[str, Any], defaults: dict[str, Any] | None = None, *, boot_timeout: str = "35s", **top: Any
) -> dict[str, Any]:
    restart = {"instance": "i-0123456789abcdef0", "restart": {"boot_timeout": boot_timeout}}
    targets = {"dx": {"probes": PROBES, **restart, **own}, "vpn": {"probes": PROBES}}
    return {"version": 1, "defaults": defaults or {}, **top, "targets": targets, "groups": {"idc": GROUP}}


def offered(found: dict[str, Any]) -> dict[str, Detection]:
    target = config.from_document(found).targets["dx"]
    return {setting: neighbour.detection for setting, neighbour in neighbours(found, target, USUAL)}


def written(found: dict[str, Any], setting: str) -> dict[str, Any]:
    """The document with what a row of the table says written into it."""
    [(path, value)] = yaml.safe_load(setting).items()
    key, _, inner = path.partition(".")
    own = found["targets"]["dx"]
    if inner:
        value = {**(own[key] if key in own else found["defaults"][key]), inner: value}
    return {**found, "targets": {**found["targets"], "dx": {**own, key: value}}}


@pytest.mark.long
@hypothesis.settings(max_examples=40)
@given(own=settings, defaults=settings, watch=watches, boot_timeout=st.sampled_from(("200s", "10m", "1h")))
def test_the_configuration_takes_every_neighbour_and_reads_it_as_it_was_reckoned_with(
    own: dict[str, Any], defaults: dict[str, Any], watch: str, boot_timeout: str
) -> None:
    found = document(own, defaults, boot_timeout=boot_timeout, watch=watch)
    try:
        present = config.from_document(found).targets["dx"].detection
    except ConfigurationError:
        assume(False)
    (first, rule), *others = offered(found).items()
    assert (first, rule) == (PRESENT, present)
    for setting, neighbour in others:
        assert config.from_document(written(found, setting)).targets["dx"].detection == neighbour, setting
        differing = [key for key in KEYS if getattr(neighbour, key) != getattr(present, key)]
        assert len(differing) == 1, setting


def test_every_kind_of_setting_has_neighbours() -> None:
    found = document({"loss": LOSS, "latency": {"usual": "5ms", "unacceptable": "80ms"}})
    assert [setting for setting in offered(found) if setting != PRESENT] == [
        "unhealthy_threshold: 5",
        "unhealthy_threshold: 20",
        "unhealthy_for: 700ms",
        "unhealthy_for: 3s",
        "suspect_interval: 50ms",
        "suspect_interval: 200ms",
        "probe_interval: 500ms",
        "probe_interval: 2s",
        "loss: off",
        "loss.unacceptable: 20%",
        "loss.unacceptable: 45%",
        "loss.bursts: 0s",
        "loss.bursts: 200ms",
        "loss.false_alarms: 1 a month",
        "latency: off",
        "latency.false_alarms: 1 a month",
    ]


def test_where_nothing_is_said_of_loss_a_whole_rule_is_offered() -> None:
    assert "loss: {usual: 1%, unacceptable: 30%, bursts: 100ms}" in offered(document({}))


def test_a_rule_from_the_defaults_is_changed_for_the_target() -> None:
    assert "loss.bursts: 200ms" in offered(document({}, {"loss": LOSS}))


@pytest.mark.parametrize(
    ("own", "beyond"),
    [
        ({"unhealthy_threshold": 1000}, "unhealthy_threshold: 2000"),
        ({"probe_interval": "20s", "restart": {"boot_timeout": "1h"}}, "probe_interval: 40s"),
        ({"probe_interval": "2s"}, "probe_interval: 4s"),  # its restart would not have the time
        ({"suspect_interval": "15ms"}, "suspect_interval: 8ms"),
    ],
)
def test_what_check_refuses_is_not_offered(own: dict[str, Any], beyond: str) -> None:
    assert beyond not in offered(document(own))


def test_in_bursts_neither_the_interval_nor_a_rule_for_loss_is_offered() -> None:
    found = offered(document({}, watch="burst"))
    assert not any(setting.startswith(("probe_interval", "loss")) for setting in found)


@pytest.mark.parametrize(("usual", "offered_as"), [(0.0004587, "0.0459%"), (0.0233217, "2.332%"), (0.0, "0.01%")])
def test_a_rule_on_loss_is_offered_whatever_the_usual_loss_and_in_digits_that_can_be_read(
    usual: float, offered_as: str
) -> None:
    found = document({})
    target = config.from_document(found).targets["dx"]
    settings = [setting for setting, _ in neighbours(found, target, Loss(usual, 0.1))]
    assert [f"usual: {offered_as}" in setting for setting in settings if setting.startswith("loss")] == [True]
