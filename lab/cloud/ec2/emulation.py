"""Puts the laboratory's EC2 onto moto's, and takes it off again."""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.route_tables import Route
from moto.ec2.responses import EC2Response

from lab.cloud.ec2 import vpc_routes
from lab.cloud.ec2.call_log import Call
from lab.cloud.ec2.instances import InstanceActions
from lab.cloud.ec2.permissions import Verdict
from lab.cloud.ec2.refusals import DENIED, HTTP_STATUS, THROTTLED
from lab.cloud.ec2.transit_gateway import TransitGatewayActions
from lab.cloud.ec2.vpc_routes import RouteActions
from lab.cloud.ec2.world import LabWorld

READS = ("Describe", "Get", "Search", "List")
"""How the names of actions begin that change nothing."""

Response = tuple[int, dict[str, str], Any]
ANYONE = Verdict(allowed=True, principal="", why="permissions are not checked")


@contextlib.contextmanager
def emulated_ec2(lab: LabWorld | None = None) -> Iterator[LabWorld]:
    """moto's EC2 with this package's additions, for as long as the context lasts.

    Works in process (inside `moto.mock_aws`) and in moto's server alike. One at a time: it changes moto's classes.
    """
    lab = lab or LabWorld()
    additions: dict[str, Any] = {"lab": lab, "call_action": _call_action(lab, EC2Response.call_action)}
    for actions in (TransitGatewayActions, InstanceActions, RouteActions):
        additions |= {name: member for name, member in vars(actions).items() if callable(member)}
    routes = {
        "state": property(vpc_routes.route_state),
        "instance_id": property(vpc_routes.route_instance_id),
        "network_interface_id": property(vpc_routes.route_interface_id),
        "instance_owner_id": property(vpc_routes.route_instance_owner_id),
    }
    with _changed(EC2Response, additions), _changed(Route, routes):
        yield lab


@contextlib.contextmanager
def _changed(owner: type, members: Mapping[str, Any]) -> Iterator[None]:
    own = {name: vars(owner)[name] for name in members if name in vars(owner)}
    for name, member in members.items():
        setattr(owner, name, member)
    try:
        yield
    finally:
        for name in members:
            if name in own:
                setattr(owner, name, own[name])
            else:
                delattr(owner, name)


def _call_action(lab: LabWorld, original: Any) -> Any:
    """moto's way into an action, with refusals before it and the log and the change feed after it."""

    def call_action(self: Any) -> Response:
        action, parameters = self._get_action(), dict(self.params)
        verdict = lab.permissions.check(self.access_key, action, parameters) if lab.permissions else ANYONE
        refusal = lab.refusals.take(action, parameters)
        if refusal and refusal.delay_seconds:
            time.sleep(refusal.delay_seconds)
        if lab.settings.call_seconds:
            time.sleep(lab.settings.call_seconds)
        if lab.throttling and not lab.throttling.grants(action):
            response = _refused(self, THROTTLED, "Request limit exceeded.")
        elif refusal and refusal.code:
            response = _refused(self, refusal.code, refusal.message)
        elif not verdict.allowed:
            why = f"{verdict.principal} is not authorized to perform: ec2:{action} ({verdict.why})"
            response = _refused(self, DENIED, why)
        else:
            response = _carried_out(lab, action, self.ec2_backend, functools.partial(original, self))
        error = _error_code(response)
        lab.calls.record(Call(0, time.time(), action, self.access_key, verdict.principal, parameters, error))
        return response

    return call_action


def _carried_out(lab: LabWorld, action: str, backend: Any, carry_out: Callable[[], Response]) -> Response:
    with lab.timeline.lock:
        lab.timeline.run_due()
        if action.startswith(READS):
            return _read(lab, backend, carry_out)
        if lab.settings.stale_seconds:
            lab.past.remember(lab.timeline.now(), backend, lab.references)
        response = carry_out()
        if response[0] < 400:
            lab.changes.record(action)
        return _with_status(response)


def _read(lab: LabWorld, backend: Any, carry_out: Callable[[], Response]) -> Response:
    if not lab.settings.stale_seconds:
        return carry_out()
    present = lab.references
    with lab.past.shown(lab.timeline.now() - lab.settings.stale_seconds, backend, present) as references:
        lab.references = references
        try:
            return carry_out()
        finally:
            lab.references = present


def _with_status(response: Response) -> Response:
    """moto answers with 400 whatever the error."""
    status = HTTP_STATUS.get(_error_code(response), response[0])
    return status, {**response[1], "status": str(status)}, response[2]


def _refused(request: Any, code: str, message: str) -> Response:
    status, headers, body = request.serialized(ActionResult(EC2ClientError(code, message)))
    status = HTTP_STATUS.get(code, status)
    return status, {**headers, "status": str(status)}, body


def _error_code(response: Response) -> str:
    if response[0] < 400:
        return ""
    body = response[2] if isinstance(response[2], str) else bytes(response[2]).decode()
    return body.partition("<Code>")[2].partition("</Code>")[0] or str(response[0])
