"""EC2 calls made to fail on purpose: throttled, denied, or left hanging."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

THROTTLED: Final = "RequestLimitExceeded"
DENIED: Final = "UnauthorizedOperation"
WITHOUT_CAPACITY: Final = "InsufficientInstanceCapacity"
HTTP_STATUS: Final = {THROTTLED: 503, DENIED: 403, WITHOUT_CAPACITY: 500}
"""Statuses as in "Error codes for the Amazon EC2 API"; everything else is a 400."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What befalls the next `count` calls of `action`.

    `delay_seconds` passes first; then the call fails with `code`, or, where `code` is empty, goes on as usual.
    With `matching`, only calls whose parameters mention that text (an ID, say) are meant.
    """

    action: str
    code: str = THROTTLED
    message: str = "refused by the laboratory"
    count: int = 1
    delay_seconds: float = 0.0
    matching: str = ""

    def concerns(self, action: str, parameters: Mapping[str, Any]) -> bool:
        """Whether this refusal is meant for such a call."""
        return action == self.action and (not self.matching or self.matching in repr(parameters))


class Refusals:
    """The refusals in force, oldest first; each is used up by its count."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: list[tuple[Refusal, int]] = []

    def add(self, refusal: Refusal) -> None:
        """Put `refusal` in force.

        Raises ValueError where it would never apply or never do anything.
        """
        if refusal.count < 1 or refusal.delay_seconds < 0:
            raise ValueError("a refusal needs a count of at least 1 and a delay of at least 0 seconds")
        if not refusal.code and not refusal.delay_seconds:
            raise ValueError("a refusal needs an error code or a delay")
        with self._lock:
            self._left.append((refusal, refusal.count))

    def clear(self) -> None:
        """Lift every refusal."""
        with self._lock:
            self._left.clear()

    def take(self, action: str, parameters: Mapping[str, Any]) -> Refusal | None:
        """The refusal that this call meets, if any; uses it up by one."""
        with self._lock:
            for place, (refusal, left) in enumerate(self._left):
                if refusal.concerns(action, parameters):
                    self._left[place : place + 1] = [(refusal, left - 1)] if left > 1 else []
                    return refusal
        return None
