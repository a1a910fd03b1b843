"""Failover groups: what is steered, over which paths, and how traffic returns."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from routekeeper.config import limits
from routekeeper.config.detection import seconds_until_healthy
from routekeeper.config.failback import read_failback
from routekeeper.config.paths import PathReader
from routekeeper.config.problems import Problems
from routekeeper.config.section import Section, open_section
from routekeeper.config.steerings import read_steering
from routekeeper.config.tree import Node
from routekeeper.domain.settings import Group, Path, Target

_KEYS: Final = ("steering", "paths", "failback")


class GroupReader:
    """Reads all groups of one document, because some rules hold between them and with the targets."""

    def __init__(self, targets: Mapping[str, Target | None], problems: Problems) -> None:
        self._targets = targets
        self._problems = problems
        self._targets_are_sound = not len(problems)
        """Whether the targets, which are read before the groups, are free of problems, so that groups may be judged by
        them."""
        self._steered_by: dict[tuple[str, str], str] = {}
        """The group that steers a route, by table and destination."""

    def read(self, section: Section | None) -> dict[str, Group]:
        """The groups that can be used, by name."""
        if section is None:
            return {}
        named = section.named("group", limits.GROUPS)
        read = {name: self._group(name, node, section.at(name)) for name, node in named}
        return {name: group for name, group in read.items() if group is not None}

    def _group(self, name: str, node: Node, where: str) -> Group | None:
        section = open_section(node, where, self._problems, _KEYS)
        if section is None:
            return None
        kind, steering = read_steering(section, partial(self._claim, name))
        paths = PathReader(kind, self._targets, self._problems).read(section)
        _doubt_paths(section, paths)
        failback = read_failback(section, self._flaps_apart_seconds(paths))
        self._judge_restart_groups(section, paths)
        return None if steering is None else Group(name, (steering,), paths, failback)

    def _flaps_apart_seconds(self, paths: tuple[Path, ...]) -> float | None:
        """How soon a path may fail again at the earliest, if all vantages see the same."""
        named = [self._targets.get(path.target) for path in paths if path.target is not None]
        targets = [target for target in named if target is not None]
        if not self._targets_are_sound or not targets or len(targets) < len(named):
            return None
        return min(seconds_until_healthy(target.detection) for target in targets)

    def _claim(self, name: str, section: Section, key: str, table: str, destination: str) -> None:
        other = self._steered_by.setdefault((table, destination), name)
        if other != name:
            section.reject(key, f"group '{other}' steers {destination} in {table} too, expected one group to do so")

    def _judge_restart_groups(self, section: Section, paths: tuple[Path, ...]) -> None:
        """Paths of one group stand in for each other: their instances must not be restarted side by side."""
        hops = {hop.id for path in paths for hop in path.next_hops if hop is not None}
        names = {path.target for path in paths}
        known = [target for target in self._targets.values() if target is not None]
        concerned = [one for one in known if one.name in names or one.instance in hops]
        restarted = {one.instance: (one.name, one.restart.group) for one in concerned if one.restart is not None}
        if len({group for _, group in restarted.values()}) > 1:
            told = ", ".join(f"{target} in '{group}'" for target, group in restarted.values())
            section.reject(
                "paths",
                f"targets that stand in for each other are restarted in different groups ({told}), and all could be"
                " down at once; expected the same 'restart.group' on each",
            )


def _doubt_paths(section: Section, paths: tuple[Path, ...]) -> None:
    """A group moves from a path to another whose health is better. The same health is never better."""
    targets = {path.target for path in paths}
    if len(paths) > 1 and len(targets) == 1 and (target := targets.pop()) is not None:
        section.warn(
            "paths",
            f"every path has the target '{target}', so all are UNHEALTHY at once: this group can never"
            " fail over; expected a target for each",
        )
