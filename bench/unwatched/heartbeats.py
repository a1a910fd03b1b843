"""What the monitors say they sent: the summaries in their heartbeats, each counted once."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Final, Self

from lab.laboratory import Laboratory
from routekeeper.store.dynamodb import DynamoDbStore

LOOK_SECONDS: Final = 0.25
"""A successor's first heartbeat follows its predecessor's last within about a second; none may be overlooked."""


class Heartbeats:
    """Reads the table for as long as the context lasts.

    `rounds` counts, by vantage and target, what was sent from `first` to `last`: the times of each vantage's first
    and last heartbeat, in epoch seconds. What the first one sums up was sent before it, and does not count.
    """

    def __init__(self, lab: Laboratory) -> None:
        self.rounds: Counter[tuple[str, str]] = Counter()
        self.first: dict[str, float] = {}
        self.last: dict[str, float] = {}
        self._store = DynamoDbStore(lab.aws.client("dynamodb"), lab.deployment.resources["Table"], writer="bench")
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="heartbeats", daemon=True)

    def __enter__(self) -> Self:
        self._look()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            self._look()

    def _look(self) -> None:
        for name, vantage in self._store.load_board().vantages.items():
            if name not in self.first:
                self.first[name] = self.last[name] = vantage.heartbeat_at
            elif vantage.heartbeat_at != self.last[name]:
                self.last[name] = vantage.heartbeat_at
                for target, summary in vantage.summaries.items():
                    self.rounds[name, target] += summary.sent + summary.unknown
