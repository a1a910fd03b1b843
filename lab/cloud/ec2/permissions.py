"""Holds the emulated EC2's callers to the policies of their roles, which MiniStack's IAM knows.

Which resources an action is checked on: "Actions, resources, and condition keys for Amazon EC2" in the Service
Authorization Reference. Calls of the laboratory itself, as the account's root, are not checked.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

TIMEOUT_SECONDS: Final = 5.0
KEPT_SECONDS: Final = 30.0
"""A verdict is asked for again after this time."""
TEMPORARY_KEY: Final = "ASIA"
"""How access keys of role sessions begin; functions have one each."""

REFERENCE: Final = {
    "TransitGatewayRouteTableId": "transit-gateway-route-table",
    "PrefixListId": "prefix-list",
    "TransitGatewayAttachmentId": "transit-gateway-attachment",
}
ROUTE: Final = {"RouteTableId": "route-table"}
INSTANCES: Final = {"InstanceIds": "instance"}
CHECKED: Final[Mapping[str, Mapping[str, str]]] = {
    "CreateTransitGatewayPrefixListReference": REFERENCE,
    "ModifyTransitGatewayPrefixListReference": REFERENCE,
    "DeleteTransitGatewayPrefixListReference": REFERENCE,
    "GetManagedPrefixListEntries": {"PrefixListId": "prefix-list"},
    "SearchTransitGatewayRoutes": {"TransitGatewayRouteTableId": "transit-gateway-route-table"},
    "CreateRoute": ROUTE,
    "ReplaceRoute": ROUTE,
    "DeleteRoute": ROUTE,
    "StopInstances": INSTANCES,
    "StartInstances": INSTANCES,
    "RebootInstances": INSTANCES,
    "AssociateAddress": {
        "AllocationId": "elastic-ip",
        "InstanceId": "instance",
        "NetworkInterfaceId": "network-interface",
    },
}
"""Resource type by parameter, by action; every other action is checked on `*`."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a caller may, and who it is (an ARN)."""

    allowed: bool
    principal: str
    why: str


def resources(action: str, parameters: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Type and ID of everything that a call is checked on; nothing for calls that are checked on `*`."""
    found = []
    for name, kind in CHECKED.get(action, {}).items():
        value = parameters.get(name)
        found += [(kind, str(v)) for v in (value if isinstance(value, list) else [value]) if v]
    return found


@dataclass(slots=True)
class Permissions:
    """Asks MiniStack, and remembers its verdicts for a while."""

    endpoint: str
    region: str
    account: str
    tags: Callable[[str], Mapping[str, str]]
    """The tags of a resource by its ID."""
    _kept: dict[str, tuple[float, Verdict]] = field(default_factory=dict)

    def check(self, access_key: str, action: str, parameters: Mapping[str, Any]) -> Verdict:
        """The verdict on one call: refused where any of its resources is."""
        if not access_key.startswith(TEMPORARY_KEY):
            return Verdict(True, "", "not a role's session")
        verdicts = [self._verdict(question) for question in self._questions(access_key, action, parameters)]
        return next((v for v in verdicts if not v.allowed), verdicts[0])

    def _questions(self, access_key: str, action: str, parameters: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        about: Sequence[tuple[str, str]] = resources(action, parameters) or [("", "*")]
        for kind, name in about:
            arn = f"arn:aws:ec2:{self.region}:{self.account}:{kind}/{name}" if kind else name
            context = {f"aws:ResourceTag/{k}": v for k, v in self.tags(name).items()} if kind else {}
            yield {"access_key": access_key, "action": f"ec2:{action}", "resource": arn, "context": context}

    def _verdict(self, question: dict[str, Any]) -> Verdict:
        key = json.dumps(question, sort_keys=True)
        asked_at, verdict = self._kept.get(key, (-KEPT_SECONDS, Verdict(False, "", "")))
        if time.monotonic() - asked_at > KEPT_SECONDS:
            verdict = self._ask(key)
            self._kept[key] = (time.monotonic(), verdict)
        return verdict

    def _ask(self, question: str) -> Verdict:
        where = urllib.parse.urlsplit(self.endpoint)
        connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=TIMEOUT_SECONDS)
        with contextlib.closing(connection):
            connection.request("POST", "/lab/permitted", question)
            return Verdict(**json.loads(connection.getresponse().read()))
