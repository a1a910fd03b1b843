"""What can be wrong with a line or an instance, as nftables rules. Pure: nothing here touches the kernel."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from lab.network.plan import FAR, NEAR

LINE_TABLE: Final = "bridge fault"
INSTANCE_TABLE: Final = "inet fault"
_GRAIN: Final = 10_000
"""Loss is set in steps of one in this many packets."""


class Direction(Enum):
    """One direction of a line; `value` is the port that packets come in by."""

    OUTBOUND = NEAR
    """From AWS to on-premises."""
    INBOUND = FAR
    """From on-premises to AWS."""

    @property
    def exit(self) -> str:
        """The port that packets leave by."""
        return FAR if self is Direction.OUTBOUND else NEAR


@dataclass(frozen=True, slots=True)
class Condition:
    """How one direction of a line treats packets: the share it loses (1: cut) and the delay in seconds."""

    loss: float = 0.0
    delay_seconds: float = 0.0

    def __post_init__(self) -> None:
        """Raise ValueError for values out of range."""
        if not 0 <= self.loss <= 1:
            raise ValueError(f"loss is a share from 0 to 1, not {self.loss}")
        if self.delay_seconds < 0:
            raise ValueError(f"delay_seconds cannot be negative: {self.delay_seconds}")

    @property
    def delayed(self) -> bool:
        """Whether a wire has to carry the packets instead of the bridge."""
        return self.delay_seconds > 0 and self.loss < 1


class InstanceFault(Enum):
    """What an instance that EC2 calls running can be like."""

    HUNG = "hung"
    """It answers and forwards nothing."""
    NOT_FORWARDING = "not forwarding"
    """It answers, and forwards nothing."""


def line_chains(conditions: dict[Direction, Condition]) -> str:
    """The chain for a line's bridge, or nothing for a sound one. What a wire carries, the bridge must not."""
    rules = [rule for direction, condition in conditions.items() if (rule := _line_rule(direction, condition))]
    if not rules:
        return ""
    return _chain("forward", "filter", *rules)


def instance_chains(fault: InstanceFault) -> str:
    """The chains that make an instance behave so."""
    match fault:
        case InstanceFault.HUNG:
            return "\n".join(_chain(hook, "raw", "drop") for hook in ("prerouting", "output"))
        case InstanceFault.NOT_FORWARDING:
            return _chain("forward", "filter", "drop")


def _line_rule(direction: Direction, condition: Condition) -> str:
    if condition.loss == 1 or condition.delayed:
        return f'iifname "{direction.value}" drop'
    share = round(condition.loss * _GRAIN)
    return f'iifname "{direction.value}" numgen random mod {_GRAIN} < {share} drop' if share else ""


def _chain(hook: str, priority: str, *rules: str) -> str:
    body = "\n".join(f"    {rule}" for rule in rules)
    return f"chain {hook} {{\n    type filter hook {hook} priority {priority}\n{body}\n}}"
