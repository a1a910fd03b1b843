"""Telling people what was done: one readable message and one event for each transition, each restart, and the brake."""

from __future__ import annotations

from typing import Protocol

from routekeeper.domain.brake import Engagement
from routekeeper.domain.group_state import Channel, Transition
from routekeeper.domain.restart_event import RestartEvent


class Announcer(Protocol):
    """Every method raises AnnouncementError if somebody could not be told."""

    def transition(self, transition: Transition, channel: Channel) -> None: ...
    def brake(self, engagement: Engagement, channel: Channel) -> None: ...
    def restart(self, event: RestartEvent) -> None: ...
