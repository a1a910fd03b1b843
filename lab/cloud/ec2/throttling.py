"""EC2's request throttling: a token bucket a call name, refilled all the time.

Source: "Request throttling for the Amazon EC2 API", Amazon EC2 developer guide. It says that every API is counted by
itself, for each account in each region, that calls which read have buckets of 100 filled with 20 a second, and that a
call without a token fails with RequestLimitExceeded. The sizes for calls that change something stand in its table.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Bucket:
    """How many calls may be made at once, and how many a second in the long run."""

    capacity: float
    per_second: float

    def seconds_for(self, calls: int) -> float:
        """The least time in which so many calls can be granted, beginning with a full bucket."""
        return max(0.0, (calls - self.capacity) / self.per_second)


READING: Final = Bucket(100, 20)
_READS: Final = ("Describe", "Get", "Search", "List")


class Throttling:
    """Grants calls while there are tokens. A call that is refused costs none."""

    def __init__(
        self, changing: Bucket, reading: Bucket = READING, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._changing = changing
        self._reading = reading
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens: dict[str, tuple[float, float]] = {}
        """Tokens left and when, by the name of the call."""

    def grants(self, action: str) -> bool:
        """Whether a call may be made now; takes its token."""
        bucket = self._reading if action.startswith(_READS) else self._changing
        with self._lock:
            now = self._clock()
            left, at = self._tokens.get(action, (bucket.capacity, now))
            left = min(bucket.capacity, left + (now - at) * bucket.per_second)
            granted = left >= 1
            self._tokens[action] = (left - 1 if granted else left, now)
            return granted
