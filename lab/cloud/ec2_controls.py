"""The laboratory's controls on the emulated EC2, from any process: a client of `ec2.lab_api`."""

from __future__ import annotations

import contextlib
import http.client
import json
import urllib.parse
from dataclasses import dataclass
from typing import Any

TIMEOUT_SECONDS = 10.0


class ControlError(RuntimeError):
    """The laboratory's API refused a request; the message says why."""


@dataclass(frozen=True, slots=True)
class Ec2Controls:
    """Everything a laboratory may do to EC2 that AWS has no call for."""

    endpoint: str

    def changes(self, since: int = 0, timeout_seconds: float = 0.0) -> tuple[int, tuple[str, ...]]:
        """The latest version and what changed after `since`; waits up to `timeout_seconds` (60 at most) for it."""
        query = urllib.parse.urlencode({"since": since, "timeout": timeout_seconds})
        answer = self._request("GET", f"changes?{query}", wait_seconds=timeout_seconds)
        return int(answer["version"]), tuple(change["what"] for change in answer["changes"])

    def settings(self) -> dict[str, Any]:
        """The settings in force (`ec2.world.Settings`)."""
        return self._request("GET", "settings")

    def set(self, **settings: Any) -> dict[str, Any]:
        """Change some settings (`ec2.world.Settings`)."""
        return self._request("PATCH", "settings", settings)

    def refuse(
        self,
        action: str,
        code: str = "RequestLimitExceeded",
        *,
        count: int = 1,
        delay_seconds: float = 0.0,
        matching: str = "",
        message: str = "refused by the laboratory",
    ) -> None:
        """Make the next `count` calls of `action` wait and then fail with `code`; an empty code only delays them.

        RequestLimitExceeded is a throttled call (which boto3 repeats by itself), UnauthorizedOperation a denied one.
        """
        self._request(
            "POST",
            "refusals",
            {
                "action": action,
                "code": code,
                "count": count,
                "message": message,
                "delay_seconds": delay_seconds,
                "matching": matching,
            },
        )

    def lift_refusals(self) -> None:
        """Let every call through again."""
        self._request("DELETE", "refusals")

    def throttle(self, capacity: float, per_second: float) -> None:
        """From now on, every call that changes something has a full token bucket of this size (`ec2.throttling`)."""
        self._request("PUT", "throttling", {"capacity": capacity, "per_second": per_second})

    def lift_throttling(self) -> None:
        """Grant every call again."""
        self._request("PUT", "throttling", {})

    def calls(self, since: int = 0, action: str = "") -> list[dict[str, Any]]:
        """The EC2 calls after number `since` (keys: number, at, action, access_key, principal, parameters, error)."""
        query = urllib.parse.urlencode({"since": since, "action": action})
        return list(self._request("GET", f"calls?{query}")["calls"])

    def attach(self, transit_gateway: str, resource: str, resource_type: str) -> str:
        """Attach a Direct Connect gateway or a VPN connection to a transit gateway; the attachment's ID."""
        body = {"transit_gateway": transit_gateway, "resource": resource, "resource_type": resource_type}
        return str(self._request("POST", "attachments", body)["attachment"])

    def put_attachment_into(self, attachment: str, state: str) -> None:
        """Let an attachment be in this state: `pendingAcceptance`, `rejected` or `deleted`, say."""
        self._request("PATCH", f"attachments/{attachment}", {"state": state})

    def advertise(self, attachment: str, *cidrs: str) -> None:
        """From now on, `attachment` learns these CIDRs over BGP, and no others; none at all: the session is down."""
        self._request("PUT", f"advertisements/{attachment}", {"cidrs": list(cidrs)})

    def _request(self, method: str, path: str, body: Any = None, wait_seconds: float = 0.0) -> dict[str, Any]:
        data = None if body is None else json.dumps(body)
        where = urllib.parse.urlsplit(self.endpoint)
        connection = http.client.HTTPConnection(
            where.hostname or "", where.port, timeout=TIMEOUT_SECONDS + wait_seconds
        )
        with contextlib.closing(connection):
            connection.request(method, f"/lab/{path}", data)
            response = connection.getresponse()
            answer = response.read()
        if response.status != 200:
            raise ControlError(f"{method} /lab/{path}: {answer.decode(errors='replace')}")
        return dict(json.loads(answer))
