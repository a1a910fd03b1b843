"""What the functions remember. DynamoDB implements it here; the laboratory has a store in memory for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from routekeeper.domain.brake import Ledger
from routekeeper.domain.group_state import GroupState, Transition
from routekeeper.domain.health import TargetHealth
from routekeeper.domain.lease import Lease
from routekeeper.domain.presence import Pass
from routekeeper.domain.restart import RestartState
from routekeeper.domain.restart_event import RestartEvent
from routekeeper.domain.signals import Signal
from routekeeper.domain.vantage import Board, Vantage


class Store(Protocol):
    """Every read is strongly consistent, and every write that matters is conditional.

    Versioned values (`Lease`, `GroupState`, `RestartState`, `Ledger`) are loaded at version 0 if none was ever saved. A
    save succeeds only if the stored version is still the value's own. It returns the value at its new version.

    Every method may raise:
        VersionConflict: another has saved first. Nothing was written.
        LeaseLost: a monitor under a newer epoch has written. Nothing was written.
        ItemError: what is stored under the key cannot be read as what it should be; the message names the key.
        StoreError: the table did not answer or refused.
    """

    def load_lease(self, vantage: str) -> Lease: ...
    def save_lease(self, lease: Lease) -> Lease: ...
    def newest_epoch(self, vantage: str) -> int:
        """The newest epoch under which the vantage has written anything; 0 if it has not. A lease begins above it."""

    def save_vantage(self, vantage: Vantage) -> None:
        """Write the heartbeat unless a newer epoch has (LeaseLost)."""

    def save_health(self, vantage: str, epoch: int, target: str, health: TargetHealth) -> None:
        """Write a health change unless a newer epoch has (LeaseLost)."""

    def load_board(self, vantages: Sequence[str] | None = None) -> Board:
        """What these vantages have told, or all vantages of the deployment.

        An unreadable item is left out and named in the log. It strands no other.
        """

    def load_signals(self) -> tuple[Signal, ...]:
        """The newest signal of each resource and kind, also withdrawn and ended ones. Unreadable ones are left out."""

    def save_signal(self, signal: Signal) -> bool:
        """Write the signal unless a later one is there (`Signal.order`). Returns whether it was written."""

    def load_group(self, group: str) -> GroupState: ...
    def save_group(self, state: GroupState) -> GroupState: ...
    def record(self, state: GroupState, transition: Transition) -> GroupState:
        """Save the group and write the transition into history, both or neither. Writing it twice leaves one."""

    def load_restart(self, group: str) -> RestartState: ...
    def save_restart(self, state: RestartState, event: RestartEvent | None = None) -> RestartState:
        """Save the restart group and write the event, if there is one, into history, both or neither."""

    def load_brake(self) -> Ledger: ...
    def save_brake(self, ledger: Ledger) -> Ledger: ...

    def load_passes(self) -> tuple[Pass, ...]:
        """The last pass of each function that has told one; unreadable ones left out."""

    def save_pass(self, ended: Pass) -> bool:
        """Write it unless a later one of the function stands in its place; whether it stands now."""

    def unreadable(self) -> Mapping[str, str]:
        """Why each signal and each function's pass that cannot be read is left out, by its key."""

    def transitions(self, group: str, limit: int, before: str | None = None) -> tuple[Transition, ...]:
        """The newest transitions of a group, newest first, or the newest `before` a place in history (`items.place`).

        Unreadable ones are left out and named in the log.
        """

    def restart_events(self, group: str, limit: int, before: str | None = None) -> tuple[RestartEvent, ...]:
        """The same of a restart group's events."""
