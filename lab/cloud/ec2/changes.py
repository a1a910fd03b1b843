"""The change feed: a version number that moves whenever the emulated EC2 has changed."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

KEPT_CHANGES = 1000


@dataclass(frozen=True, slots=True)
class Change:
    """One change: its version and what brought it about (an EC2 action, or a transition in words)."""

    version: int
    what: str


class ChangeFeed:
    """Changes in order, with a wait for the next one."""

    def __init__(self) -> None:
        self._moved = threading.Condition()
        self._version = 0
        self._changes: deque[Change] = deque(maxlen=KEPT_CHANGES)

    @property
    def version(self) -> int:
        """The version of the latest change; 0 before the first."""
        with self._moved:
            return self._version

    def record(self, what: str) -> None:
        """Note a change and wake everyone who waits for one."""
        with self._moved:
            self._version += 1
            self._changes.append(Change(self._version, what))
            self._moved.notify_all()

    def since(self, version: int, timeout_seconds: float = 0.0) -> tuple[int, tuple[Change, ...]]:
        """The latest version and the changes after `version`; waits up to `timeout_seconds` for the first of them."""
        with self._moved:
            self._moved.wait_for(lambda: self._version > version, timeout_seconds)
            return self._version, tuple(change for change in self._changes if change.version > version)
