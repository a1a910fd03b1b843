"""The whole document, from its tree to a `Configuration`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from routekeeper.config import limits, values
from routekeeper.config.brake import read_brake
from routekeeper.config.detection import KEYS as DETECTION_KEYS
from routekeeper.config.detection import judge_timeout, read_detection
from routekeeper.config.durations import render
from routekeeper.config.groups import GroupReader
from routekeeper.config.problems import Problems, Rejected, describe
from routekeeper.config.section import Section, open_section
from routekeeper.config.targets import TargetReader
from routekeeper.config.thresholds import Source
from routekeeper.config.tree import Node
from routekeeper.domain.detection import Detection
from routekeeper.domain.settings import (
    BURST_INTERVAL_SECONDS,
    BURST_MEMORY_SECONDS,
    Configuration,
    Target,
    TargetFigures,
    WatchMode,
)

_KEYS: Final = (
    "version",
    "watch",
    "target_figures",
    "record_rounds",
    "heartbeat_interval",
    "stale_after",
    "brake",
    "defaults",
    "targets",
    "groups",
)
_heartbeat = values.duration(limits.HOUR, least=1)
_stale = values.duration(limits.DAY, least=1)
_DEFAULT: Final = Configuration({}, {})
MOST_RECORDED_ROUNDS: Final = 2_000
"""So many fit into a log event of 256 KB even with the longest names ("PutLogEvents", CloudWatch Logs API
Reference)."""
BURST_DETECTION: Final = Detection(unknown_after_seconds=BURST_MEMORY_SECONDS)


def read_document(root: Node, problems: Problems, thresholds: Source) -> Configuration:
    """The configuration that the document describes, with the `thresholds` of its loss and latency rules.

    Raises:
        ConfigurationError: every problem of the document, one on a line.
    """
    section = open_section(root, "", problems, _KEYS)
    configuration = _DEFAULT if section is None else _read(section, problems, thresholds)
    problems.raise_if_any()
    return configuration


def _read(section: Section, problems: Problems, thresholds: Source) -> Configuration:
    section.required("version", _version)
    watch = section.optional("watch", values.choice(WatchMode), _DEFAULT.watch)
    figures = section.optional("target_figures", values.choice(TargetFigures), _DEFAULT.target_figures)
    record = section.optional("record_rounds", values.whole(0, MOST_RECORDED_ROUNDS), _DEFAULT.record_rounds)
    standard = _standard(watch)
    heartbeat = section.optional("heartbeat_interval", _heartbeat, _DEFAULT.heartbeat_interval_seconds)
    stale = section.optional("stale_after", _stale, standard.stale_after_seconds)
    beat, what = (heartbeat, "heartbeat_interval ") if watch is WatchMode.CONTINUOUS else (BURST_INTERVAL_SECONDS, "")
    if section.unsound.isdisjoint(("heartbeat_interval", "stale_after")) and stale <= beat:
        section.reject(
            "stale_after" if "stale_after" in section else "heartbeat_interval",
            f"stale_after {render(stale)} would silence a vantage between two heartbeats, expected more than"
            f" {what}{render(beat)}",
        )
    defaults = section.section("defaults", DETECTION_KEYS)
    base = BURST_DETECTION if watch is WatchMode.BURST else Detection()
    detection = base if defaults is None else read_detection(defaults, base)
    if defaults is not None:
        judge_timeout(defaults, detection)
    targets = TargetReader(detection, defaults, problems, thresholds).read(_names(section, "targets"))
    groups = GroupReader(targets, problems).read(_names(section, "groups"))
    usable = {name: target for name, target in targets.items() if target is not None}
    if watch is WatchMode.BURST:
        _judge_bursts(section, usable)
    brake = read_brake(section, len(groups))
    return Configuration(usable, groups, heartbeat, stale, watch, figures, record, brake)


def _standard(watch: WatchMode) -> Configuration:
    """The values that count if the document does not say."""
    return replace(_DEFAULT, stale_after_seconds=BURST_MEMORY_SECONDS) if watch is WatchMode.BURST else _DEFAULT


def _judge_bursts(section: Section, targets: Mapping[str, Target]) -> None:
    """Note what cannot work if a minute passes between two looks."""
    for name, target in targets.items():
        rule = target.detection
        if rule.unknown_after_seconds <= BURST_INTERVAL_SECONDS + rule.probe_timeout_seconds:
            section.reject(
                "watch",
                f"target '{name}' is forgotten after unknown_after {render(rule.unknown_after_seconds)}, between two"
                f" bursts, expected more than {render(BURST_INTERVAL_SECONDS + rule.probe_timeout_seconds)}",
            )
        if rule.loss is not None or rule.latency is not None:
            section.reject(
                "watch",
                f"target '{name}' has a loss or latency rule, which needs continuous watching: a burst is too short"
                " a look to tell a bad line from bad luck",
            )


def _names(section: Section, key: str) -> Section | None:
    node = section.node(key)
    return None if node is None else open_section(node, section.at(key), section.problems, None)


def _version(value: object) -> int:
    if isinstance(value, bool) or value != 1 or not isinstance(value, int):
        raise Rejected(f"found {describe(value)}, expected 1")
    return value
