"""What the emulated EC2 knows beyond moto: settings, pending transitions, references, advertised prefixes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lab.cloud.ec2.call_log import CallLog
from lab.cloud.ec2.changes import ChangeFeed
from lab.cloud.ec2.permissions import Permissions
from lab.cloud.ec2.refusals import Refusals
from lab.cloud.ec2.throttling import Throttling
from lab.cloud.ec2.timeline import Timeline

ReferenceState = Literal["pending", "available", "modifying", "deleting"]


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

    def changed(self, changes: Mapping[str, Any]) -> Settings:
        """These settings with `changes` applied.

        Raises ValueError for a name that is no setting, or a time that is negative.
        """
        known = {f.name for f in dataclasses.fields(self)}
        if unknown := sorted(set(changes) - known):
            raise ValueError(f"no such setting: {', '.join(unknown)} (there are {', '.join(sorted(known))})")
        values: dict[str, Any] = {k: tuple(v) if k == "hanging_stops" else float(v) for k, v in changes.items()}
        if negative := sorted(k for k, v in values.items() if isinstance(v, float) and v < 0):
            raise ValueError(f"a time cannot be negative: {', '.join(negative)}")
        return dataclasses.replace(self, **values)


@dataclass(slots=True)
class Reference:
    """A prefix-list reference in a transit gateway route table.

    `attachment` is what the API shows (None: blackhole); `effective` is what packets follow, which changes at the
    end of a transition. `effective` is unset before a new reference is available.
    """

    route_table: str
    prefix_list: str
    attachment: str | None
    state: ReferenceState = "pending"
    in_effect: bool = False
    effective: str | None = None


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
    in_transition: set[str] = field(default_factory=set)
    """Instances whose stop or start will end by itself; a hanging stop will not."""

    def later(self, seconds: float, what: str, action: Any) -> None:
        """Run `action` after `seconds` and announce `what` on the change feed."""

        def act() -> None:
            if action() is not False:
                self.changes.record(what)

        self.timeline.after(seconds, act)
