"""Which EC2 calls were made, by whom, with what, and how they ended."""

from __future__ import annotations

import dataclasses
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

KEPT_CALLS = 20_000


@dataclass(frozen=True, slots=True)
class Call:
    """One EC2 call.

    `at` is Unix time in seconds, `principal` the ARN of a role's session (empty for the laboratory itself), `error` the
    error code (empty where the call succeeded).
    """

    number: int
    at: float
    action: str
    access_key: str
    principal: str
    parameters: Mapping[str, Any]
    error: str = ""


class CallLog:
    """Calls in the order in which they ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: deque[Call] = deque(maxlen=KEPT_CALLS)
        self._number = 0

    def record(self, call: Call) -> None:
        """Note one call; its number is given here."""
        with self._lock:
            self._number += 1
            self._calls.append(dataclasses.replace(call, number=self._number))

    def since(self, number: int = 0, action: str = "") -> tuple[Call, ...]:
        """Calls after the given number, of one action where `action` is given."""
        with self._lock:
            return tuple(c for c in self._calls if c.number > number and action in ("", c.action))
