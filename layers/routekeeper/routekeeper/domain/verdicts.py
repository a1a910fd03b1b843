"""All verdicts of one look: what the probes say of each target, and what AWS says of some paths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from routekeeper.domain.quorum import ALWAYS_HEALTHY, UNOBSERVED, Verdict
from routekeeper.domain.settings import Group, Path


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Verdicts by target and by path. A target may be probed over several paths, and AWS may speak against one only."""

    targets: Mapping[str, Verdict]
    """What the probes say, by target."""
    paths: Mapping[tuple[str, str], Verdict] = field(default_factory=dict)
    """The paths that AWS has spoken against, by group and path (`signals.with_signals`)."""

    def of(self, target: str) -> Verdict:
        """What the probes say of a target."""
        return self.targets.get(target, UNOBSERVED)

    def probed(self, path: Path) -> Verdict:
        """What the probes alone say of a path: one without a target is taken as HEALTHY."""
        return ALWAYS_HEALTHY if path.target is None else self.of(path.target)

    def on(self, group: Group, path: Path) -> Verdict:
        """The verdict on a path: its own if AWS has spoken against it, otherwise that of its probes."""
        return self.paths.get((group.name, path.name)) or self.probed(path)
