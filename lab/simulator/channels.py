"""The topic and the event bus, as the application's real announcer sees them: slow, refusing, or silent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from botocore.exceptions import ClientError, ReadTimeoutError

from lab.simulator.invocation import Invocation
from lab.simulator.strikes import BUS, TOPIC, Service

_OF_ENTRIES: Final = (BUS.throttled, BUS.broken, BUS.refused)
"""What PutEvents answers of a single entry, in an answer that is a success as a whole."""


class _Channel:
    """`heard` is called once people have been told."""

    def __init__(self, invocation: Invocation, heard: Callable[[], None], service: Service) -> None:
        self._invocation = invocation
        self._heard = heard
        self._gate = invocation.gate(service)
        self._service = service

    def _tell(self, operation: str) -> None:
        """Raises botocore's errors."""
        invocation = self._invocation
        invocation.cross("announce")
        self._gate.enter(operation, self._heard)
        invocation.pause(invocation.random.uniform(0.02, 0.1))
        if (p := invocation.world.chances.store) and invocation.random.random() < p:
            invocation.world.troubled["*"] = invocation.world.kernel.now
            raise ReadTimeoutError(endpoint_url=f"https://{self._service.name}")
        self._heard()
        invocation.cross("announce done")


class Topic(_Channel):
    """`SNSClient` as far as the announcer uses it."""

    def __init__(self, invocation: Invocation, heard: Callable[[], None]) -> None:
        super().__init__(invocation, heard, TOPIC)

    def publish(self, **message: str) -> None:
        del message
        self._tell("publish")


class EventBus(_Channel):
    """`EventBridgeClient` as far as the announcer uses it."""

    def __init__(self, invocation: Invocation, heard: Callable[[], None]) -> None:
        super().__init__(invocation, heard, BUS)

    def put_events(self, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803 - boto3's name
        try:
            self._tell("put_events")
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code not in _OF_ENTRIES:
                raise
            return {"FailedEntryCount": len(Entries), "Entries": [{"ErrorCode": code, "ErrorMessage": "as simulated"}]}
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "simulated"}]}
