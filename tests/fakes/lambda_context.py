"""The context that Lambda hands to a handler."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Context:
    """As much of a Lambda context as the handlers look at."""

    remaining_seconds: float = 18.0
    aws_request_id: str = "11111111-2222-3333-4444-555555555555"
    client_context: None = None
    identity: None = None

    def get_remaining_time_in_millis(self) -> int:
        return int(self.remaining_seconds * 1000)
