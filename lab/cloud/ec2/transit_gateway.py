"""Transit gateway actions: prefix-list references, and the search that shows the preferred routes only.

AWS does not document the error codes of duplicate and missing references (Amazon EC2 API reference,
CreateTransitGatewayPrefixListReference and its siblings); those two codes are this laboratory's own. Nor does it say
how a reference to an attachment is shown that has been deleted: here it is a blackhole without an attachment.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError, InvalidRouteTableIdError
from moto.ec2.responses._base_response import EC2BaseResponse

from lab.cloud.ec2.reference import Reference
from lab.cloud.ec2.route_choice import ORIGIN_OF_RESOURCE, Origin, Route, Target, parse, preferred, search
from lab.cloud.ec2.vpc_routes import existing_prefix_list
from lab.cloud.ec2.world import LabWorld

DUPLICATE_REFERENCE = "InvalidPrefixListReference.Duplicate"
MISSING_REFERENCE = "InvalidPrefixListReference.NotFound"
USABLE = ("available", "modifying")
"""States of an attachment that takes routes."""
CARRYING = (*USABLE, "deleting")
"""States of an attachment that carries traffic."""


class TransitGatewayActions(EC2BaseResponse):
    """Actions that are put onto moto's EC2Response; `lab` is set by whoever does that."""

    lab: LabWorld

    def create_transit_gateway_prefix_list_reference(self) -> ActionResult:
        """CreateTransitGatewayPrefixListReference: pending, then available."""
        key = self._reference_key()
        attachment = self._reference_target()
        if key in self.lab.references:
            raise EC2ClientError(DUPLICATE_REFERENCE, f"{key[0]} already has a reference to prefix list {key[1]}.")
        self.error_on_dryrun()
        reference = self.lab.references[key] = Reference(*key, attachment)
        return self._in_transition(reference, functools.partial(_settle, reference))

    def modify_transit_gateway_prefix_list_reference(self) -> ActionResult:
        """ModifyTransitGatewayPrefixListReference: modifying, then available with the new target."""
        reference = self._existing_reference()
        attachment = self._reference_target()
        self.error_on_dryrun()
        reference.attachment, reference.state = attachment, "modifying"
        return self._in_transition(reference, functools.partial(_settle, reference))

    def delete_transit_gateway_prefix_list_reference(self) -> ActionResult:
        """DeleteTransitGatewayPrefixListReference: deleting, then absent."""
        reference = self._existing_reference()
        self.error_on_dryrun()
        reference.state = "deleting"
        references = self.lab.references
        key = (reference.route_table, reference.prefix_list)
        return self._in_transition(reference, lambda: references.pop(key, None) is not None)

    def get_transit_gateway_prefix_list_references(self) -> ActionResult:
        """GetTransitGatewayPrefixListReferences, filtered as its documentation says."""
        table = self._tgw_route_table()
        shown = [self._shown(r) for r in self.lab.references.values() if r.route_table == table.id]
        for name, values in self._filters_from_querystring().items():
            shown = [r for r in shown if _reference_field(r, name) in values]
        return ActionResult({"TransitGatewayPrefixListReferences": shown})

    def get_managed_prefix_list_entries(self) -> ActionResult:
        """GetManagedPrefixListEntries of the current version, page by page."""
        prefixes = existing_prefix_list(self.ec2_backend, self._get_param("PrefixListId"))
        entries = prefixes.entries.get(prefixes.version) or []
        begin = int(self._get_param("NextToken") or 0)
        end = begin + int(self._get_param("MaxResults") or 100)
        more = {"NextToken": str(end)} if len(entries) > end else {}
        return ActionResult({"Entries": entries[begin:end], **more})

    def search_transit_gateway_routes(self) -> ActionResult:
        """SearchTransitGatewayRoutes over the preferred routes, page by page."""
        routes = preferred(self._candidates(self._tgw_route_table()))
        try:
            found = search(routes, self._filters_from_querystring())
        except ValueError as err:
            raise EC2ClientError("InvalidParameterValue", str(err)) from err
        begin = int(self._get_param("NextToken") or 0)
        end = begin + int(self._get_param("MaxResults") or 1000)
        more = len(found) > end
        page: dict[str, Any] = {"Routes": [_shown_route(r) for r in found[begin:end]]}
        page |= {"AdditionalRoutesAvailable": more} | ({"NextToken": str(end)} if more else {})
        return ActionResult(page)

    # --- what the actions above share

    def _tgw_route_table(self) -> Any:
        wanted = self._get_param("TransitGatewayRouteTableId")
        table = self.ec2_backend.transit_gateways_route_tables.get(wanted)
        if table is None or table.state == "deleted":
            raise InvalidRouteTableIdError(wanted)
        return table

    def _reference_key(self) -> tuple[str, str]:
        table = self._tgw_route_table()
        prefix_list = self._get_param("PrefixListId")
        return table.id, existing_prefix_list(self.ec2_backend, prefix_list).id

    def _reference_target(self) -> str | None:
        attachment: str | None = self._get_param("TransitGatewayAttachmentId")
        blackhole = self._get_bool_param("Blackhole", False)
        if bool(attachment) == bool(blackhole):
            raise EC2ClientError(
                "InvalidParameterCombination",
                "Either TransitGatewayAttachmentId or Blackhole has to be given, and not both.",
            )
        if attachment:
            self._refuse_unusable(attachment)
        return attachment

    def _refuse_unusable(self, attachment: str) -> None:
        found = self.ec2_backend.transit_gateway_attachments.get(attachment)
        if found is None or found.state == "deleted":
            raise EC2ClientError(
                "InvalidTransitGatewayAttachmentID.NotFound",
                f"The transitGatewayAttachment ID '{attachment}' does not exist.",
            )
        if found.state not in USABLE:
            raise EC2ClientError("IncorrectState", f"{attachment} is in invalid state {found.state}.")

    def _existing_reference(self) -> Reference:
        table, prefix_list = self._reference_key()
        reference = self.lab.references.get((table, prefix_list))
        if reference is None:
            raise EC2ClientError(MISSING_REFERENCE, f"{table} has no reference to prefix list {prefix_list}.")
        if reference.state != "available":
            raise EC2ClientError("IncorrectState", f"The reference to {prefix_list} in {table} is {reference.state}.")
        return reference

    def _in_transition(self, reference: Reference, settle: Any) -> ActionResult:
        shown = self._shown(reference)
        what = f"prefix-list reference {reference.prefix_list} in {reference.route_table}: {reference.state} is over"
        self.lab.later(self.lab.settings.reference_seconds, what, settle)
        return ActionResult({"TransitGatewayPrefixListReference": shown})

    def _shown(self, reference: Reference) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "TransitGatewayRouteTableId": reference.route_table,
            "PrefixListId": reference.prefix_list,
            "PrefixListOwnerId": self.current_account,
            "State": reference.state,
            "Blackhole": self._carrying(reference.attachment) is None,
        }
        if reference.attachment and not shown["Blackhole"]:
            shown["TransitGatewayAttachment"] = _shown_target(self._target(reference.attachment))
        return shown

    def _carrying(self, attachment: str | None) -> Target | None:
        """The attachment as a target, if it carries traffic."""
        found = self.ec2_backend.transit_gateway_attachments.get(attachment)
        return self._target(found.id) if found is not None and found.state in CARRYING else None

    def _target(self, attachment: str) -> Target:
        found = self.ec2_backend.transit_gateway_attachments[attachment]
        return Target(attachment, found.resource_id, found.resource_type)

    def _candidates(self, table: Any) -> Iterator[Route]:
        for cidr, route in table.routes.items():
            attachment = (route.get("transitGatewayAttachments") or {}).get("transitGatewayAttachmentId", "")
            yield Route(parse(cidr), Origin.STATIC, self._carrying(attachment))
        for reference in self.lab.references.values():
            if reference.route_table == table.id and reference.in_effect:
                yield from self._referenced(reference)
        for propagation in table.route_table_propagation:
            if (target := self._carrying(propagation.transitGatewayAttachmentId)) is not None:
                origin = ORIGIN_OF_RESOURCE[target.resource_type]
                yield from (Route(parse(cidr), origin, target) for cidr in self._propagated(target))

    def _referenced(self, reference: Reference) -> Iterator[Route]:
        prefixes = self.ec2_backend.managed_prefix_lists[reference.prefix_list]
        target = self._carrying(reference.effective)
        for entry in prefixes.entries.get(prefixes.version) or []:
            yield Route(parse(entry["Cidr"]), Origin.PREFIX_LIST, target, reference.prefix_list)

    def _propagated(self, target: Target) -> tuple[str, ...]:
        if target.resource_type != "vpc":
            return self.lab.advertised.get(target.attachment, ())
        vpc = self.ec2_backend.get_vpc(target.resource)
        return tuple(a["cidr_block"] for a in vpc.get_cidr_block_association_set(ipv6=False))


