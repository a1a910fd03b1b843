"""The part of boto3's EC2 client that the application's adapters use, over the simulated EC2; one per invocation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal, assert_never

from botocore.exceptions import ClientError

from lab.simulator.bans import Ban
from lab.simulator.ec2 import GONE, Call, Ec2, Forbidden, Hop, pages, refusal
from lab.simulator.nobody import nobody
from lab.simulator.strikes import EC2

_SHOWN_AS: Final = {"VpcEndpointId": "GatewayId"}
"""The name under which DescribeRouteTables shows a next hop, if it is not that of the parameter that set it."""

_FOR_GOOD: Final = frozenset({"UnauthorizedOperation", EC2.refused, *EC2.refused_otherwise.values()})
"""Codes of refusals that strike a single call, and of those for want of a permission."""

Paginated = Literal[
    "describe_route_tables", "get_transit_gateway_prefix_list_references", "search_transit_gateway_routes"
]
"""What the adapters read page by page."""
_Verb = Literal["Create", "Modify", "Delete"]


@dataclass(frozen=True, slots=True)
class RouteChange:
    """A route that an invocation has really changed."""

    resource: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A change that EC2 has refused until somebody changes something."""

    resource: str
    after: str
    """The next hop that was asked for, or `none`."""
    against: str
    """What spoke against it: the ID of the next hop, of the route table or of the prefix list; `*` a permission."""
    code: str


@dataclass(frozen=True, slots=True)
class Watch:
    """Who is told what a client has really done."""

    route: Callable[[RouteChange], None]
    instance: Callable[[str, str], None]
    """Instance and what was asked of it, just before it takes effect."""
    refused: Callable[[Refused], None] = nobody


class _Pages:
    def __init__(self, read: Callable[..., dict[str, Any]]) -> None:
        self._read = read

    def paginate(self, **wanted: Any) -> Any:
        # Lazily, as botocore does: what goes wrong, goes wrong where the pages are looped over.
        return (page for once in (self._read,) for page in pages(once(**wanted)))


