"""The paths of a group: what carries the traffic, in order of preference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from routekeeper.config import aws_ids, limits, values
from routekeeper.config.problems import Problems, describe, nearest
from routekeeper.config.section import Section, open_section
from routekeeper.config.steerings import KINDS, SteeringType
from routekeeper.domain.settings import Path, Target
from routekeeper.domain.steering import NextHop, NextHopKind

_HOP_KEYS: Final = tuple(kind.value for kind in NextHopKind)


class PathReader:
    """Reads the paths of one group. If its steering type could not be read, any next hop is accepted."""

    def __init__(self, kind: SteeringType | None, targets: Mapping[str, Target | None], problems: Problems) -> None:
        self._kind = kind
        self._targets = targets
        self._problems = problems
        self._names: set[str] = set()
        self._hops: dict[NextHop, str] = {}

    def read(self, group: Section) -> tuple[Path, ...]:
        """The paths that can be used."""
        sections = [
            open_section(node, where, self._problems, ("name", "target", *_HOP_KEYS))
            for where, node in group.listed("paths", "paths, the preferred one first", limits.PATHS)
        ]
        if len(sections) == 1:
            group.reject("paths", "found one path, expected at least two: one to leave and one to take")
        paths: list[Path] = []
        for index, section in enumerate(sections):
            if section is not None:
                hop_keys = [key for key in _HOP_KEYS if key in section]
                self._judge_kind(section, hop_keys, index)
                path = self._path(section, hop_keys)
                paths += [] if path is None else [path]
        return tuple(paths)

    def _path(self, section: Section, hop_keys: list[str]) -> Path | None:
        name = section.required("name", values.name)
        if name is not None and name in self._names:
            section.reject("name", f"a path '{name}' is there already, expected a name of its own")
        target = section.optional("target", values.text, None)
        if target is not None and target not in self._targets:
            hint = nearest(target, tuple(self._targets))
            section.reject("target", f"there is no target {describe(target)}, {hint}")
        hop = self._next_hop(section, hop_keys[0]) if len(hop_keys) == 1 else None
        if name is None:
            return None
        self._names.add(name)
        if hop is not None:
            self._judge_hop(section, name, target, hop)
        return Path(name, target, (hop,))

    def _next_hop(self, section: Section, key: str) -> NextHop | None:
        kind = NextHopKind(key)
        found = section.required(key, aws_ids.next_hop[kind])
        return None if found is None else NextHop(kind, found)

    def _judge_hop(self, section: Section, name: str, target: str | None, hop: NextHop) -> None:
        key = hop.kind.value
        if (other := self._hops.setdefault(hop, name)) != name:
            section.reject(key, f"path '{other}' goes through {hop} too, expected a next hop of its own")
        spoken = self._targets.get(target) if target is not None else None
        if spoken is None or spoken.instance is None or hop.kind is not NextHopKind.INSTANCE:
            return
        if spoken.instance != hop.id:
            section.reject(key, f"found {hop}, expected {spoken.instance}, the instance of target '{target}'")

    def _judge_kind(self, section: Section, hop_keys: list[str], index: int) -> None:
        if len(hop_keys) > 1:
            section.reject_whole(f"found {' and '.join(hop_keys)}, expected one next hop")
        if self._kind is None:
            return
        kind = KINDS[self._kind]
        fit = kind.next_hops
        for key in hop_keys:
            if key not in fit:
                section.reject(key, f"a {self._kind.value} path cannot go through this, expected {_one_of(fit)}")
        if hop_keys:
            return
        if not kind.preferred_may_lack_one:
            section.reject_whole(f"found no next hop, expected {_one_of(fit)}")
        elif index > 0:
            section.reject_whole(f"found no {fit[0]}, expected one: only the preferred path, the first, may do without")


def _one_of(keys: tuple[str, ...]) -> str:
    return f"the key '{keys[0]}'" if len(keys) == 1 else f"one of {', '.join(keys)}"
