"""The whole document, from its tree to a `Configuration`."""

from __future__ import annotations

from typing import Final

from routekeeper.config import values
from routekeeper.config.detection import KEYS as DETECTION_KEYS
from routekeeper.config.detection import read_detection
from routekeeper.config.durations import render
from routekeeper.config.groups import GroupReader
from routekeeper.config.problems import Problems, Rejected, describe
from routekeeper.config.section import Section, open_section
from routekeeper.config.targets import TargetReader
from routekeeper.config.tree import Node
from routekeeper.domain.health import Detection
from routekeeper.domain.settings import Configuration

_KEYS: Final = ("version", "heartbeat_interval", "stale_after", "defaults", "targets", "groups")
_DEFAULT: Final = Configuration({}, {})


def read_document(root: Node, problems: Problems) -> Configuration:
    """The configuration that the document describes.

    Raises:
        ConfigurationError: every problem of the document, a line each.
    """
    section = open_section(root, "", problems, _KEYS)
    configuration = _DEFAULT if section is None else _read(section, problems)
    problems.raise_if_any()
    return configuration


def _read(section: Section, problems: Problems) -> Configuration:
    section.required("version", _version)
    heartbeat = section.optional("heartbeat_interval", values.duration(least=1), _DEFAULT.heartbeat_interval_seconds)
    stale = section.optional("stale_after", values.duration(least=1), _DEFAULT.stale_after_seconds)
    if section.unsound.isdisjoint(("heartbeat_interval", "stale_after")) and stale <= heartbeat:
        section.reject(
            "stale_after" if "stale_after" in section else "heartbeat_interval",
            f"stale_after {render(stale)} would silence a vantage between two heartbeats, expected more than"
            f" heartbeat_interval {render(heartbeat)}",
        )
    defaults = section.section("defaults", DETECTION_KEYS)
    detection = Detection() if defaults is None else read_detection(defaults, Detection())
    unsound = frozenset[str]() if defaults is None else defaults.unsound
    targets = TargetReader(detection, unsound, problems).read(_names(section, "targets"))
    groups = GroupReader(targets, problems).read(_names(section, "groups"))
    usable = {name: target for name, target in targets.items() if target is not None}
    return Configuration(usable, groups, heartbeat, stale)


def _names(section: Section, key: str) -> Section | None:
    node = section.node(key)
    return None if node is None else open_section(node, section.at(key), section.problems, None)


def _version(value: object) -> int:
    if isinstance(value, bool) or value != 1 or not isinstance(value, int):
        raise Rejected(f"found {describe(value)}, expected 1")
    return value
