"""Steering by a prefix-list reference in a transit gateway route table.

A reference outranks what BGP propagates for prefixes of the same length. So it takes traffic away from Direct Connect
while it exists ("Transit gateways", Amazon VPC guide: route evaluation order). If the preferred path has no attachment,
the reference is created and deleted. If every path has one, it is retargeted in one call. A static route outranks the
reference in turn (`static_routes`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from routekeeper.domain.errors import Ec2Error
from routekeeper.domain.routes import Route
from routekeeper.domain.steering import NextHop, NextHopKind, TgwPrefixList
from routekeeper.ec2.errors import refused, translated
from routekeeper.ec2.steering.putting import put
from routekeeper.ec2.steering.static_routes import StaticRoutes

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import TransitGatewayPrefixListReferenceTypeDef


class TgwPrefixListSteerer:
    """Implements `Steerer` for `TgwPrefixList`.

    The client should give up soon, because others wait behind a call. It should make only one attempt, because the
    router repeats what is worth another (`bootstrap.clients`).
    """

    def __init__(self, ec2: EC2Client) -> None:
        self._ec2 = ec2
        self._static_routes = StaticRoutes(ec2)

    def read(self, steering: TgwPrefixList) -> tuple[Route, ...]:
        """The one route: the reference, or the absence of one.

        If nobody may look, or can look just now, whether something outranks the reference, it comes back `unchecked`.

        Raises:
            Ec2Error: EC2 refused (no such table, say) or did not answer.
        """
        return (self._read(steering),)

    def change(self, steering: TgwPrefixList, route: Route, next_hop: NextHop | None) -> None:
        """Create, retarget or delete the reference, as the next hop and what was read demand.

        A reference that is still being deleted can be neither retargeted nor created. A later try can.

        Raises:
            Ec2Error: EC2 refused or did not answer, and the reference is not as wanted.
        """
        put(route, next_hop, lambda found: self._act(steering, found, next_hop), lambda: self._read(steering))

    def _read(self, place: TgwPrefixList) -> Route:
        pages = self._ec2.get_paginator("get_transit_gateway_prefix_list_references").paginate(
            TransitGatewayRouteTableId=place.route_table,
            Filters=[{"Name": "prefix-list-id", "Values": [place.prefix_list]}],
        )
        with translated("GetTransitGatewayPrefixListReferences", str(place)):
            found = [reference for page in pages for reference in page["TransitGatewayPrefixListReferences"]]
        return self._as_met(place, _route(place, found[0])) if found else Route(str(place))

    def _as_met(self, place: TgwPrefixList, reference: Route) -> Route:
        """The reference as traffic meets it."""
        if not reference.exists:
            return reference
        try:
            return self._static_routes.beside(place, reference)
        except Ec2Error as error:
            return replace(reference, unchecked=error.refusal)

    def _act(self, place: TgwPrefixList, found: Route, next_hop: NextHop | None) -> None:
        if next_hop is None:
            self._delete(place)
        elif found.exists:
            self._retarget(place, next_hop)
        elif found.settled:
            self._create(place, next_hop)
        else:
            message = f"{found.resource} is still being deleted; it can be created anew once it is gone"
            raise refused(message, "IncorrectState")

    def _create(self, place: TgwPrefixList, next_hop: NextHop) -> None:
        with translated("CreateTransitGatewayPrefixListReference", str(place)):
            self._ec2.create_transit_gateway_prefix_list_reference(
                TransitGatewayRouteTableId=place.route_table,
                PrefixListId=place.prefix_list,
                TransitGatewayAttachmentId=next_hop.id,
            )

    def _retarget(self, place: TgwPrefixList, next_hop: NextHop) -> None:
        with translated("ModifyTransitGatewayPrefixListReference", str(place)):
            self._ec2.modify_transit_gateway_prefix_list_reference(
                TransitGatewayRouteTableId=place.route_table,
                PrefixListId=place.prefix_list,
                TransitGatewayAttachmentId=next_hop.id,
            )

    def _delete(self, place: TgwPrefixList) -> None:
        with translated("DeleteTransitGatewayPrefixListReference", str(place)):
            self._ec2.delete_transit_gateway_prefix_list_reference(
                TransitGatewayRouteTableId=place.route_table, PrefixListId=place.prefix_list
            )


def _route(place: TgwPrefixList, reference: TransitGatewayPrefixListReferenceTypeDef) -> Route:
    """States: TransitGatewayPrefixListReference in the Amazon EC2 API reference."""
    state = reference.get("State", "available")
    if state == "deleting":
        # It is on its way out. For the path that wants no reference it is already gone.
        return Route(str(place), settled=False)
    attachment = reference.get("TransitGatewayAttachment", {}).get("TransitGatewayAttachmentId")
    hops = frozenset({NextHop(NextHopKind.ATTACHMENT, attachment)}) if attachment else frozenset()
    blackhole = reference.get("Blackhole", False) or not hops
    return Route(str(place), hops, blackhole=blackhole, settled=state == "available")
