"""What the emulated EC2 knows beyond moto: settings, pending transitions, references, advertised prefixes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lab.cloud.ec2.call_log import CallLog
from lab.cloud.ec2.changes import ChangeFeed
from lab.cloud.ec2.past import Past
from lab.cloud.ec2.permissions import Permissions
from lab.cloud.ec2.reference import Reference
from lab.cloud.ec2.refusals import Refusals
from lab.cloud.ec2.throttling import Throttling
from lab.cloud.ec2.timeline import Timeline


def tell_nobody(instance: str, state: str) -> None:
    """For an EC2 without an event bus."""
    del instance, state


@dataclass(frozen=True, slots=True)
class Settings:
    """How long things take, in seconds, and what goes wrong."""

    stop_seconds: float = 5.0
    """From `stopping` to `stopped`, and from `shutting-down` to `terminated`; AWS itself takes minutes."""
    start_seconds: float = 5.0
    """From `pending` to `running`; AWS itself takes the better part of a minute."""
    call_seconds: float = 0.0
    """Every call; AWS itself takes a tenth of a second and more."""
    reference_seconds: float = 0.3
    """Creation, modification or deletion of a prefix-list reference."""
    hanging_stops: tuple[str, ...] = ()
    """Instances whose ordinary stop never ends; StopInstances with Force still does."""
    one_time_spot: tuple[str, ...] = ()
    """Instances that are never stopped, beside those that were launched as spot instances."""
    without_capacity: tuple[str, ...] = ()
    """Instances that cannot be started, until they are taken out of this list."""
    routes_per_table: int = 500
    """Quota of routes that were written into a VPC route table ("Amazon VPC quotas")."""
    stale_seconds: float = 0.0
    """For how long after a change reads show what was before it: routes, references and states of instances."""

    def changed(self, changes: Mapping[str, Any]) -> Settings:
        """These settings with `changes` applied.

        Raises ValueError for a name that is no setting, or a time or number that is negative.
        """
        known: dict[str, type[Any]] = {f.name: type(f.default) for f in dataclasses.fields(self)}
        if unknown := sorted(set(changes) - set(known)):
            raise ValueError(f"no such setting: {', '.join(unknown)} (there are {', '.join(sorted(known))})")
        values: dict[str, Any] = {name: known[name](value) for name, value in changes.items()}
        if negative := sorted(k for k, v in values.items() if not isinstance(v, tuple) and v < 0):
            raise ValueError(f"a time or number cannot be negative: {', '.join(negative)}")
        return dataclasses.replace(self, **values)


@dataclass(slots=True)
class LabWorld:
    """The state beside moto's own."""

    timeline: Timeline = field(default_factory=Timeline)
    settings: Settings = field(default_factory=Settings)
    changes: ChangeFeed = field(default_factory=ChangeFeed)
    refusals: Refusals = field(default_factory=Refusals)
    calls: CallLog = field(default_factory=CallLog)
    throttling: Throttling | None = None
    """How many calls are granted; without it, all are."""
    tell: Callable[[str, str], None] = tell_nobody
    """Told an instance and its state whenever it has entered one."""
    permissions: Permissions | None = None
    """Who may do what; without it, everyone may do everything."""
    references: dict[tuple[str, str], Reference] = field(default_factory=dict)
    """By transit gateway route table and prefix list."""
    advertised: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """CIDRs learnt over BGP, by transit gateway attachment (Direct Connect gateway, VPN)."""
    past: Past = field(default_factory=Past)
    """How things were before the latest changes, for reads that are stale."""
    in_transition: set[str] = field(default_factory=set)
    """Instances whose stop or start will end by itself; a hanging stop will not."""

    def later(self, seconds: float, what: str, action: Any) -> None:
        """Run `action` after `seconds` and announce `what` on the change feed."""

        def act() -> None:
            if action() is not False:
                self.changes.record(what)

        self.timeline.after(seconds, act)
