"""What AWS's services say on the event bus: put onto the local AWS's bus, where users' rules wait for it."""

from __future__ import annotations

import contextlib
import http.client
import json
import queue
import sys
import threading
import urllib.parse
from collections.abc import Mapping, Sequence
from typing import Any, Final

TIMEOUT_SECONDS: Final = 5.0
STATE_CHANGE: Final = ("aws.ec2", "EC2 Instance State-change Notification")


def put(endpoint: str, source: str, detail_type: str, detail: Mapping[str, Any], resources: Sequence[str] = ()) -> None:
    """Put one event of AWS's onto the default bus of the MiniStack at `endpoint`.

    Raises OSError where it does not answer, RuntimeError where it refuses.
    """
    entry = {"Source": source, "DetailType": detail_type, "Detail": json.dumps(detail), "Resources": list(resources)}
    where = urllib.parse.urlsplit(endpoint)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=TIMEOUT_SECONDS)
    with contextlib.closing(connection):
        connection.request("POST", "/lab/events", json.dumps({"Entries": [entry]}))
        response = connection.getresponse()
        answer = json.loads(response.read())
    if response.status != 200 or answer["FailedEntryCount"]:
        raise RuntimeError(f"{source} could not say {detail_type}: {answer}")


class StateChanges:
    """EC2's instance state-change notifications, told in order and without keeping EC2 waiting."""

    def __init__(self, endpoint: str, account: str, region: str) -> None:
        """To the MiniStack at `endpoint`."""
        self._endpoint = endpoint
        self._arn = f"arn:aws:ec2:{region}:{account}:instance/"
        self._told: queue.Queue[tuple[str, str]] = queue.Queue()
        threading.Thread(target=self._tell, name="state changes", daemon=True).start()

    def __call__(self, instance: str, state: str) -> None:
        """An instance has entered a state."""
        self._told.put((instance, state))

    def _tell(self) -> None:
        while True:
            instance, state = self._told.get()
            detail = {"instance-id": instance, "state": state}
            try:
                put(self._endpoint, *STATE_CHANGE, detail, [f"{self._arn}{instance}"])
            except (OSError, RuntimeError, http.client.HTTPException) as error:
                print(f"state change of {instance} not told: {error!r}", file=sys.stderr)
