"""An announcer that is built when there is first something to tell, because most containers never tell anything."""

from __future__ import annotations

import threading
from collections.abc import Callable

from routekeeper.announcing import Announcer
from routekeeper.domain.brake import Engagement
from routekeeper.domain.group_state import Channel, Transition
from routekeeper.domain.restart_event import RestartEvent


class LateAnnouncer:
    """Implements `Announcer`. The groups of a pass may tell at the same time, but the announcer is built once."""

    def __init__(self, build: Callable[[], Announcer]) -> None:
        self._build = build
        self._built: Announcer | None = None
        self._lock = threading.Lock()

    def transition(self, transition: Transition, channel: Channel) -> None:
        self._announcer().transition(transition, channel)

    def brake(self, engagement: Engagement, channel: Channel) -> None:
        self._announcer().brake(engagement, channel)

    def restart(self, event: RestartEvent) -> None:
        self._announcer().restart(event)

    def _announcer(self) -> Announcer:
        with self._lock:
            if self._built is None:
                self._built = self._build()
            return self._built