def _settle(reference: Reference) -> None:
    reference.state, reference.in_effect, reference.effective = "available", True, reference.attachment


def _shown_target(target: Target) -> dict[str, str]:
    return {
        "TransitGatewayAttachmentId": target.attachment,
        "ResourceId": target.resource,
        "ResourceType": target.resource_type,
    }


def _shown_route(route: Route) -> dict[str, Any]:
    shown: dict[str, Any] = {"DestinationCidrBlock": str(route.cidr), "Type": route.type, "State": route.state}
    if route.prefix_list:
        shown["PrefixListId"] = route.prefix_list
    if route.target:
        shown["TransitGatewayAttachments"] = [_shown_target(route.target)]
    return shown


def _reference_field(shown: dict[str, Any], name: str) -> str:
    target = shown.get("TransitGatewayAttachment", {})
    fields = {
        "attachment.resource-id": target.get("ResourceId", ""),
        "attachment.resource-type": target.get("ResourceType", ""),
        "attachment.transit-gateway-attachment-id": target.get("TransitGatewayAttachmentId", ""),
        "is-blackhole": str(shown["Blackhole"]).lower(),
        "prefix-list-id": shown["PrefixListId"],
        "prefix-list-owner-id": shown["PrefixListOwnerId"],
        "state": shown["State"],
    }
    if name not in fields:
        raise EC2ClientError("InvalidParameterValue", f"The filter '{name}' is invalid.")
    return str(fields[name])