class Client:
    """Typed as Any where it is handed over: it is no EC2Client, it only answers like one."""

    def __init__(self, ec2: Ec2, call: Call, watch: Watch, owners: dict[str, tuple[str, ...]]) -> None:
        self._ec2 = ec2
        self._call = call
        self._watch = watch
        self._owners = owners

    def get_paginator(self, operation: Paginated) -> _Pages:
        match operation:
            case "describe_route_tables":
                return _Pages(self._tables)
            case "get_transit_gateway_prefix_list_references":
                return _Pages(self._references)
            case "search_transit_gateway_routes":
                return _Pages(_no_static_routes)
            case _:
                assert_never(operation)

    # --- VPC routes

    def _tables(self, Filters: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - boto3's names
        tables = tuple(Filters[0]["Values"])
        names = self._names(*tables)

        def read() -> dict[str, Any]:
            routes, _, states = self._ec2.seen(names)
            return {"RouteTables": [self._table(name, routes[name], states) for name in tables if name in routes]}

        return dict(self._call("DescribeRouteTables", names, read))

    def replace_route(self, **wanted: str) -> None:
        self._write("ReplaceRoute", wanted, exists=True)

    def create_route(self, **wanted: str) -> None:
        self._write("CreateRoute", wanted, exists=False)

    def _write(self, operation: str, wanted: dict[str, str], *, exists: bool) -> None:
        table, destination = wanted.pop("RouteTableId"), wanted.pop("DestinationCidrBlock")
        ((parameter, hop_id),) = wanted.items()

        def act() -> None:
            if table not in self._ec2.routes:
                raise refusal(operation, "InvalidRouteTableID.NotFound")
            held = self._ec2.routes[table].get(destination)
            if exists != (held is not None):
                raise refusal(operation, "InvalidRoute.NotFound" if exists else "RouteAlreadyExists")
            self._hold_to_bans(operation, self._ec2.refusal_of_route(table, destination, (parameter, hop_id)))
            before = self._ec2.shown(held)[1] if held is not None else "none"
            if held != (parameter, hop_id):
                self._watch.route(RouteChange(f"{table} {destination}", before, hop_id))
                self._ec2.put_route(table, destination, (parameter, hop_id))

        with self._told(f"{table} {destination}", hop_id):
            self._call(operation, self._names(table), act)

    @contextmanager
    def _told(self, resource: str, after: str) -> Iterator[None]:
        """Say so if EC2 refuses the change inside for good, or for want of a permission."""
        try:
            yield
        except Forbidden as error:
            self._watch.refused(Refused(resource, after, error.against, error.response["Error"]["Code"]))
            raise
        except ClientError as error:
            if (code := error.response["Error"]["Code"]) in _FOR_GOOD:
                self._watch.refused(Refused(resource, after, "*", code))
            raise

    def _hold_to_bans(self, operation: str, found: tuple[str, Ban] | None) -> None:
        if found is not None:
            raise Forbidden(operation, *found)

    # --- prefix-list references

    def _references(self, TransitGatewayRouteTableId: str, Filters: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        key = (TransitGatewayRouteTableId, str(Filters[0]["Values"][0]))
        names = self._names(" ".join(key))

        def read() -> dict[str, Any]:
            _, references, _ = self._ec2.seen(names)
            if key not in references:
                return {"TransitGatewayPrefixListReferences": []}
            attachment, state = references[key]
            shown = {
                "TransitGatewayAttachment": {"TransitGatewayAttachmentId": attachment},
                "State": state,
                "Blackhole": self._ec2.bans.is_gone(attachment),
            }
            return {"TransitGatewayPrefixListReferences": [shown]}

        return dict(self._call("GetTransitGatewayPrefixListReferences", names, read))

    def create_transit_gateway_prefix_list_reference(self, **wanted: str) -> None:
        self._refer("Create", wanted)

    def modify_transit_gateway_prefix_list_reference(self, **wanted: str) -> None:
        self._refer("Modify", wanted)

    def delete_transit_gateway_prefix_list_reference(self, **wanted: str) -> None:
        self._refer("Delete", wanted)

    def _refer(self, verb: _Verb, wanted: dict[str, str]) -> None:
        key = (wanted["TransitGatewayRouteTableId"], wanted["PrefixListId"])
        resource, operation = " ".join(key), f"{verb}TransitGatewayPrefixListReference"

        def act() -> None:
            held = self._ec2.references.get(key)
            if held is not None and held[1] == "deleting":
                raise refusal(operation, "IncorrectState")
            if (held is None) != (verb == "Create"):
                raise refusal(operation, "InvalidPrefixListReference" if held is None else "DuplicateReference")
            before = held[0] if held else "none"
            after = wanted.get("TransitGatewayAttachmentId", "none")
            attachment = wanted.get("TransitGatewayAttachmentId")
            self._hold_to_bans(operation, self._ec2.refusal_of_reference(key, attachment))
            if before == after:
                return
            self._watch.route(RouteChange(resource, before, after))
            match verb:
                case "Create":
                    self._ec2.put_reference(key, after, "pending")
                case "Modify":
                    self._ec2.put_reference(key, after, "modifying")
                case "Delete":
                    self._ec2.drop_reference(key)
                case _:
                    assert_never(verb)

        with self._told(resource, wanted.get("TransitGatewayAttachmentId", "none")):
            self._call(operation, self._names(resource), act)

    # --- instances

    def describe_instances(self, InstanceIds: list[str]) -> dict[str, Any]:  # noqa: N803
        name = InstanceIds[0]

        def read() -> dict[str, Any]:
            _, _, states = self._ec2.seen((name,))
            return {"Reservations": [{"Instances": [{"State": {"Name": states[name]}}]}]}

        return dict(self._call("DescribeInstances", (name,), read))

    def stop_instances(self, InstanceIds: list[str], Force: bool = False) -> None:  # noqa: N803
        name = InstanceIds[0]

        def act() -> None:
            self._watch.instance(name, "force-stop" if Force else "stop")
            machine = self._ec2.machines[name]
            if machine.unstoppable is not None and machine.state == "running":
                raise refusal("StopInstances", machine.unstoppable)
            self._ec2.stop(name, forced=Force, by="restarter")

        self._call("StopInstances", (name,), act)

    def start_instances(self, InstanceIds: list[str]) -> None:  # noqa: N803
        name = InstanceIds[0]

        def act() -> None:
            self._watch.instance(name, "start")
            self._ec2.start(name)

        self._call("StartInstances", (name,), act)

    def _names(self, *resources: str) -> tuple[str, ...]:
        return tuple(group for resource in resources for group in self._owners.get(resource, ()))

    def _table(self, name: str, routes: dict[str, Hop], states: dict[str, str]) -> dict[str, Any]:
        shown = [self._entry(destination, hop, states) for destination, hop in routes.items()]
        return {"RouteTableId": name, "Routes": shown}

    def _entry(self, destination: str, hop: Hop, states: dict[str, str]) -> dict[str, Any]:
        parameter, hop_id = hop
        state = states.get(hop_id) if parameter == "InstanceId" else None
        gone = state in GONE or self._ec2.bans.is_gone(hop_id)
        if state == "terminated":
            parameter, hop_id = self._ec2.shown(hop)
        return {
            "DestinationCidrBlock": destination,
            _SHOWN_AS.get(parameter, parameter): hop_id,
            "State": "blackhole" if gone else "active",
            "Origin": "CreateRoute",
        }


def _no_static_routes(**_: object) -> dict[str, Any]:
    """Nothing outranks a reference. The answer comes at once and is never refused."""
    return {"Routes": []}
