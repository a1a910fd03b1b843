"""The laboratory's own HTTP paths on the EC2 server, all under /lab/ and all JSON.

| request | what it does |
| --- | --- |
| GET /lab/health | `{"ok": true}` |
| GET /lab/changes?since=N&timeout=S | waits up to S seconds for a change after version N |
| GET, PATCH /lab/settings | see `world.Settings` |
| POST, DELETE /lab/refusals | put one `refusals.Refusal` in force; lift all |
| GET /lab/calls?since=N&action=A | the call log |
| POST /lab/attachments | a transit gateway attachment that the EC2 API cannot create (Direct Connect gateway, VPN) |
| PATCH /lab/attachments/ATTACHMENT | the state of an attachment: `{"state": "pendingAcceptance"}` |
| PUT /lab/advertisements/ATTACHMENT | the CIDRs that this attachment learns over BGP from now on |
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends
from moto.ec2.models.transit_gateway_attachments import TransitGatewayAttachment
from werkzeug.wrappers import Request, Response

from lab.cloud.ec2.refusals import Refusal
from lab.cloud.ec2.route_choice import ORIGIN_OF_RESOURCE, parse
from lab.cloud.ec2.throttling import Bucket, Throttling
from lab.cloud.ec2.world import LabWorld

WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]
LONGEST_WAIT_SECONDS = 60.0
ATTACHMENT_STATES = (
    "initiating", "initiatingRequest", "pendingAcceptance", "rollingBack", "pending", "available", "modifying",
    "deleting", "deleted", "failed", "rejected", "rejecting", "failing",
)  # fmt: skip
"""TransitGatewayAttachment in the Amazon EC2 API reference."""


class LabApi:
    """Answers /lab/ and leaves everything else to moto."""

    def __init__(self, lab: LabWorld, region: str, moto: WsgiApp) -> None:
        self.lab = lab
        self.region = region
        self.moto = moto

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """The WSGI entry point."""
        if not environ.get("PATH_INFO", "").startswith("/lab/"):
            return self.moto(environ, start_response)
        try:
            answer, status = self._answer(Request(environ)), 200
        except (KeyError, TypeError, ValueError) as err:
            answer, status = {"error": str(err) or repr(err)}, 400
        response = Response(json.dumps(answer, default=str), status, content_type="application/json")
        return response(environ, start_response)

    def _answer(self, request: Request) -> Any:  # noqa: C901 - a table of what there is
        path = request.path.removeprefix("/lab/")
        match request.method, path.split("/"):
            case "GET", ["health"]:
                return {"ok": True}
            case "GET", ["changes"]:
                return self._changes(request.args)
            case "GET", ["settings"]:
                return dataclasses.asdict(self.lab.settings)
            case "PATCH", ["settings"]:
                self.lab.settings = self.lab.settings.changed(_body(request))
                return dataclasses.asdict(self.lab.settings)
            case "POST", ["refusals"]:
                self.lab.refusals.add(Refusal(**_body(request)))
                return {}
            case "DELETE", ["refusals"]:
                self.lab.refusals.clear()
                return {}
            case "PUT", ["throttling"]:
                bucket = _body(request)
                self.lab.throttling = Throttling(Bucket(**bucket)) if bucket else None
                return {}
            case "GET", ["calls"]:
                calls = self.lab.calls.since(int(request.args.get("since", 0)), request.args.get("action", ""))
                return {"calls": [dataclasses.asdict(call) for call in calls]}
            case "POST", ["attachments"]:
                return {"attachment": self._attach(**_body(request))}
            case "PATCH", ["attachments", attachment]:
                return self._put_attachment_into(attachment, _body(request)["state"])
            case "PUT", ["advertisements", attachment]:
                return self._advertise(attachment, _body(request)["cidrs"])
            case _:
                raise ValueError(f"the laboratory has no {request.method} {request.path}")

    def _changes(self, arguments: Mapping[str, str]) -> dict[str, Any]:
        wait = min(float(arguments.get("timeout", 0)), LONGEST_WAIT_SECONDS)
        version, changes = self.lab.changes.since(int(arguments.get("since", 0)), wait)
        return {"version": version, "changes": [dataclasses.asdict(change) for change in changes]}

    def _attach(self, transit_gateway: str, resource: str, resource_type: str) -> str:
        if resource_type not in ORIGIN_OF_RESOURCE:
            raise ValueError(f"no such resource type: {resource_type} (there are {', '.join(ORIGIN_OF_RESOURCE)})")
        with self.lab.timeline.lock:
            backend = ec2_backends[DEFAULT_ACCOUNT_ID][self.region]
            gateway = backend.transit_gateways[transit_gateway]
            attachment = TransitGatewayAttachment(backend, resource, resource_type, gateway)
            backend.transit_gateway_attachments[attachment.id] = attachment
        self.lab.changes.record(f"attachment {attachment.id} of {resource_type} {resource}")
        return attachment.id

    def _put_attachment_into(self, attachment: str, state: str) -> dict[str, Any]:
        if state not in ATTACHMENT_STATES:
            raise ValueError(f"no such state: {state} (there are {', '.join(ATTACHMENT_STATES)})")
        with self.lab.timeline.lock:
            ec2_backends[DEFAULT_ACCOUNT_ID][self.region].transit_gateway_attachments[attachment].state = state
        self.lab.changes.record(f"attachment {attachment} is {state}")
        return {}

    def _advertise(self, attachment: str, cidrs: list[str]) -> dict[str, Any]:
        with self.lab.timeline.lock:
            if attachment not in ec2_backends[DEFAULT_ACCOUNT_ID][self.region].transit_gateway_attachments:
                raise KeyError(f"no such attachment: {attachment}")
            self.lab.advertised[attachment] = tuple(str(parse(cidr)) for cidr in cidrs)
        self.lab.changes.record(f"BGP routes of {attachment}: {', '.join(cidrs) or 'none'}")
        return {}


def _body(request: Request) -> dict[str, Any]:
    body = json.loads(request.get_data() or b"{}")
    if not isinstance(body, dict):
        raise TypeError("the body has to be a JSON object")
    return body
